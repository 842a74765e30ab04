// SPDX-License-Identifier: GPL-3.0-or-later
import { Anchor, Button, Group, Progress, Skeleton, Text } from '@mantine/core';
import { CheckCircleIcon, ExclamationTriangleIcon } from '@heroicons/react/24/outline';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { backUp, scrub, storageQuery } from '../../api/storage';
import type { Storage, Vault } from '../../api/types';
import { vaultsQuery } from '../../api/vaults';
import { Card, Cards, Fact, Facts } from '../../components/card';
import { Failure } from '../../components/failure';
import { notifyDone, notifyError } from '../../components/notify';
import { Page } from '../../components/page';
import { sentence } from '../../lib/errors';
import { formatBytes, formatTime, number } from '../../lib/format';
import { t, tn } from '../../lib/i18n';
import { parentOf } from '../../lib/paths';
import { hrefOf } from '../../lib/router';
import { KeptForOthers } from './kept-for-others';
import classes from './storage-page.module.css';

function Damaged({ found, vaults }: { found: Storage['damaged']; vaults: Vault[] }) {
  if (found.length === 0) return null;
  return (
    <>
      <Text size="sm">{t('Upload the same files again to heal them, or restore an older version.')}</Text>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, so the keyboard must reach it */}
      <ul tabIndex={0} className={classes.damaged} aria-label={t('Damaged files')}>
        {found.map(({ vault_id: vault, path, error }, index) => (
          <li key={index}>
            {path === null ? (
              t('A file whose name cannot be read')
            ) : (
              <Anchor href={hrefOf({ page: 'files', vault, folder: parentOf(path) })}>
                {`${vaults.find(({ id }) => id === vault)?.name ?? ''}${path}`}
              </Anchor>
            )}{' '}
            <Text span size="sm" c="dimmed">
              {sentence(error)}
            </Text>
          </li>
        ))}
      </ul>
    </>
  );
}

/** What the last check has found, in one sentence. */
function verdict({ scrub: state, damaged }: Storage): { good: boolean; text: string } {
  if (damaged.length > 0) return { good: false, text: tn('{n} file is damaged', '{n} files are damaged', damaged.length) };
  if (state.damaged_records > 0) return { good: false, text: t('Something stored is damaged, but no file needs it') };
  if (state.error !== null) return { good: false, text: t('The last check did not come to its end') };
  return state.ended_ms === null ? { good: true, text: t('Not checked yet') } : { good: true, text: t('Everything is whole') };
}

function Health({ storage, vaults }: { storage: Storage; vaults: Vault[] }) {
  const client = useQueryClient();
  const { scrub: state } = storage;
  const change = useMutation({
    mutationFn: scrub,
    onSuccess: (next) => client.setQueryData(storageQuery.queryKey, next),
    onError: (error) => notifyError(error),
  });
  const { good, text } = verdict(storage);
  return (
    <Card title={t('Health')}>
      <div className={classes.state} role="status">
        {good ? (
          <CheckCircleIcon width={28} aria-hidden color="var(--mh-good)" />
        ) : (
          <ExclamationTriangleIcon width={28} aria-hidden color="var(--mh-bad)" />
        )}
        <div>
          <Text fw={600}>{text}</Text>
          <Text size="sm" c="dimmed">
            {[
              ...(state.ended_ms === null ? [] : [t('Last check: {time}.', { time: formatTime(state.ended_ms) })]),
              ...(state.next_ms === null ? [] : [t('Next by itself: {time}.', { time: formatTime(state.next_ms) })]),
              ...(state.error === null ? [] : [sentence(state.error)]),
            ].join(' ')}
          </Text>
        </div>
      </div>
      {state.running ? (
        <>
          <Progress
            value={state.total_bytes === 0 ? 0 : Math.min(100, (100 * state.bytes) / state.total_bytes)}
            aria-label={t('Progress of the check')}
          />
          <Text size="sm" c="dimmed">
            {t('{sent} of {whole}', { sent: formatBytes(state.bytes), whole: formatBytes(state.total_bytes) })}
            {state.bytes_per_s === 0 ? '' : ` · ${t('at most {speed} per second', { speed: formatBytes(state.bytes_per_s) })}`}
          </Text>
        </>
      ) : null}
      <Damaged found={storage.damaged} vaults={vaults} />
      <Group>
        <Button variant="default" loading={change.isPending} onClick={() => change.mutate(state.running ? 'stop' : 'start')}>
          {state.running ? t('Stop the check') : t('Check everything now')}
        </Button>
      </Group>
    </Card>
  );
}

/** The part that is saved, as a share of the whole. */
function saved(before: number, after: number): string {
  return before <= 0 ? '–' : `${number(Math.max(0, 100 * (1 - after / before)))} %`;
}

function Space({ storage, vaults }: { storage: Storage; vaults: Vault[] }) {
  const most = Math.max(1, ...vaults.map(({ stored_bytes }) => stored_bytes));
  return (
    <Card title={t('Space')}>
      <Facts>
        <Fact name={t('Free on the disk')}>
          {t('{free} of {whole}', { free: formatBytes(storage.free_bytes), whole: formatBytes(storage.disk_bytes) })}
        </Fact>
        <Fact name={t('Left alone by uploads')}>{formatBytes(storage.min_free_bytes)}</Fact>
        <Fact name={t('Taken on the disk')}>
          {formatBytes(storage.segment_bytes)} · {tn('{n} segment', '{n} segments', storage.segments)}
        </Fact>
        <Fact name={t('All versions together')}>{formatBytes(storage.referenced_bytes)}</Fact>
        <Fact name={t('Stored for them')}>{formatBytes(storage.stored_bytes)}</Fact>
        <Fact name={t('Saved by sharing and compressing')}>{saved(storage.referenced_bytes, storage.stored_bytes)}</Fact>
      </Facts>
      {vaults.length === 0 ? null : (
        <ul className={classes.space} aria-label={t('Space by vault')}>
          {vaults.map(({ id, name, stored_bytes: bytes }) => (
            <li key={id}>
              <span className={classes.line}>
                <span>{name}</span>
                <span>{formatBytes(bytes)}</span>
              </span>
              <Progress value={(100 * bytes) / most} aria-hidden />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Backup({ backup }: { backup: Storage['backup'] }) {
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: backUp,
    onSuccess: async ({ bytes }) => {
      notifyDone(t('The catalogue is copied: {bytes}.', { bytes: formatBytes(bytes) }));
      await client.invalidateQueries({ queryKey: storageQuery.queryKey });
    },
    onError: (error) => notifyError(error),
  });
  return (
    <Card title={t('Copies of the catalogue')}>
      <Text size="sm" c="dimmed">
        {t('Accounts, keys of vaults, settings and the index are copied once a day; the last seven copies stay.')}
      </Text>
      <Facts>
        <Fact name={t('Last copy')}>{backup.last_ms === null ? t('none yet') : formatTime(backup.last_ms)}</Fact>
        <Fact name={t('Copies')}>{number(backup.count)}</Fact>
        <Fact wide name={t('Folder')}>
          {backup.path}
        </Fact>
      </Facts>
      {backup.error === null ? null : (
        <Text size="sm" c="var(--mh-bad)">
          {sentence(backup.error)}
        </Text>
      )}
      <Group>
        <Button variant="default" loading={change.isPending} onClick={() => change.mutate()}>
          {t('Copy it now')}
        </Button>
      </Group>
    </Card>
  );
}

/** Whether what is stored is still whole, and what it takes. */
export function StoragePage() {
  const query = useQuery(storageQuery);
  const vaults = useQuery(vaultsQuery).data ?? [];
  return (
    <Page title={t('Storage')}>
      {query.isPending ? <Skeleton h={260} radius={14} role="status" aria-label={t('Loading')} /> : null}
      {query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
      {query.data === undefined ? null : (
        <Cards>
          <Health storage={query.data} vaults={vaults} />
          <Space storage={query.data} vaults={vaults} />
          <KeptForOthers />
          <Backup backup={query.data.backup} />
        </Cards>
      )}
    </Page>
  );
}
