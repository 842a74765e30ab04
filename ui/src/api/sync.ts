// SPDX-License-Identifier: GPL-3.0-or-later
import { queryOptions } from '@tanstack/react-query';
import { fetchJson, send } from './client';
import type { SyncList } from './types';

/** How far each vault is the same as on other machines. */
export const syncQuery = queryOptions({
  queryKey: ['sync'],
  queryFn: async ({ signal }) => (await fetchJson<SyncList>('/sync', { signal })).vaults,
});

/** Has all machines asked about all vaults; what comes of it is in the state of the vaults. */
export async function syncNow(): Promise<void> {
  await send('/replicate-now', { method: 'POST' });
}
