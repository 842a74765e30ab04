// SPDX-License-Identifier: GPL-3.0-or-later
import { queryOptions } from '@tanstack/react-query';
import { fetchJson, send } from './client';
import type { MirrorFolder, MirrorFolderList } from './types';

/** The folders of this machine that mirror vaults. */
export const foldersQuery = queryOptions({
  queryKey: ['folders'],
  queryFn: async ({ signal }) => (await fetchJson<MirrorFolderList>('/folders', { signal })).folders,
});

/** When so many changes at once are too many: a part of the files in percent, and a number of files. */
export interface GuardLimits {
  guard_percent: number;
  guard_files: number;
}

/** What holds when nothing else is said. */
export const usualLimits: GuardLimits = { guard_percent: 20, guard_files: 1000 };

/** Has a folder mirror a vault; for the one that does already, changes its limits. */
export const mirrorFolder = (vault: string, path: string, limits: GuardLimits): Promise<MirrorFolder> =>
  fetchJson(`/vaults/${vault}/folder`, { method: 'PUT', json: { path, ...limits } });

/** Ends mirroring; all files stay. */
export async function unmirrorFolder(vault: string): Promise<void> {
  await send(`/vaults/${vault}/folder`, { method: 'DELETE' });
}

export type FolderAction = 'pause' | 'resume' | 'rescan';

export async function tellFolder(vault: string, action: FolderAction): Promise<void> {
  await send(`/vaults/${vault}/folder/${action}`, { method: 'POST' });
}

export type HeldDecision = 'release' | 'rollback';

/** Lets the changes of a folder that are held go to the vault, or takes them back. */
export async function decideHeld(vault: string, decision: HeldDecision): Promise<void> {
  await send(`/vaults/${vault}/folder/${decision}`, { method: 'POST' });
}
