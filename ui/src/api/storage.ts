// SPDX-License-Identifier: GPL-3.0-or-later
import { queryOptions } from '@tanstack/react-query';
import { fetchJson } from './client';
import type { Storage, StorageBackup } from './types';

export const storageQuery = queryOptions({
  queryKey: ['storage'],
  queryFn: ({ signal }) => fetchJson<Storage>('/storage', { signal }),
  staleTime: 0,
});

export const scrub = (action: 'start' | 'stop'): Promise<Storage> =>
  fetchJson('/storage/scrub', { method: 'POST', json: { action } });

export const backUp = (): Promise<StorageBackup> => fetchJson('/storage/backup', { method: 'POST' });
