// SPDX-License-Identifier: GPL-3.0-or-later
import { useQuery } from '@tanstack/react-query';
import { networksQuery, nodesQuery } from '../../api/mesh';
import { statusQuery } from '../../api/system';
import type { MeshNode } from '../../api/types';
import { t } from '../../lib/i18n';
import { nameOfId } from './names';

export interface Machines {
  /** Every machine that is known; none without a network. */
  nodes: MeshNode[];
  /** What a machine calls itself, else the end of its id. */
  nameOf: (id: string) => string;
  /** The same, or that it is this one. */
  titleOf: (id: string) => string;
}

/** The machines of the network that is connected, for pages that only name them. */
export function useMachines(): Machines {
  const network = useQuery(networksQuery).data?.find(({ state }) => state === 'online');
  const found = useQuery({ ...nodesQuery(network?.id ?? ''), enabled: network !== undefined }).data;
  const self = useQuery(statusQuery).data?.peer_id;
  const nodes = found ?? [];
  const nameOf = (id: string): string => nameOfId(id, nodes);
  return { nodes, nameOf, titleOf: (id) => (id === self ? t('this machine') : nameOf(id)) };
}
