// SPDX-License-Identifier: GPL-3.0-or-later
import { useEffect, useRef } from 'react';
import { Button, Group, Progress, Skeleton, Stack, Text } from '@mantine/core';
import { ArrowDownOnSquareIcon } from '@heroicons/react/24/outline';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { cacheFile, infoQuery } from '../../api/files';
import { syncQuery } from '../../api/sync';
import type { File as VaultFile, Replica } from '../../api/types';
import { Dialog } from '../../components/dialog';
import { Failure } from '../../components/failure';
import { notifyDone, notifyError } from '../../components/notify';
import { errorText } from '../../lib/errors';
import { t, tn } from '../../lib/i18n';
import { useMachines } from '../machines/use-machines';
import classes from './where.module.css';

const PROGRESS_MS = 1000;

type Share = Replica['local'];

function shareText(local: Share | 'away'): string {
  switch (local) {
    case 'full':
      return t('all of it');
    case 'partial':
      return t('a part of it');
    case 'none':
      return t('nothing of it');
    case 'away':
      return t('does not answer now');
  }
}

function hereText(local: Share): string {
  if (local === 'full') return t('All of it is on this machine, and can be read without a network.');
  if (local === 'partial') return t('A part of it is on this machine. The rest is read through the network.');
  return t('It is on other machines only, and is read through the network.');
}

/** The machines that have the vault: those that answer with what they have, then the others. */
function Machines({ vault, replicas }: { vault: string; replicas: Replica[] }) {
  const { titleOf } = useMachines();
  const peers = useQuery(syncQuery).data?.find(({ vault_id }) => vault_id === vault)?.peers ?? [];
  const answered = new Set(replicas.map(({ peer_id: id }) => id));
  const lines = [
    ...replicas.map(({ peer_id: id, local }) => ({ id, local })),
    ...peers.filter((id) => !answered.has(id)).map((id) => ({ id, local: 'away' as const })),
  ];
  return (
    <ul className={classes.lines} aria-label={t('Machines that have the vault')}>
      {lines.map(({ id, local }) => (
        <li key={id} className={classes.line}>
          <span>{titleOf(id)}</span>
          <span className={classes.share} data-share={local}>
            {shareText(local)}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** Brings a file here. What becomes of it is told even when nobody looks any more. */
function useKeep(vault: string, { path, name }: VaultFile) {
  const client = useQueryClient();
  const watched = useRef(true);
  useEffect(() => {
    watched.current = true;
    return () => {
      watched.current = false;
    };
  }, []);
  return useMutation({
    mutationFn: () => cacheFile(vault, path),
    onSuccess: ({ local }) => {
      if (local) notifyDone(t('All of “{name}” is on this machine now.', { name }));
    },
    onError: (error) => {
      if (!watched.current) notifyError(error, t('“{name}” could not be brought here', { name }));
    },
    onSettled: () => {
      for (const queryKey of [['info', vault, path], ['local', vault, path], ['sync']]) void client.invalidateQueries({ queryKey });
    },
  });
}

/** How far the vault is, while a file of it comes. */
function Coming({ vault, name }: { vault: string; name: string }) {
  const { data } = useQuery({ ...syncQuery, refetchInterval: PROGRESS_MS });
  const missing = data?.find(({ vault_id }) => vault_id === vault)?.missing_blocks;
  return (
    <Stack gap={6}>
      <Progress animated value={100} aria-label={t('“{name}” comes from other machines', { name })} />
      <Text size="sm" c="dimmed">
        {t('It comes from other machines. This window may be closed meanwhile.')}
        {missing === undefined ? null : ` ${tn('{n} block of the vault is still elsewhere.', '{n} blocks of the vault are still elsewhere.', missing)}`}
      </Text>
    </Stack>
  );
}

/** Which machines have a file, and the way to have it on this one. */
export function Where({ vault, file, close }: { vault: string; file: VaultFile; close: () => void }) {
  const query = useQuery(infoQuery(vault, file.path));
  const keep = useKeep(vault, file);
  const local = query.data?.file.local;
  return (
    <Dialog title={t('Where “{name}” is', { name: file.name })} onClose={close}>
      <Stack>
        {query.isPending ? <Skeleton h={90} radius={14} role="status" aria-label={t('Other machines are asked')} /> : null}
        {query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
        {query.data === undefined || local === undefined || local === null ? null : (
          <>
            <Text role="status">{hereText(local)}</Text>
            <Machines vault={vault} replicas={query.data.replicas} />
            {keep.isPending ? <Coming vault={vault} name={file.name} /> : null}
            {keep.error === null ? null : (
              <Text role="alert" size="sm" c="var(--mh-bad)">
                {errorText(keep.error)}
              </Text>
            )}
            {local === 'full' ? null : (
              <Group>
                <Button leftSection={<ArrowDownOnSquareIcon width={18} aria-hidden />} loading={keep.isPending} onClick={() => keep.mutate()}>
                  {keep.isError ? t('Try again') : t('Keep on this machine')}
                </Button>
              </Group>
            )}
          </>
        )}
      </Stack>
    </Dialog>
  );
}
