// SPDX-License-Identifier: GPL-3.0-or-later
import { Badge, Skeleton, Title } from '@mantine/core';
import { ComputerDesktopIcon } from '@heroicons/react/24/outline';
import { useQuery } from '@tanstack/react-query';
import { aclQuery, nodesQuery } from '../../api/mesh';
import type { MeshNode } from '../../api/types';
import { Fact, Facts, Tile, Tiles } from '../../components/card';
import { Failure } from '../../components/failure';
import { formatBytes, formatTime, number } from '../../lib/format';
import { isRefusal } from '../../lib/errors';
import { t } from '../../lib/i18n';
import { hrefOf } from '../../lib/router';
import { mayConnect } from './acl';
import { carrierName, countryName, machineName, roundTrip, sortedMachines } from './names';

/** Whether a machine is there, in words. */
export function presence({ online, last_seen_ms: seen }: MeshNode): string {
  if (online) return t('online');
  return seen === null ? t('offline') : t('offline, last seen {time}', { time: formatTime(seen) });
}

function Marks({ node, blocked }: { node: MeshNode; blocked: boolean }) {
  if (!node.self && !blocked) return null;
  return (
    <Badge variant="default" tt="none" {...(blocked ? { c: 'var(--mh-warn)' } : {})}>
      {node.self ? t('this machine') : t('blocked')}
    </Badge>
  );
}

function MachineCard({ node, blocked }: { node: MeshNode; blocked: boolean }) {
  return (
    <Tile
      icon={ComputerDesktopIcon}
      name={machineName(node)}
      href={hrefOf({ page: 'machine', node: node.node_id })}
      detail={presence(node)}
      {...(node.online ? { detailColor: 'var(--mh-good)' } : {})}
      faded={!node.online}
      aside={<Marks node={node} blocked={blocked} />}
    >
      <Facts>
        <Fact name={t('Country')}>{countryName(node.country)}</Fact>
        <Fact name={t('Version')}>{node.version === '' ? '–' : node.version}</Fact>
        <Fact name={t('Round trip')}>{roundTrip(node.rtt_ms)}</Fact>
        <Fact name={t('Connection')}>{carrierName(node.carrier)}</Fact>
        <Fact name={t('Free space')}>{node.total_bytes === 0 ? '–' : formatBytes(node.free_bytes)}</Fact>
        <Fact name={t('Vaults')}>{number(node.vaults.length)}</Fact>
      </Facts>
    </Tile>
  );
}

/** Every machine of a network that is connected. */
export function MachineList({ network }: { network: string }) {
  const query = useQuery(nodesQuery(network));
  const rule = useQuery(aclQuery).data;
  if (query.isPending) return <Skeleton h={200} radius={14} role="status" aria-label={t('Loading')} />;
  if (query.data === undefined || isRefusal(query.error)) return <Failure error={query.error} retry={() => void query.refetch()} />;
  return (
    <section aria-label={t('Machines of the network')}>
      <Title order={2} size="h4" mb="sm">
        {t('{online} of {n} machines are online', {
          online: query.data.filter(({ online }) => online).length,
          n: query.data.length,
        })}
      </Title>
      <Tiles>
        {sortedMachines(query.data).map((node) => (
          <MachineCard key={node.node_id} node={node} blocked={!node.self && rule !== undefined && !mayConnect(rule, node.node_id)} />
        ))}
      </Tiles>
    </section>
  );
}
