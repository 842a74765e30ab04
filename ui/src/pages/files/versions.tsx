// SPDX-License-Identifier: GPL-3.0-or-later
import { Badge, Button, Drawer, Group, Loader, Text } from '@mantine/core';
import { ArrowDownTrayIcon, ArrowUturnLeftIcon } from '@heroicons/react/24/outline';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { fileHistory, restoreFile } from '../../api/files';
import type { FileVersion } from '../../api/types';
import { Failure } from '../../components/failure';
import { notifyDone, notifyError } from '../../components/notify';
import { useReturnFocus } from '../../components/use-return-focus';
import { formatBytes, formatTime, formatTimeLong } from '../../lib/format';
import { t } from '../../lib/i18n';
import { downloadVersion } from './actions';
import classes from './versions.module.css';

function whatHappened(version: FileVersion, first: boolean): string {
  if (version.op === 'delete') return t('Deleted');
  if (version.op === 'move') return t('Moved to {path}', { path: version.path });
  return first ? t('First stored') : t('Stored');
}

interface VersionItemProps {
  vault: string;
  path: string;
  version: FileVersion;
  first: boolean;
}

function VersionItem({ vault, path, version, first }: VersionItemProps) {
  const client = useQueryClient();
  const restore = useMutation({
    mutationFn: (hash: string) => restoreFile(vault, path, hash),
    onSuccess: async () => {
      notifyDone(t('The version of {time} is the current one again.', { time: formatTime(version.ts_ms) }));
      await client.invalidateQueries({ queryKey: ['history', vault, path] });
    },
    onError: (error) => notifyError(error),
  });
  const hash = version.content_hash;
  return (
    <li className={classes.item}>
      <Group justify="space-between" wrap="nowrap">
        <time dateTime={new Date(version.ts_ms).toISOString()} title={formatTimeLong(version.ts_ms)} className={classes.time}>
          {formatTime(version.ts_ms)}
        </time>
        {version.current ? (
          <Badge variant="filled" tt="none">
            {t('current')}
          </Badge>
        ) : null}
      </Group>
      <Text size="sm" c="dimmed" className={classes.what}>
        {whatHappened(version, first)}
        {hash === null ? null : ` · ${formatBytes(version.size)}`}
      </Text>
      {hash === null ? null : (
        <Group gap="xs">
          <Button
            size="xs"
            variant="default"
            leftSection={<ArrowDownTrayIcon width={16} aria-hidden />}
            onClick={() => void downloadVersion(vault, path, version).catch((error: unknown) => notifyError(error))}
          >
            {t('Download')}
          </Button>
          {version.current ? null : (
            <Button
              size="xs"
              variant="default"
              leftSection={<ArrowUturnLeftIcon width={16} aria-hidden />}
              loading={restore.isPending}
              onClick={() => restore.mutate(hash)}
            >
              {t('Restore')}
            </Button>
          )}
        </Group>
      )}
    </li>
  );
}

/** Every version of a file, newest first. */
export function Versions({ vault, path, name, close }: { vault: string; path: string; name: string; close: () => void }) {
  useReturnFocus();
  const query = useQuery({
    queryKey: ['history', vault, path],
    queryFn: ({ signal }) => fileHistory(vault, path, signal),
  });
  return (
    <Drawer
      opened
      returnFocus={false}
      onClose={close}
      position="right"
      size="min(420px, 100%)"
      lockScroll={false}
      title={t('Versions of “{name}”', { name })}
      closeButtonProps={{ 'aria-label': t('Close') }}
    >
      {query.isPending ? <Loader role="status" aria-label={t('Loading')} /> : null}
      {query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
      {query.data === undefined ? null : (
        <ol className={classes.list}>
          {query.data.map((version, index) => (
            <VersionItem
              key={version.version_hash}
              vault={vault}
              path={path}
              version={version}
              first={index === query.data.length - 1}
            />
          ))}
        </ol>
      )}
    </Drawer>
  );
}
