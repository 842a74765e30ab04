// SPDX-License-Identifier: GPL-3.0-or-later
import { useState } from 'react';
import { Alert, Badge, Button, Group, Loader, Modal, Text } from '@mantine/core';
import { ArrowDownTrayIcon, ArrowUturnLeftIcon, CheckIcon, EyeIcon, ScaleIcon, XCircleIcon } from '@heroicons/react/24/outline';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { fileHistory, purgeVersion, resolveConflict, restoreFile } from '../../api/files';
import type { FileVersion } from '../../api/types';
import { Failure } from '../../components/failure';
import { notifyDone, notifyError } from '../../components/notify';
import { useReturnFocus } from '../../components/use-return-focus';
import { formatBytes, formatTime, formatTimeLong } from '../../lib/format';
import { t } from '../../lib/i18n';
import { downloadVersion } from './actions';
import { VersionPane } from './version-pane';
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
  shown: boolean;
  /** Whether it is one of several newest ones. */
  forked: boolean;
  show: () => void;
}

/** What can be done with a version; each changes the history. */
function useChanges({ vault, path, version }: VersionItemProps) {
  const client = useQueryClient();
  const hash = version.content_hash ?? '';
  const time = formatTime(version.ts_ms);
  const onError = (error: Error): void => notifyError(error);
  const told = (message: string) => async (): Promise<void> => {
    notifyDone(message);
    await client.invalidateQueries({ queryKey: ['history', vault, path] });
  };
  const restored = told(t('The version of {time} is the current one again.', { time }));
  return {
    restore: useMutation({ mutationFn: () => restoreFile(vault, path, hash), onSuccess: restored, onError }),
    keep: useMutation({ mutationFn: () => resolveConflict(vault, path, version.version_hash), onSuccess: restored, onError }),
    purge: useMutation({
      mutationFn: () => purgeVersion(vault, path, hash),
      onSuccess: ({ bytes }) => told(t('The version is gone for ever; {bytes} become free.', { bytes: formatBytes(bytes) }))(),
      onError,
    }),
  };
}

function Buttons(props: VersionItemProps) {
  const { vault, path, version, forked, shown, show } = props;
  const { restore, keep, purge } = useChanges(props);
  const [asking, setAsking] = useState(false);
  if (asking)
    return (
      <Group gap="xs" role="group" aria-label={t('Delete for ever?')}>
        <Text size="sm">{t('Versions of the file with this content are lost. This cannot be undone.')}</Text>
        <Button size="xs" variant="default" data-autofocus onClick={() => setAsking(false)}>
          {t('Cancel')}
        </Button>
        <Button size="xs" color="red.9" loading={purge.isPending} onClick={() => purge.mutate(undefined, { onSettled: () => setAsking(false) })}>
          {t('Delete for ever')}
        </Button>
      </Group>
    );
  return (
    <Group gap="xs">
      <Button size="xs" variant={shown ? 'filled' : 'default'} aria-pressed={shown} leftSection={<EyeIcon width={16} aria-hidden />} onClick={show}>
        {t('Show')}
      </Button>
      <Button
        size="xs"
        variant="default"
        leftSection={<ArrowDownTrayIcon width={16} aria-hidden />}
        onClick={() => void downloadVersion(vault, path, version).catch((error: unknown) => notifyError(error))}
      >
        {t('Download')}
      </Button>
      {forked ? (
        <Button size="xs" variant="default" leftSection={<CheckIcon width={16} aria-hidden />} loading={keep.isPending} onClick={() => keep.mutate()}>
          {t('Keep this one')}
        </Button>
      ) : null}
      {version.current || forked ? null : (
        <>
          <Button
            size="xs"
            variant="default"
            leftSection={<ArrowUturnLeftIcon width={16} aria-hidden />}
            loading={restore.isPending}
            onClick={() => restore.mutate()}
          >
            {t('Restore')}
          </Button>
          <Button size="xs" variant="default" leftSection={<XCircleIcon width={16} aria-hidden />} onClick={() => setAsking(true)}>
            {t('Delete for ever …')}
          </Button>
        </>
      )}
    </Group>
  );
}

function VersionItem(props: VersionItemProps) {
  const { version, first, shown } = props;
  return (
    <li className={classes.item} data-shown={shown} data-current={version.current}>
      <Group justify="space-between" wrap="nowrap">
        <time dateTime={new Date(version.ts_ms).toISOString()} title={formatTimeLong(version.ts_ms)} className={classes.time}>
          {formatTime(version.ts_ms)}
        </time>
        {version.current ? (
          <Badge variant="filled" tt="none" miw="max-content">
            {t('current')}
          </Badge>
        ) : null}
      </Group>
      <Text size="sm" c="dimmed" className={classes.what}>
        {whatHappened(version, first)}
        {version.content_hash === null ? null : ` · ${formatBytes(version.size)}`}
      </Text>
      {version.content_hash === null ? null : <Buttons {...props} />}
    </li>
  );
}

interface TimelineProps {
  vault: string;
  path: string;
  name: string;
  /** Shows the newest versions side by side, when there are several. */
  resolve: () => void;
}

function Timeline({ vault, path, name, versions, resolve }: TimelineProps & { versions: FileVersion[] }) {
  const [wanted, setWanted] = useState<string | null>(null);
  const shown = versions.find(({ version_hash }) => version_hash === wanted) ?? versions.find(({ content_hash }) => content_hash !== null);
  const conflict = versions.filter(({ head }) => head).length > 1;
  return (
    <>
      {conflict ? (
        <Alert variant="default" title={t('There are several newest versions')} mb="md">
          {t('They were stored at the same time in different places. Choose the one to keep; the others stay in the history.')}
          <Group mt="xs">
            <Button size="xs" variant="default" leftSection={<ScaleIcon width={16} aria-hidden />} onClick={resolve}>
              {t('Side by side …')}
            </Button>
          </Group>
        </Alert>
      ) : null}
      <div className={classes.columns}>
        <ol className={classes.list}>
          {versions.map((version, index) => (
            <VersionItem
              key={version.version_hash}
              vault={vault}
              path={path}
              version={version}
              first={index === versions.length - 1}
              shown={version === shown}
              forked={conflict && version.head}
              show={() => setWanted(version.version_hash)}
            />
          ))}
        </ol>
        {shown === undefined ? null : <VersionPane {...{ vault, path, name, versions }} version={shown} />}
      </div>
    </>
  );
}

/** Every version of a file on a time line, newest first, with a look at each and what has changed between two. */
export function Versions({ vault, path, name, resolve, close }: TimelineProps & { close: () => void }) {
  useReturnFocus();
  const query = useQuery({
    queryKey: ['history', vault, path],
    queryFn: ({ signal }) => fileHistory(vault, path, signal),
  });
  return (
    <Modal
      opened
      returnFocus={false}
      onClose={close}
      size="min(1200px, 100%)"
      centered
      lockScroll={false}
      title={t('Versions of “{name}”', { name })}
      closeButtonProps={{ 'aria-label': t('Close') }}
    >
      {query.isPending ? <Loader role="status" aria-label={t('Loading')} /> : null}
      {query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
      {query.data === undefined ? null : <Timeline {...{ vault, path, name, resolve }} versions={query.data} />}
    </Modal>
  );
}
