// SPDX-License-Identifier: GPL-3.0-or-later
import { Button, Group, Progress, Skeleton, Text, Title } from '@mantine/core';
import { ArrowPathIcon, ArrowsRightLeftIcon, StopIcon, XMarkIcon } from '@heroicons/react/24/outline';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { dropTransfer, resumeTransfer, transfersQuery } from '../../api/transfers';
import type { Transfer } from '../../api/types';
import { vaultsQuery } from '../../api/vaults';
import { Empty } from '../../components/empty';
import { Failure } from '../../components/failure';
import { notifyError } from '../../components/notify';
import { Page } from '../../components/page';
import { ProblemList } from '../../components/problem-list';
import { sentence } from '../../lib/errors';
import { formatBytes, formatDuration, formatTime } from '../../lib/format';
import { t, tn } from '../../lib/i18n';
import { addTransfer, isUnderWay, paceOf } from '../../live/transfers';
import { BetweenMachines } from './between-machines';
import classes from './transfers-page.module.css';

function stateText({ state, ended_ms }: Transfer): string {
  const time = formatTime(ended_ms ?? 0);
  switch (state) {
    case 'waiting':
      return t('waiting');
    case 'running':
      return t('under way');
    case 'done':
      return t('done {time}', { time });
    case 'failed':
      return t('failed {time}', { time });
    case 'cancelled':
      return t('stopped {time}', { time });
  }
}

function figures(transfer: Transfer): string {
  const { speed, secondsLeft } = paceOf(transfer);
  const { counted, files, files_done: done, bytes, bytes_done: sent, files_skipped: skipped } = transfer;
  return [
    counted ? t('{done} of {files} files', { done, files }) : t('{done} files of {files} found so far', { done, files }),
    t('{sent} of {whole}', { sent: formatBytes(sent), whole: formatBytes(bytes) }),
    ...(skipped > 0 ? [tn('{n} skipped', '{n} skipped', skipped)] : []),
    ...(speed > 0 ? [t('{speed} per second', { speed: formatBytes(speed) })] : []),
    ...(secondsLeft === null ? [] : [t('{time} left', { time: formatDuration(secondsLeft) })]),
  ].join(' · ');
}

function fraction({ state, counted, files, files_done: done, bytes, bytes_done: sent }: Transfer): number {
  if (state === 'done') return 1;
  if (!counted) return 0;
  return bytes > 0 ? sent / bytes : files > 0 ? done / files : 0;
}

function Failures({ transfer }: { transfer: Transfer }) {
  const { files_failed: failed, failures } = transfer;
  return (
    <ProblemList
      title={tn('{n} file could not be copied', '{n} files could not be copied', failed)}
      label={t('Files that could not be copied')}
      count={failed}
      problems={failures}
    />
  );
}

function Buttons({ transfer, name }: { transfer: Transfer; name: string }) {
  const client = useQueryClient();
  const underWay = isUnderWay(transfer);
  const takeOff = (): unknown =>
    client.setQueryData(transfersQuery.queryKey, (old) => old?.filter(({ id }) => id !== transfer.id));
  const drop = useMutation({
    mutationFn: () => dropTransfer(transfer.id),
    onSuccess: () => {
      if (!underWay) takeOff(); // the end of one that was under way comes as an event
    },
    onError: (error) => notifyError(error),
  });
  const resume = useMutation({
    mutationFn: () => resumeTransfer(transfer.id),
    onSuccess: (next) => {
      takeOff(); // it goes on as a new one
      addTransfer(client, next);
    },
    onError: (error) => notifyError(error),
  });
  if (underWay)
    return (
      <Button
        size="xs"
        variant="default"
        leftSection={<StopIcon width={16} aria-hidden />}
        loading={drop.isPending}
        aria-label={t('Stop: {name}', { name })}
        onClick={() => drop.mutate()}
      >
        {t('Stop')}
      </Button>
    );
  return (
    <Group gap="xs">
      {transfer.state === 'done' ? null : (
        <Button
          size="xs"
          variant="default"
          leftSection={<ArrowPathIcon width={16} aria-hidden />}
          loading={resume.isPending}
          aria-label={t('Go on: {name}', { name })}
          onClick={() => resume.mutate()}
        >
          {t('Go on')}
        </Button>
      )}
      <Button
        size="xs"
        variant="default"
        leftSection={<XMarkIcon width={16} aria-hidden />}
        aria-label={t('Take off the list: {name}', { name })}
        onClick={() => drop.mutate()}
      >
        {t('Take off the list')}
      </Button>
    </Group>
  );
}

function Item({ transfer, vaultName }: { transfer: Transfer; vaultName: string }) {
  const place = transfer.vault_path === '/' ? vaultName : `${vaultName}${transfer.vault_path}`;
  const name =
    transfer.kind === 'import'
      ? t('Import of {host} into {place}', { host: transfer.host_path, place })
      : t('Export of {place} to {host}', { host: transfer.host_path, place });
  const waitsForCount = transfer.state === 'running' && !transfer.counted;
  return (
    <li className={`mh-card ${classes.item}`}>
      <div className={classes.head}>
        <div className={classes.names}>
          <Title order={3} size="h5">
            {name}
          </Title>
          <Text size="sm" c={transfer.state === 'failed' ? 'var(--mh-bad)' : 'dimmed'} role="status">
            {stateText(transfer)}
            {transfer.error === null ? null : ` · ${sentence(transfer.error)}`}
          </Text>
        </div>
        <Buttons transfer={transfer} name={name} />
      </div>
      <Progress
        value={waitsForCount ? 100 : 100 * fraction(transfer)}
        animated={waitsForCount}
        color={transfer.state === 'failed' ? 'red.8' : 'mesh'}
        aria-label={t('Progress of {name}', { name })}
      />
      <Text size="sm" c="dimmed" className={classes.figures}>
        {figures(transfer)}
      </Text>
      <Failures transfer={transfer} />
    </li>
  );
}

/** What goes between machines, and imports and exports: how far they are, and what became of them. */
export function TransfersPage() {
  const query = useQuery(transfersQuery);
  const vaults = useQuery(vaultsQuery);
  const nameOf = (id: string): string => vaults.data?.find((vault) => vault.id === id)?.name ?? t('a vault that is gone');
  return (
    <Page title={t('Transfers')}>
      <BetweenMachines vaultName={nameOf} />
      <Title order={2} size="h4">
        {t('Imports and exports')}
      </Title>
      {query.isPending ? <Skeleton h={150} radius={14} role="status" aria-label={t('Loading')} /> : null}
      {query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
      {query.data?.length === 0 ? (
        <Empty icon={ArrowsRightLeftIcon} title={t('Nothing has been imported or exported')}>
          {t('Whole folders of this machine go into a vault, and back, from the menu of the vault.')}
        </Empty>
      ) : null}
      {query.data === undefined || query.data.length === 0 ? null : (
        <ul className={classes.list}>
          {query.data.map((transfer) => (
            <Item key={transfer.id} transfer={transfer} vaultName={nameOf(transfer.vault_id)} />
          ))}
        </ul>
      )}
    </Page>
  );
}
