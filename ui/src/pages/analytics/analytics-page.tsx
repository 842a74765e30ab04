// SPDX-License-Identifier: GPL-3.0-or-later
import type { ReactNode } from 'react';
import { Anchor, Skeleton, Title } from '@mantine/core';
import { ChartBarIcon } from '@heroicons/react/24/outline';
import { useQuery } from '@tanstack/react-query';
import type { Vault, VaultAnalytics } from '../../api/types';
import { analyticsQuery } from '../../api/vaults';
import { Empty } from '../../components/empty';
import { Failure } from '../../components/failure';
import { Page } from '../../components/page';
import { Plot } from '../../components/plot';
import { marksOf } from '../../components/plot-data';
import { formatBytes, formatDay, number } from '../../lib/format';
import { t } from '../../lib/i18n';
import { parentOf } from '../../lib/paths';
import { hrefOf } from '../../lib/router';
import { VaultCrumbs } from '../files/breadcrumbs';
import classes from './analytics-page.module.css';

const DAY_MS = 24 * 3600 * 1000;
const LEAST_SPAN_MS = 7 * DAY_MS;

function History({ history }: { history: VaultAnalytics['history'] }) {
  const times = history.map(({ ts_ms }) => ts_ms);
  const end = times.at(-1) ?? Date.now();
  const start = Math.min(times[0] ?? end, end - LEAST_SPAN_MS);
  const common = { times, start, end, marks: marksOf(start, end), formatTime: formatDay, maxGapMs: Infinity, order: 2, table: true } as const;
  return (
    <>
      <Plot
        {...common}
        title={t('Size')}
        step="binary"
        format={formatBytes}
        series={[
          { label: t('Files'), values: history.map(({ bytes }) => bytes) },
          { label: t('On disk'), values: history.map(({ stored_bytes }) => stored_bytes) },
        ]}
      />
      <Plot
        {...common}
        title={t('Number of files')}
        step="decimal"
        format={(value) => number(Math.round(value))}
        series={[{ label: t('Files'), values: history.map(({ files }) => files) }]}
      />
    </>
  );
}

interface Line {
  key: string;
  name: ReactNode;
  count: number;
  bytes: number;
}

/** A table whose rows are bars as well. */
function Shares({ title, first, counted, lines }: { title: string; first: string; counted: boolean; lines: Line[] }) {
  const largest = Math.max(1, ...lines.map(({ bytes }) => bytes));
  return (
    <section className={`mh-card ${classes.card}`} aria-label={title}>
      <Title order={2} size="h5">
        {title}
      </Title>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">{first}</th>
            {counted ? <th scope="col">{t('Files')}</th> : null}
            <th scope="col">{t('Size')}</th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ key, name, count, bytes }) => (
            <tr key={key}>
              <th scope="row">
                {name}
                <span className={classes.bar} style={{ width: `${(100 * bytes) / largest}%` }} />
              </th>
              {counted ? <td>{number(count)}</td> : null}
              <td>{formatBytes(bytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Analytics({ vault, found }: { vault: Vault; found: VaultAnalytics }) {
  const link = (path: string, folder: string): ReactNode => (
    <Anchor href={hrefOf({ page: 'files', vault: vault.id, folder })}>{path === '/' ? t('the top of the vault') : path.slice(1)}</Anchor>
  );
  return (
    <div className={classes.grid}>
      <History history={found.history} />
      <Shares
        counted
        title={t('Kinds of files')}
        first={t('Ending')}
        lines={found.types.map(({ ext, count, bytes }) => ({ key: ext, name: ext === '' ? t('none') : ext, count, bytes }))}
      />
      <Shares
        counted
        title={t('Largest folders')}
        first={t('Folder')}
        lines={found.folders.map(({ path, files, bytes }) => ({ key: path, name: link(path, path), count: files, bytes }))}
      />
      <Shares
        counted={false}
        title={t('Largest files')}
        first={t('File')}
        lines={found.consumers.map(({ path, bytes }) => ({ key: path, name: link(path, parentOf(path)), count: 1, bytes }))}
      />
    </div>
  );
}

/** What takes the space of a vault, and how it grew. */
export function AnalyticsPage({ vault }: { vault: Vault }) {
  const query = useQuery(analyticsQuery(vault.id));
  return (
    <Page title={t('Space of “{name}”', { name: vault.name })} heading={<VaultCrumbs vault={vault} here={t('What takes the space')} />}>
      {query.isPending ? <Skeleton h={320} radius={14} role="status" aria-label={t('Loading')} /> : null}
      {query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
      {query.isSuccess && query.data.types.length === 0 ? (
        <Empty icon={ChartBarIcon} title={t('Nothing here yet')}>
          {t('Once there are files, this shows what takes the space and how it grew.')}
        </Empty>
      ) : null}
      {query.isSuccess && query.data.types.length > 0 ? <Analytics vault={vault} found={query.data} /> : null}
    </Page>
  );
}
