// SPDX-License-Identifier: GPL-3.0-or-later
import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { natQuery } from '../../api/mesh';
import type { SystemNat } from '../../api/types';
import { Card, Fact, Facts } from '../../components/card';
import { Failure } from '../../components/failure';
import { sentence } from '../../lib/errors';
import { formatDuration } from '../../lib/format';
import { t, tn } from '../../lib/i18n';
import classes from './machines.module.css';
import { countryName } from './names';

function reachText({ reachability, confidence }: SystemNat): string {
  if (reachability === 'unknown') return t('not known yet');
  const agree = tn('as {n} other machine says', 'as {n} other machines say', confidence);
  return reachability === 'public' ? t('yes, {agree}', { agree }) : t('no, {agree}', { agree });
}

function routerText({ enabled, found, port, lease_s: lease, error }: SystemNat['upnp']): string {
  if (!enabled) return t('is not asked: it is turned off in config.yaml');
  if (found) return t('forwards port {port} for {time}', { port: String(port), time: formatDuration(lease) });
  return error === null ? t('none was found that forwards ports') : sentence(error);
}

function Reach({ nat }: { nat: SystemNat }) {
  return (
    <Facts>
      <Fact name={t('Others can reach this machine')}>{reachText(nat)}</Fact>
      <Fact name={t('Public address')}>{nat.ipinfo.ip ?? nat.upnp.external_addr ?? '–'}</Fact>
      <Fact name={t('Country')}>{countryName(nat.ipinfo.country ?? '')}</Fact>
      <Fact name={t('Router')}>{routerText(nat.upnp)}</Fact>
      <Fact name={t('Address of the router')}>{nat.upnp.external_addr ?? '–'}</Fact>
      <Fact name={t('Relayed by')}>{tn('{n} machine', '{n} machines', nat.relays)}</Fact>
    </Facts>
  );
}

/** Whether others can reach this machine, and what the router says. */
export function Nat({ network }: { network: string }) {
  const query = useQuery(natQuery(network));
  return (
    <Card title={t('Router & NAT')}>
      {query.isPending ? <Skeleton h={120} radius={14} role="status" aria-label={t('Loading')} /> : null}
      {query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
      {query.data === undefined ? null : (
        <>
          <Reach nat={query.data} />
          <ul className={classes.lines} aria-label={t('Addresses of this machine')}>
            {query.data.addrs.map((addr) => (
              <li key={addr} className={classes.id}>
                {addr}
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}
