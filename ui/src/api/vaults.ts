// SPDX-License-Identifier: GPL-3.0-or-later
import { queryOptions } from '@tanstack/react-query';
import { fetchJson, send } from './client';
import type { Vault, VaultChange, VaultList } from './types';

export const vaultsQuery = queryOptions({
  queryKey: ['vaults'],
  queryFn: async ({ signal }) => (await fetchJson<VaultList>('/vaults', { signal })).vaults,
});

export const createVault = (name: string): Promise<Vault> =>
  fetchJson('/vaults', { method: 'POST', json: { name } });

export const changeVault = (id: string, change: Partial<VaultChange>): Promise<Vault> =>
  fetchJson(`/vaults/${id}`, { method: 'PATCH', json: change });

export async function deleteVault(id: string): Promise<void> {
  await send(`/vaults/${id}`, { method: 'DELETE' });
}
