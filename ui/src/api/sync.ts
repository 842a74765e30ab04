// SPDX-License-Identifier: GPL-3.0-or-later
import { queryOptions } from '@tanstack/react-query';
import { fetchJson, send } from './client';
import type { SyncDropped, SyncList, SyncSettings, SyncSettingsChange } from './types';

/** All that is known of what goes between machines. */
export const syncListQuery = queryOptions({
  queryKey: ['sync'],
  queryFn: ({ signal }) => fetchJson<SyncList>('/sync', { signal }),
});

/** Of that, how far each vault is the same as on other machines. */
export const syncQuery = queryOptions({ ...syncListQuery, select: ({ vaults }: SyncList) => vaults });

/** Has all machines asked about all vaults, and their copies counted; what comes of it is in the state of the vaults. */
export async function syncNow(): Promise<void> {
  await send('/replicate-now', { method: 'POST' });
}

/** What is kept for others, and how fast blocks may go. */
export const syncSettingsQuery = queryOptions({
  queryKey: ['sync-settings'],
  queryFn: ({ signal }) => fetchJson<SyncSettings>('/sync/settings', { signal }),
});

/** Changes it, at once and in config.yaml. */
export const changeSyncSettings = (change: SyncSettingsChange): Promise<SyncSettings> =>
  fetchJson('/sync/settings', { method: 'PATCH', json: change });

/** Gives up at once what is kept for a vault whose key is not here. */
export const dropHeld = (vault: string): Promise<SyncDropped> => fetchJson(`/sync/held/${vault}`, { method: 'DELETE' });
