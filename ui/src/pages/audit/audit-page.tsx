// SPDX-License-Identifier: GPL-3.0-or-later
import { useState } from 'react';
import { Badge, Button, NativeSelect, Skeleton } from '@mantine/core';
import { ArrowDownTrayIcon, ClipboardDocumentListIcon, ShieldCheckIcon, ShieldExclamationIcon } from '@heroicons/react/24/outline';
import { useInfiniteQuery } from '@tanstack/react-query';
import { auditExportUrl, auditQuery } from '../../api/audit';
import type { AuditEvent } from '../../api/types';
import { Empty } from '../../components/empty';
import { Failure } from '../../components/failure';
import { Page } from '../../components/page';
import { formatTime, formatTimeLong } from '../../lib/format';
import { t } from '../../lib/i18n';
import classes from './audit-page.module.css';

function Chain({ verified }: { verified: boolean }) {
  return verified ? (
    <Badge variant="default" size="lg" tt="none" leftSection={<ShieldCheckIcon width={16} aria-hidden color="var(--mh-good)" />}>
      {t('Chain unbroken')}
    </Badge>
  ) : (
    <Badge variant="default" size="lg" tt="none" c="var(--mh-bad)" leftSection={<ShieldExclamationIcon width={16} aria-hidden />}>
      {t('Chain broken')}
    </Badge>
  );
}

function EventRow({ event }: { event: AuditEvent }) {
  return (
    <tr>
      <td className={classes.time}>
        <time dateTime={new Date(event.ts_ms).toISOString()} title={formatTimeLong(event.ts_ms)}>
          {formatTime(event.ts_ms)}
        </time>
      </td>
      <td className={classes.type}>{event.type}</td>
      <td className={classes.what}>
        {event.target}
        {event.detail === '' ? null : <span className={classes.detail}>{event.detail}</span>}
      </td>
      <td className={classes.who}>
        {event.actor}
        {event.ip === '' ? null : <span className={classes.detail}>{event.ip}</span>}
      </td>
    </tr>
  );
}

function Table({ events }: { events: AuditEvent[] }) {
  return (
    <div className="mh-card">
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">{t('Time')}</th>
            <th scope="col">{t('Event')}</th>
            <th scope="col">{t('What')}</th>
            <th scope="col">{t('Who')}</th>
          </tr>
        </thead>
        <tbody>
          {events.map((event) => (
            <EventRow key={event.seq} event={event} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function AuditPage() {
  const [types, setTypes] = useState('');
  const query = useInfiniteQuery(auditQuery(types));
  const events = query.data?.pages.flatMap((page) => page.events) ?? [];
  const verified = query.data?.pages[0]?.verified;
  return (
    <Page
      title={t('Audit log')}
      actions={
        <Button
          component="a"
          href={auditExportUrl()}
          download="meshhold-audit.jsonl"
          variant="default"
          leftSection={<ArrowDownTrayIcon width={18} aria-hidden />}
        >
          {t('Export')}
        </Button>
      }
    >
      <div className={classes.bar}>
        <NativeSelect
          label={t('Show')}
          value={types}
          onChange={(event) => setTypes(event.currentTarget.value)}
          data={[
            { value: '', label: t('Everything') },
            { value: 'auth.*', label: t('Signing in and out') },
            { value: 'vault.*', label: t('Vaults') },
            { value: 'file.*', label: t('Files') },
            { value: 'system.*,config.*', label: t('System and settings') },
          ]}
        />
        {verified === undefined ? null : <Chain verified={verified} />}
      </div>
      {query.isPending ? <Skeleton h={300} radius={14} role="status" aria-label={t('Loading')} /> : null}
      {query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
      {query.isSuccess && events.length === 0 ? (
        <Empty icon={ClipboardDocumentListIcon} title={t('There are no such events')}>
          {t('What is done to this machine is written down here, by whom and when.')}
        </Empty>
      ) : null}
      {events.length > 0 ? <Table events={events} /> : null}
      {query.hasNextPage ? (
        <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t('Show older events')}
        </Button>
      ) : null}
    </Page>
  );
}
