// SPDX-License-Identifier: GPL-3.0-or-later
import type { ReactNode } from 'react';
import { Skeleton, Text, Title } from '@mantine/core';
import { CheckCircleIcon, ExclamationTriangleIcon } from '@heroicons/react/24/outline';
import { useQuery } from '@tanstack/react-query';
import { networksQuery } from '../../api/mesh';
import { metricsQuery, statusQuery } from '../../api/system';
import type { MetricsSample, Network, SystemStatus } from '../../api/types';
import { Failure } from '../../components/failure';
import { Page } from '../../components/page';
import { Plot } from '../../components/plot';
import { marksOf } from '../../components/plot-data';
import { sentence } from '../../lib/errors';
import { formatBytes, formatClock, formatDuration, number } from '../../lib/format';
import { t, tn } from '../../lib/i18n';
import { networkTitle } from '../machines/names';
import { Setup } from './setup-form';
import classes from './system-page.module.css';

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={classes.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function networkText(status: SystemStatus, networks: Network[]): string {
  if (status.network === null) return t('No swarm key is set: this machine works for itself');
  const { state, peers, error } = status.network;
  const name = networkTitle(status.network, networks);
  switch (state) {
    case 'online':
      return tn('{name}: {n} other machine is there', '{name}: {n} other machines are there', peers, { name });
    case 'starting':
      return t('{name}: connecting', { name });
    case 'failed':
      return t('{name}: {error}', { name, error: sentence(error ?? '') });
    case 'offline':
      return t('{name}: not connected', { name });
  }
}

function Facts({ status }: { status: SystemStatus }) {
  const { enabled } = status.at_rest;
  const networks = useQuery(networksQuery).data ?? [];
  return (
    <section className={`mh-card ${classes.facts}`} aria-label={t('State')}>
      <div className={classes.state}>
        {status.running ? (
          <CheckCircleIcon width={28} aria-hidden color="var(--mh-good)" />
        ) : (
          <ExclamationTriangleIcon width={28} aria-hidden color="var(--mh-warn)" />
        )}
        <div>
          <Title order={2} size="h4">
            {status.running ? t('MeshHold is running') : t('MeshHold is starting')}
          </Title>
          <Text size="sm" c="dimmed">
            {t('Version {version}, up for {time}', { version: status.version, time: formatDuration(status.uptime_s) })}
          </Text>
        </div>
      </div>
      <dl className={classes.list}>
        <Fact name={t('Network')}>{networkText(status, networks)}</Fact>
        <Fact name={t('This machine')}>
          <span className={classes.id}>{status.peer_id}</span>
        </Fact>
        <Fact name={t('Listens on')}>{status.listen_addrs.length === 0 ? '–' : status.listen_addrs.join(', ')}</Fact>
        <Fact name={t('Keys at rest')}>
          {enabled
            ? status.at_rest.provider === 'keyring'
              ? t('sealed, master key in the keyring')
              : t('sealed, master key in a file')
            : t('not sealed')}
        </Fact>
        <Fact name={t('Password')}>{status.password_set ? t('set') : t('not set: use “meshhold passwd”')}</Fact>
        <Fact name={t('TLS')}>{status.tls.fingerprint === null ? t('off') : <span className={classes.id}>{status.tls.fingerprint}</span>}</Fact>
      </dl>
    </section>
  );
}

const DAY_MS = 24 * 3600 * 1000;
const perSecond = (bytes: number): string => t('{bytes}/s', { bytes: formatBytes(bytes) });
const percent = (value: number): string => `${number(value, value < 10 ? 1 : 0)} %`;
const milliseconds = (value: number): string => `${number(value, value < 10 ? 1 : 0)} ms`;

function Plots({ samples, intervalMs }: { samples: MetricsSample[]; intervalMs: number }) {
  const times = samples.map(({ ts_ms }) => ts_ms);
  const seconds = intervalMs / 1000;
  const end = times.at(-1) ?? Date.now();
  const start = end - DAY_MS;
  const common = { times, start, end, marks: marksOf(start, end), formatTime: formatClock, maxGapMs: 3 * intervalMs };
  return (
    <div className={classes.plots}>
      <Plot
        {...common}
        title={t('Processor')}
        step="decimal"
        format={percent}
        series={[{ label: t('Of one core'), values: samples.map(({ cpu_percent }) => cpu_percent) }]}
      />
      <Plot
        {...common}
        title={t('Memory')}
        step="binary"
        format={formatBytes}
        series={[{ label: t('In use'), values: samples.map(({ rss_bytes }) => rss_bytes) }]}
      />
      <Plot
        {...common}
        title={t('Traffic')}
        step="binary"
        format={perSecond}
        series={[
          { label: t('In'), values: samples.map(({ bytes_in }) => bytes_in / seconds) },
          { label: t('Out'), values: samples.map(({ bytes_out }) => bytes_out / seconds) },
        ]}
      />
      <Plot
        {...common}
        title={t('Answer time')}
        step="decimal"
        format={milliseconds}
        series={[{ label: t('95 of 100 requests'), values: samples.map(({ request_p95_ms }) => request_p95_ms) }]}
      />
    </div>
  );
}

function Disk({ last }: { last: MetricsSample }) {
  return (
    <section className={`mh-card ${classes.disk}`} aria-label={t('Disk')}>
      <dl className={classes.list}>
        <Fact name={t('Stored blocks')}>{formatBytes(last.store_bytes)}</Fact>
        <Fact name={t('Free on the disk')}>{formatBytes(last.disk_free_bytes)}</Fact>
        <Fact name={t('Open files')}>{number(last.fds)}</Fact>
        <Fact name={t('Threads')}>{number(last.threads)}</Fact>
      </dl>
    </section>
  );
}

function Metrics() {
  const query = useQuery(metricsQuery);
  if (query.isPending) return <Skeleton h={240} radius={14} role="status" aria-label={t('Loading')} />;
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />;
  const { samples, interval_ms } = query.data;
  const last = samples.at(-1);
  if (last === undefined) return <Text c="dimmed">{t('The first sample comes after a minute.')}</Text>;
  return (
    <>
      <Disk last={last} />
      <Plots samples={samples} intervalMs={interval_ms} />
    </>
  );
}

export function SystemPage() {
  const status = useQuery({ ...statusQuery, refetchInterval: 60_000 });
  return (
    <Page title={t('System')}>
      {status.isPending ? <Skeleton h={200} radius={14} role="status" aria-label={t('Loading')} /> : null}
      {status.isError ? <Failure error={status.error} retry={() => void status.refetch()} /> : null}
      {status.data === undefined ? null : <Facts status={status.data} />}
      {status.data?.setup_required ? <Setup /> : null}
      <Title order={2} size="h4">
        {t('The last 24 hours')}
      </Title>
      <Metrics />
    </Page>
  );
}
