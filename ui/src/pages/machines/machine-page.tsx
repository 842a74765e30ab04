// SPDX-License-Identifier: GPL-3.0-or-later
import type { ReactNode } from 'react';
import { Anchor, Skeleton, Text } from '@mantine/core';
import { ComputerDesktopIcon } from '@heroicons/react/24/outline';
import { useQuery } from '@tanstack/react-query';
import { networksQuery, nodesQuery } from '../../api/mesh';
import type { MeshNode, Network } from '../../api/types';
import { vaultsQuery } from '../../api/vaults';
import { Card, Cards, Fact, Facts } from '../../components/card';
import { Empty } from '../../components/empty';
import { Failure } from '../../components/failure';
import { Page } from '../../components/page';
import { formatBytes, formatDuration } from '../../lib/format';
import { isRefusal } from '../../lib/errors';
import { t } from '../../lib/i18n';
import { hrefOf } from '../../lib/router';
import { Access } from './access';
import { presence } from './machine-list';
import classes from './machines.module.css';
import { carrierName, countryName, machineName, networkTitle, roundTrip, shortId } from './names';
import { Speed } from './speed';

function State({ node }: { node: MeshNode }) {
  const unknown = node.version === '';
  const yesNo = (value: boolean): string => (unknown ? '–' : value ? t('yes') : t('no'));
  return (
    <Card title={t('State')}>
      <Facts>
        <Fact name={t('Presence')}>{node.self ? t('this machine') : presence(node)}</Fact>
        <Fact name={t('Round trip')}>{roundTrip(node.rtt_ms)}</Fact>
        <Fact name={t('Connection')}>{carrierName(node.carrier)}</Fact>
        <Fact name={t('Country')}>{countryName(node.country)}</Fact>
        <Fact name={t('Version')}>{unknown ? '–' : node.version}</Fact>
        <Fact name={t('System')}>{node.os === '' ? '–' : node.os}</Fact>
        <Fact name={t('Up for')}>{unknown ? '–' : formatDuration(node.uptime_s)}</Fact>
        <Fact name={t('Free space')}>
          {node.total_bytes === 0
            ? '–'
            : t('{free} of {whole}', { free: formatBytes(node.free_bytes), whole: formatBytes(node.total_bytes) })}
        </Fact>
        <Fact name={t('Reliable: counts for the copies of a vault')}>{yesNo(node.reliable)}</Fact>
        <Fact name={t('Metered: pays for its traffic')}>{yesNo(node.metered)}</Fact>
        <Fact name={t('Relays for others')}>{yesNo(node.relay)}</Fact>
      </Facts>
    </Card>
  );
}

function Addresses({ node }: { node: MeshNode }) {
  return (
    <Card title={t('Addresses')}>
      <Text size="sm" c="dimmed" className={classes.id}>
        {node.node_id}
      </Text>
      {node.addrs.length === 0 ? <Text size="sm">{t('None is known.')}</Text> : null}
      <ul className={classes.lines}>
        {node.addrs.map((addr) => (
          <li key={addr} className={classes.id}>
            {addr}
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Vaults({ node }: { node: MeshNode }) {
  const known = useQuery(vaultsQuery).data ?? [];
  const nameOf = (id: string): ReactNode => {
    const vault = known.find((one) => one.id === id);
    if (vault === undefined) return t('{id}, which is not on this machine', { id: shortId(id) });
    return <Anchor href={hrefOf({ page: 'files', vault: id, folder: '/' })}>{vault.name}</Anchor>;
  };
  return (
    <Card title={t('Vaults')}>
      {node.vaults.length === 0 ? <Text size="sm">{t('It has none.')}</Text> : null}
      <ul className={classes.lines}>
        {node.vaults.map(({ id, bytes }) => (
          <li key={id} className={classes.line}>
            <span>{nameOf(id)}</span>
            <span>{formatBytes(bytes)}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Crumbs({ name }: { name: string }) {
  return (
    <nav aria-label={t('Pages above')} className={classes.crumbs}>
      <Anchor href={hrefOf({ page: 'machines' })}>{t('Machines')}</Anchor>
      <span aria-hidden>{'›'}</span>
      <span aria-current="page">{name}</span>
    </nav>
  );
}

function Nobody({ title, text }: { title: string; text: string }) {
  return (
    <Page title={title} heading={<Crumbs name={title} />}>
      <Empty icon={ComputerDesktopIcon} title={title}>
        {text}
      </Empty>
    </Page>
  );
}

function Machine({ id, network, networkName }: { id: string; network: Network; networkName: string }) {
  const query = useQuery(nodesQuery(network.id));
  if (query.isPending) return <Skeleton h={320} m="xl" role="status" aria-label={t('Loading')} />;
  if (query.data === undefined || isRefusal(query.error))
    return (
      <Page title={t('Machines')}>
        <Failure error={query.error} retry={() => void query.refetch()} />
      </Page>
    );
  const node = query.data.find(({ node_id }) => node_id === id);
  if (node === undefined)
    return <Nobody title={t('This machine is not known')} text={t('Nobody of this id is in “{name}”.', { name: networkName })} />;
  const name = machineName(node);
  return (
    <Page title={name} heading={<Crumbs name={name} />}>
      <Cards>
        <State node={node} />
        {node.self ? null : <Speed node={node} />}
        {node.self ? null : <Access node={node} />}
        <Vaults node={node} />
        <Addresses node={node} />
      </Cards>
    </Page>
  );
}

/** One machine of the network that is connected. */
export function MachinePage({ id }: { id: string }) {
  const query = useQuery(networksQuery);
  if (query.isPending) return <Skeleton h={320} m="xl" role="status" aria-label={t('Loading')} />;
  if (query.data === undefined || isRefusal(query.error))
    return (
      <Page title={t('Machines')}>
        <Failure error={query.error} retry={() => void query.refetch()} />
      </Page>
    );
  const current = query.data.find(({ state }) => state === 'online');
  if (current === undefined)
    return <Nobody title={t('This machine is in no network now')} text={t('It works alone until a network is connected.')} />;
  return <Machine id={id} network={current} networkName={networkTitle(current, query.data)} />;
}
