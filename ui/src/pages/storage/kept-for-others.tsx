// SPDX-License-Identifier: GPL-3.0-or-later
import { useState } from 'react';
import { Button, Group, Progress, Skeleton, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { syncListQuery, syncSettingsQuery } from '../../api/sync';
import type { SyncHeld, SyncList } from '../../api/types';
import { Card } from '../../components/card';
import { Failure } from '../../components/failure';
import { formatBytes } from '../../lib/format';
import { t, tn } from '../../lib/i18n';
import { shortId } from '../machines/names';
import { useMachines } from '../machines/use-machines';
import { GiveUpDialog } from './give-up-dialog';
import { newcomersText, ownerText } from './kept-text';
import { SettingsDialog } from './settings-dialog';
import classes from './storage-page.module.css';

function Vaults({ held, giveUp }: { held: SyncHeld[]; giveUp: (vault: SyncHeld) => void }) {
  const { nodes } = useMachines();
  return (
    <ul className={classes.space} aria-label={t('Vaults that copies are kept for')}>
      {held.map((vault) => (
        <li key={vault.vault_id}>
          <span className={classes.line}>
            <span>{ownerText(vault.vault_id, nodes)}</span>
            <span>{formatBytes(vault.bytes)}</span>
          </span>
          <span className={classes.line}>
            <Text span size="sm" c="dimmed">
              {shortId(vault.vault_id)}
              {' · '}
              {tn('{n} block', '{n} blocks', vault.blocks)}
              {vault.unwanted_blocks === 0
                ? null
                : ` · ${tn('{n} of them nobody asks for any more', '{n} of them nobody asks for any more', vault.unwanted_blocks)}`}
            </Text>
            <Button
              variant="subtle"
              size="compact-sm"
              c="inherit"
              className={classes.quiet}
              onClick={() => giveUp(vault)}
              aria-label={t('Give up what is kept for the vault {id}', { id: shortId(vault.vault_id) })}
            >
              {t('Give up …')}
            </Button>
          </span>
        </li>
      ))}
    </ul>
  );
}

function Kept({ held, hold_limit: limit, newcomers }: Pick<SyncList, 'held' | 'hold_limit' | 'newcomers'>) {
  const [asked, giveUp] = useState<SyncHeld | null>(null);
  const newcomersSay = newcomersText(newcomers);
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
      {newcomersSay === null ? null : (
        <Text size="sm" c="dimmed">
          {newcomersSay}
        </Text>
      )}
      {held.length === 0 ? null : <Vaults held={held} giveUp={giveUp} />}
      <Text size="sm" c="dimmed">
        {t('They are sealed copies: this machine cannot read them, and gives them back when their machines have lost them.')}
      </Text>
      {asked === null ? null : (
        <GiveUpDialog vault={held.find(({ vault_id: id }) => id === asked.vault_id) ?? asked} close={() => giveUp(null)} />
      )}
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
      {query.data === undefined ? null : <Kept {...query.data} />}
      <Change />
    </Card>
  );
}
