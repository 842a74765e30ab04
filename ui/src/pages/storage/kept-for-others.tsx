// SPDX-License-Identifier: GPL-3.0-or-later
import { useState } from 'react';
import { Button, Group, Progress, Skeleton, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { syncListQuery, syncSettingsQuery } from '../../api/sync';
import type { SyncList } from '../../api/types';
import { Card } from '../../components/card';
import { Failure } from '../../components/failure';
import { formatBytes } from '../../lib/format';
import { t, tn } from '../../lib/i18n';
import { nameList, shortId } from '../machines/names';
import { useMachines } from '../machines/use-machines';
import { SettingsDialog } from './settings-dialog';
import classes from './storage-page.module.css';

function Vaults({ held }: { held: SyncList['held'] }) {
  const { nodes, nameOf } = useMachines();
  const whose = (vault: string): string => {
    const names = nodes.filter(({ vaults }) => vaults.some(({ id }) => id === vault)).map(({ node_id }) => nameOf(node_id));
    return names.length === 0 ? t('For a vault of which no machine speaks') : t('For a vault of {names}', { names: nameList(names) });
  };
  return (
    <ul className={classes.space} aria-label={t('Vaults that copies are kept for')}>
      {held.map(({ vault_id: vault, blocks, bytes, unwanted_blocks: unwanted }) => (
        <li key={vault}>
          <span className={classes.line}>
            <span>{whose(vault)}</span>
            <span>{formatBytes(bytes)}</span>
          </span>
          <Text size="sm" c="dimmed">
            {shortId(vault)}
            {' · '}
            {tn('{n} block', '{n} blocks', blocks)}
            {unwanted === 0 ? null : ` · ${tn('{n} of them nobody asks for any more', '{n} of them nobody asks for any more', unwanted)}`}
          </Text>
        </li>
      ))}
    </ul>
  );
}

function Kept({ held, hold_limit: limit }: Pick<SyncList, 'held' | 'hold_limit'>) {
  const used = held.reduce((sum, { bytes }) => sum + bytes, 0);
  return (
    <>
      {limit > 0 ? (
        <>
          <Text fw={600}>{t('{used} of at most {limit} are kept for others', { used: formatBytes(used), limit: formatBytes(limit) })}</Text>
          <Progress value={Math.min(100, (100 * used) / limit)} aria-label={t('Share of the limit that is taken')} />
        </>
      ) : (
        <Text size="sm">{t('Nothing is kept for vaults whose keys are not here.')}</Text>
      )}
      {held.length === 0 ? null : <Vaults held={held} />}
      <Text size="sm" c="dimmed">
        {t('They are sealed copies: this machine cannot read them, and gives them back when their machines have lost them.')}
      </Text>
    </>
  );
}

function Change() {
  const settings = useQuery({ ...syncSettingsQuery, staleTime: 0 });
  const [isOpen, setOpen] = useState(false);
  return (
    <Group>
      <Button variant="default" disabled={settings.data === undefined} onClick={() => setOpen(true)}>
        {t('Change what is kept, and how fast …')}
      </Button>
      {isOpen && settings.data !== undefined ? <SettingsDialog settings={settings.data} close={() => setOpen(false)} /> : null}
    </Group>
  );
}

/** What this machine keeps for vaults whose keys it does not have, and a way to change that. */
export function KeptForOthers() {
  const query = useQuery({ ...syncListQuery, staleTime: 0 });
  return (
    <Card title={t('Kept for other machines')}>
      {query.isPending ? <Skeleton h={80} radius={14} role="status" aria-label={t('Loading')} /> : null}
      {query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
      {query.data === undefined ? null : <Kept held={query.data.held} hold_limit={query.data.hold_limit} />}
      <Change />
    </Card>
  );
}
