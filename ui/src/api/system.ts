// SPDX-License-Identifier: GPL-3.0-or-later
import { queryOptions } from '@tanstack/react-query';
import { fetchJson, send } from './client';
import type { BrowseListing, SystemMetrics, SystemStatus } from './types';

export const statusQuery = queryOptions({
  queryKey: ['system', 'status'],
  queryFn: ({ signal }) => fetchJson<SystemStatus>('/system/status', { signal, anonymous: true }),
});

/** There is one sample a minute and no event for it, so this one is asked for again. */
export const metricsQuery = queryOptions({
  queryKey: ['system', 'metrics'],
  queryFn: ({ signal }) => fetchJson<SystemMetrics>('/system/metrics', { signal }),
  refetchInterval: 60_000,
});

/** The folders of this machine at a path; those of the home folder for an empty one. */
export const browseQuery = (path: string) =>
  queryOptions({
    queryKey: ['browse', path],
    queryFn: ({ signal }) =>
      fetchJson<BrowseListing>('/system/browse', { signal, query: { path: path === '' ? undefined : path } }),
    staleTime: 0,
    retry: false,
  });

/** Fails with 401 when the session is over. */
export const whoami = (): Promise<{ node_id: string }> => fetchJson('/whoami');

export async function setUp(swarmKey: string, bootstrapPeers: string[]): Promise<void> {
  await send('/system/setup', {
    method: 'POST',
    json: { swarm_key: swarmKey, bootstrap_peers: bootstrapPeers },
  });
}
