// SPDX-License-Identifier: GPL-3.0-or-later
import { Badge, Skeleton, Text, Title } from '@mantine/core';
import { ComputerDesktopIcon } from '@heroicons/react/24/outline';
import { useQuery } from '@tanstack/react-query';
import { nodesQuery } from '../../api/mesh';
import type { MeshNode } from '../../api/types';
import { Failure } from '../../components/failure';
import { formatBytes, formatTime, number } from '../../lib/format';
import { t } from '../../lib/i18n';
import { hrefOf } from '../../lib/router';
import classes from './machines.module.css';
import { carrierName, countryName, machineName, roundTrip, sortedMachines } from './names';

/** Whether a machine is there, in words. */
export function presence({ online, last_seen_ms: seen }: MeshNode): string {
  if (online) return t('online');
  return seen === null ? t('offline') : t('offline, last seen {time}', { time: formatTime(seen) });
}

function Figure({ name, children }: { name: string; children: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function MachineCard({ node }: { node: MeshNode }) {
  return (
    <li className={`mh-card ${classes.machine}`} data-away={!node.online}>
      <div className={classes.top}>
        <span className={classes.glyph}>
          <ComputerDesktopIcon width={22} aria-hidden />
        </span>
        <div className={classes.names}>
          <a className={classes.name} href={hrefOf({ page: 'machine', node: node.node_id })}>
            {machineName(node)}
          </a>
          <Text size="sm" c={node.online ? 'var(--mh-good)' : 'dimmed'}>
            {presence(node)}
          </Text>
        </div>
        {node.self ? (
          <Badge variant="default" tt="none">
            {t('this machine')}
          </Badge>
        ) : null}
      </div>
      <dl className={classes.figures}>
        <Figure name={t('Country')}>{countryName(node.country)}</Figure>
        <Figure name={t('Version')}>{node.version === '' ? '–' : node.version}</Figure>
        <Figure name={t('Round trip')}>{roundTrip(node.rtt_ms)}</Figure>
        <Figure name={t('Connection')}>{carrierName(node.carrier)}</Figure>
        <Figure name={t('Free space')}>{node.total_bytes === 0 ? '–' : formatBytes(node.free_bytes)}</Figure>
        <Figure name={t('Vaults')}>{number(node.vaults.length)}</Figure>
      </dl>
    </li>
  );
}

/** Every machine of a network that is connected. */
export function MachineList({ network }: { network: string }) {
  const query = useQuery(nodesQuery(network));
  if (query.isPending) return <Skeleton h={200} radius={14} role="status" aria-label={t('Loading')} />;
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />;
  return (
    <section aria-label={t('Machines of the network')}>
      <Title order={2} size="h4" mb="sm">
        {t('{online} of {n} machines are online', {
          online: query.data.filter(({ online }) => online).length,
          n: query.data.length,
        })}
      </Title>
      <ul className={classes.grid}>
        {sortedMachines(query.data).map((node) => (
          <MachineCard key={node.node_id} node={node} />
        ))}
      </ul>
    </section>
  );
}
