// SPDX-License-Identifier: GPL-3.0-or-later
import { queryOptions } from '@tanstack/react-query';
import { fetchJson, send } from './client';
import type { Vault, VaultAnalytics, VaultChange, VaultList, VaultShare, VaultsUnlocked } from './types';

/** The vaults of this machine, and those of others that machines of the network speak of. */
export const allVaultsQuery = queryOptions({
  queryKey: ['vaults'],
  queryFn: async ({ signal }) => (await fetchJson<VaultList>('/vaults', { signal })).vaults,
});

/** Of those, the ones of this machine: nothing can be done with the others. */
export const vaultsQuery = queryOptions({ ...allVaultsQuery, select: (vaults: Vault[]) => vaults.filter(({ trusted }) => trusted) });

export const createVault = (name: string, password?: string): Promise<Vault> =>
  fetchJson('/vaults', { method: 'POST', json: { name, ...(password === undefined ? {} : { password }) } });

export const changeVault = (id: string, change: Partial<VaultChange>): Promise<Vault> =>
  fetchJson(`/vaults/${id}`, { method: 'PATCH', json: change });

/** Names the bucket that S3 clients will see; none when it is empty. */
export const setVaultAlias = (id: string, alias: string): Promise<Vault> =>
  fetchJson(`/vaults/${id}/s3-alias`, { method: 'PUT', json: { alias } });

/** Sets a password, changes it, or with an empty one removes it. */
export const setVaultPassword = (id: string, password: string, current?: string): Promise<Vault> =>
  fetchJson(`/vaults/${id}/password`, { method: 'PUT', json: { password, ...(current === undefined ? {} : { current }) } });

export async function lockVault(id: string): Promise<void> {
  await send(`/vaults/${id}/lock`, { method: 'POST' });
}

/** Tries a password on every locked vault. */
export const unlockVaults = (password: string): Promise<VaultsUnlocked> =>
  fetchJson('/vaults/unlock', { method: 'POST', json: { password } });

export const analyticsQuery = (id: string) =>
  queryOptions({
    queryKey: ['analytics', id],
    queryFn: ({ signal }) => fetchJson<VaultAnalytics>(`/vaults/${id}/analytics`, { signal }),
  });

/** Adopts a vault of another machine from its share URL. */
export const joinVault = (url: string): Promise<Vault> => fetchJson('/vaults/join', { method: 'POST', json: { url } });

/** The audit log tells that it was asked for, so it is not kept. */
export const shareQuery = (id: string) =>
  queryOptions({
    queryKey: ['share', id],
    queryFn: async ({ signal }) => (await fetchJson<VaultShare>(`/vaults/${id}/share-url`, { signal })).url,
    staleTime: 0,
    gcTime: 0,
  });

export async function deleteVault(id: string): Promise<void> {
  await send(`/vaults/${id}`, { method: 'DELETE' });
}
