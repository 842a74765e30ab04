// SPDX-License-Identifier: GPL-3.0-or-later
import { useEffect, useRef, useState } from 'react';
import { Anchor, Button, Group, Progress, Skeleton, Text } from '@mantine/core';
import { ArrowPathIcon } from '@heroicons/react/24/outline';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { throughputQuery } from '../../api/mesh';
import { syncListQuery, syncNow } from '../../api/sync';
import type { SyncList, SyncVault } from '../../api/types';
import { Card, Fact, Facts } from '../../components/card';
import { Failure } from '../../components/failure';
import { notifyDone, notifyError } from '../../components/notify';
import { sentence } from '../../lib/errors';
import { formatBytes, formatTime, number } from '../../lib/format';
import { t, tn } from '../../lib/i18n';
import { RateMeter } from '../../lib/rate';
import { hrefOf } from '../../lib/router';
import { isShared, syncSummary } from '../vaults/sync-state';
import classes from './transfers-page.module.css';

/** The end of a round is an event, its beginning and its way are not. */
const LOOK_MS = 2000;

const perSecond = (bytes: number): string => t('{bytes}/s', { bytes: formatBytes(bytes) });

/** Bytes per second of each vault, from what has come in from one look to the next. */
function useRates(vaults: SyncVault[] | undefined, lookedAt: number): Record<string, number> {
  const meters = useRef(new Map<string, RateMeter>());
  const [rates, setRates] = useState<Record<string, number>>({});
  useEffect(() => {
    for (const { vault_id: id, bytes_in: bytes } of vaults ?? []) {
      const meter = meters.current.get(id) ?? new RateMeter();
      meter.add(bytes, lookedAt);
      meters.current.set(id, meter);
    }
    setRates(Object.fromEntries([...meters.current].map(([id, meter]) => [id, meter.speed()])));
  }, [vaults, lookedAt]);
  return rates;
}

function VaultLine({ state, name, rate }: { state: SyncVault; name: string; rate: number }) {
  const { vault_id: vault, peers, peers_online: online, running, missing_blocks: missing, error, synced_ms: synced } = state;
  return (
    <li className={classes.vault} aria-label={name}>
      <div className={classes.names}>
        <Anchor href={hrefOf({ page: 'files', vault, folder: '/' })} fw={600}>
          {name}
        </Anchor>
        <Text size="sm" c="dimmed" role="status">
          {syncSummary(state)}
          {' · '}
          {tn('{n} other machine has it', '{n} other machines have it', peers.length)}
          {', '}
          {t('{online} online', { online })}
        </Text>
        {error === null ? null : (
          <Text size="sm" c="var(--mh-bad)">
            {sentence(error)}
          </Text>
        )}
      </div>
      {running ? <Progress animated value={100} aria-label={t('“{name}” is being brought in line', { name })} /> : null}
      <Facts>
        <Fact name={t('Blocks on other machines only')}>{number(missing)}</Fact>
        <Fact name={t('Came in since the start')}>{formatBytes(state.bytes_in)}</Fact>
        <Fact name={t('Comes in')}>{perSecond(rate)}</Fact>
        <Fact name={t('Compared last')}>{synced === null ? '–' : formatTime(synced)}</Fact>
      </Facts>
    </li>
  );
}

/** All that goes to and from other machines at the moment. */
function Traffic() {
  const last = useQuery(throughputQuery).data?.samples.at(-1);
  if (last === undefined) return null;
  return (
    <Text size="sm" c="dimmed">
      {t('All traffic with other machines: {in} in, {out} out', { in: perSecond(last.in_bps), out: perSecond(last.out_bps) })}
    </Text>
  );
}

/** How fast blocks may go, in words. */
function speedText({ download_rate: down, upload_rate: up }: SyncList): string {
  if (down > 0 && up > 0) return t('Blocks come at {down} at most, and go at {up} at most.', { down: perSecond(down), up: perSecond(up) });
  if (down > 0) return t('Blocks come at {down} at most, and go without a limit.', { down: perSecond(down) });
  if (up > 0) return t('Blocks go at {up} at most, and come without a limit.', { up: perSecond(up) });
  return t('Blocks come and go without a limit of speed.');
}

/** What the settings of this machine hold back; for one that shares nothing, only what they do hold back. */
function Limits({ list, shared }: { list: SyncList; shared: boolean }) {
  const { metered, download_rate: down, upload_rate: up } = list;
  return (
    <>
      {metered ? (
        <Text size="sm">
          {t('The line of this machine is metered: blocks that nobody waits for do not come by themselves.')}
          {shared ? ` ${t('“Sync now” has them come.')}` : null}
        </Text>
      ) : null}
      {shared || down > 0 || up > 0 ? (
        <Text size="sm" c="dimmed">
          {speedText(list)}
        </Text>
      ) : null}
    </>
  );
}

/** What goes between machines, vault by vault, so that each has what it should have. */
export function BetweenMachines({ vaultName }: { vaultName: (id: string) => string }) {
  const client = useQueryClient();
  const query = useQuery({ ...syncListQuery, refetchInterval: LOOK_MS });
  const rates = useRates(query.data?.vaults, query.dataUpdatedAt);
  const change = useMutation({
    mutationFn: syncNow,
    onSuccess: async () => {
      notifyDone(t('All machines that are there are asked about all vaults.'));
      await client.invalidateQueries({ queryKey: syncListQuery.queryKey });
    },
    onError: (error) => notifyError(error),
  });
  const shared = query.data?.vaults.filter(isShared) ?? [];
  return (
    <Card title={t('Between machines')}>
      {query.isPending ? <Skeleton h={80} radius={14} role="status" aria-label={t('Loading')} /> : null}
      {query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
      {query.data !== undefined && shared.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t('No other machine has a vault of this one yet. “Share …” in the menu of a vault gives it to one.')}
        </Text>
      ) : null}
      {query.data === undefined ? null : <Limits list={query.data} shared={shared.length > 0} />}
      {shared.length === 0 ? null : (
        <>
          <Traffic />
          <ul className={classes.list}>
            {shared.map((state) => (
              <VaultLine key={state.vault_id} state={state} name={vaultName(state.vault_id)} rate={rates[state.vault_id] ?? 0} />
            ))}
          </ul>
          <Group>
            <Button
              variant="default"
              leftSection={<ArrowPathIcon width={18} aria-hidden />}
              loading={change.isPending}
              onClick={() => change.mutate()}
            >
              {t('Sync now')}
            </Button>
          </Group>
        </>
      )}
    </Card>
  );
}
