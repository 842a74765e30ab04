// SPDX-License-Identifier: GPL-3.0-or-later
import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { syncQuery } from '../../api/sync';
import type { SyncVault } from '../../api/types';
import { sentence } from '../../lib/errors';
import { formatTime } from '../../lib/format';
import { t, tn } from '../../lib/i18n';

/** Whether a vault is the same as elsewhere, in a few words. */
export function syncSummary({ running, peers_online: online, synced_ms: synced }: SyncVault): string {
  if (running) return t('Being brought in line');
  if (synced === null) return t('Not compared with another machine yet');
  return online > 0 ? t('In line with other machines') : t('In line with other machines as of {time}', { time: formatTime(synced) });
}

/** Whether another machine has to do with a vault. */
export const isShared = ({ peers, missing_blocks: missing, error }: SyncVault): boolean => peers.length > 0 || missing > 0 || error !== null;

/** Whether a vault that other machines have, too, is the same there; nothing for one of this machine alone. */
export function SyncState({ vault }: { vault: string }) {
  const state = useQuery(syncQuery).data?.find(({ vault_id }) => vault_id === vault);
  if (state === undefined || !isShared(state)) return null;
  const { peers, peers_online: online, missing_blocks: missing, error } = state;
  return (
    <Text size="sm" c="dimmed" role="status">
      {syncSummary(state)}
      {' · '}
      {tn('{n} other machine has it', '{n} other machines have it', peers.length)}
      {', '}
      {t('{online} online', { online })}
      {missing === 0 ? null : ` · ${tn('{n} block is on other machines only', '{n} blocks are on other machines only', missing)}`}
      {error === null ? null : (
        <Text span c="var(--mh-bad)">
          {` · ${sentence(error)}`}
        </Text>
      )}
    </Text>
  );
}
