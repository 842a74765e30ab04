// SPDX-License-Identifier: GPL-3.0-or-later
import { queryOptions } from '@tanstack/react-query';
import { fetchJson, send } from './client';
import type { MirrorFolderList } from './types';

/** The folders of this machine that mirror vaults. */
export const foldersQuery = queryOptions({
  queryKey: ['folders'],
  queryFn: async ({ signal }) => (await fetchJson<MirrorFolderList>('/folders', { signal })).folders,
});

export type HeldDecision = 'release' | 'rollback';

/** Lets the changes of a folder that are held go to the vault, or takes them back. */
export async function decideHeld(vault: string, decision: HeldDecision): Promise<void> {
  await send(`/vaults/${vault}/folder/${decision}`, { method: 'POST' });
}
