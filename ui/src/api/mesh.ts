// SPDX-License-Identifier: GPL-3.0-or-later
import { queryOptions } from '@tanstack/react-query';
import { fetchJson, send } from './client';
import type { Network, NetworkInvite, NetworkList, NetworkRotation, NodeList, PeerAcl, Speedtest, SpeedtestList, SystemNat, Throughput, Topology } from './types';

/** Round trips, free space and what the router says have no event. */
const MEASURED_MS = 60_000;
const TRAFFIC_MS = 5000;

export const networksQuery = queryOptions({
  queryKey: ['networks'],
  queryFn: async ({ signal }) => (await fetchJson<NetworkList>('/networks', { signal })).networks,
});

/** The machines of a network, which must be connected. */
export const nodesQuery = (network: string) =>
  queryOptions({
    queryKey: ['nodes', network],
    queryFn: async ({ signal }) => (await fetchJson<NodeList>('/nodes', { signal })).nodes,
    staleTime: 0,
    refetchInterval: MEASURED_MS,
  });

export const topologyQuery = (network: string) =>
  queryOptions({
    queryKey: ['topology', network],
    queryFn: ({ signal }) => fetchJson<Topology>('/network/topology', { signal }),
    staleTime: 0,
    refetchInterval: MEASURED_MS,
  });

export const natQuery = (network: string) =>
  queryOptions({
    queryKey: ['nat', network],
    queryFn: ({ signal }) => fetchJson<SystemNat>('/system/nat', { signal }),
    staleTime: 0,
    refetchInterval: MEASURED_MS,
  });

/** Bytes to and from other machines, a sample every ten seconds. */
export const throughputQuery = queryOptions({
  queryKey: ['throughput'],
  queryFn: ({ signal }) => fetchJson<Throughput>('/stats/throughput', { signal }),
  staleTime: 0,
  refetchInterval: TRAFFIC_MS,
});

/** Newest first. */
export const speedtestsQuery = (node: string) =>
  queryOptions({
    queryKey: ['speedtests', node],
    queryFn: async ({ signal }) => (await fetchJson<SpeedtestList>(`/network/speedtest/${node}/history`, { signal })).results,
  });

/** Made anew each time, with the addresses of now; the audit log tells that it was. */
export const inviteQuery = (network: string) =>
  queryOptions({
    queryKey: ['invite', network],
    queryFn: async ({ signal }) => (await fetchJson<NetworkInvite>(`/networks/${network}/invite`, { signal })).url,
    staleTime: 0,
    gcTime: 0,
  });

export const aclQuery = queryOptions({
  queryKey: ['acl'],
  queryFn: ({ signal }) => fetchJson<PeerAcl>('/network/acl', { signal }),
  staleTime: 0,
});

export const setAcl = (mode: PeerAcl['mode'], peers: string[]): Promise<PeerAcl> =>
  fetchJson('/network/acl', { method: 'PUT', json: { mode, peers } });

export const createNetwork = (name: string): Promise<Network> =>
  fetchJson('/networks/create', { method: 'POST', json: { name } });

export const joinNetwork = (url: string): Promise<Network> => fetchJson('/networks', { method: 'POST', json: { url } });

export async function connectNetwork(id: string): Promise<void> {
  await send(`/networks/${id}/connect`, { method: 'POST' });
}

export async function disconnectNetwork(): Promise<void> {
  await send('/networks/disconnect', { method: 'POST' });
}

export async function forgetNetwork(id: string): Promise<void> {
  await send(`/networks/${id}`, { method: 'DELETE' });
}

export const rotateKey = (id: string): Promise<NetworkRotation> =>
  fetchJson(`/networks/${id}/swarm-key`, { method: 'POST' });

/** Takes some seconds. */
export const measureSpeed = (node: string): Promise<Speedtest> => fetchJson(`/network/speedtest/${node}`, { method: 'POST' });
