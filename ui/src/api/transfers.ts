// SPDX-License-Identifier: GPL-3.0-or-later
import { queryOptions } from '@tanstack/react-query';
import { fetchJson, send } from './client';
import type { Transfer, TransferList } from './types';

export const transfersQuery = queryOptions({
  queryKey: ['transfers'],
  queryFn: async ({ signal }) => (await fetchJson<TransferList>('/transfers', { signal })).transfers,
});

export interface NewTransfer {
  kind: Transfer['kind'];
  vault: string;
  hostPath: string;
  vaultPath: string;
  existing: Transfer['existing'];
}

export const startTransfer = ({ kind, vault, hostPath, vaultPath, existing }: NewTransfer): Promise<Transfer> =>
  fetchJson(`/vaults/${vault}/${kind}`, {
    method: 'POST',
    json: { host_path: hostPath, vault_path: vaultPath, existing },
  });

/** Stops one that is under way; takes one that has ended off the list. */
export async function dropTransfer(id: string): Promise<void> {
  await send(`/transfers/${id}`, { method: 'DELETE' });
}

export const resumeTransfer = (id: string): Promise<Transfer> => fetchJson(`/transfers/${id}/resume`, { method: 'POST' });
