// SPDX-License-Identifier: GPL-3.0-or-later
import type { QueryClient } from '@tanstack/react-query';
import { transfersQuery } from '../api/transfers';
import type { Transfer } from '../api/types';
import { RateMeter } from '../lib/rate';

export const isUnderWay = ({ state }: Transfer): boolean => state === 'waiting' || state === 'running';

const meters = new Map<string, RateMeter>();

/** The list with one transfer put in or replaced: those under way first, then the newest. */
export function withTransfer(list: Transfer[], changed: Transfer): Transfer[] {
  const next = [changed, ...list.filter(({ id }) => id !== changed.id)];
  return next.sort((a, b) => Number(isUnderWay(b)) - Number(isUnderWay(a)) || b.started_ms - a.started_ms);
}

/** Bytes per second and seconds left, from what the events have told; 0 and null while that is unknown. */
export function paceOf(transfer: Transfer): { speed: number; secondsLeft: number | null } {
  const meter = meters.get(transfer.id);
  if (meter === undefined || transfer.state !== 'running') return { speed: 0, secondsLeft: null };
  const rest = transfer.bytes - transfer.bytes_done;
  return { speed: meter.speed(), secondsLeft: transfer.counted ? meter.secondsLeft(rest) : null };
}

function measure(transfer: Transfer): void {
  if (!isUnderWay(transfer)) {
    meters.delete(transfer.id);
    return;
  }
  const meter = meters.get(transfer.id) ?? new RateMeter();
  meter.add(transfer.bytes_done, Date.now());
  meters.set(transfer.id, meter);
}

/** Puts one that has just been started on the list. An event may have told more about it already. */
export function addTransfer(client: QueryClient, transfer: Transfer): void {
  client.setQueryData(transfersQuery.queryKey, (old) =>
    old?.some(({ id }) => id === transfer.id) ? old : old && withTransfer(old, transfer),
  );
}

async function loadAnew(client: QueryClient): Promise<void> {
  const { queryKey } = transfersQuery;
  await client.cancelQueries({ queryKey }); // a first load is not begun again by invalidating it
  await client.invalidateQueries({ queryKey });
}

/** Takes in what an event says about a transfer. */
export function noteTransfer(client: QueryClient, transfer: Transfer): void {
  measure(transfer);
  client.setQueryData(transfersQuery.queryKey, (old) => old && withTransfer(old, transfer));
  if (isUnderWay(transfer)) return;
  // a list that is on its way may have been made before the end
  if (client.isFetching({ queryKey: transfersQuery.queryKey }) > 0) void loadAnew(client);
  if (transfer.kind === 'export') return;
  void client.invalidateQueries({ queryKey: ['files', transfer.vault_id] });
  void client.invalidateQueries({ queryKey: ['vaults'] });
}
