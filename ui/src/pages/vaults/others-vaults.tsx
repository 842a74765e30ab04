// SPDX-License-Identifier: GPL-3.0-or-later
import { Anchor, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { syncListQuery } from '../../api/sync';
import { allVaultsQuery } from '../../api/vaults';
import { Card } from '../../components/card';
import { formatBytes } from '../../lib/format';
import { t, tn } from '../../lib/i18n';
import { hrefOf } from '../../lib/router';
import { othersVaults, type OthersVault } from './others';
import classes from './vaults-page.module.css';

function keptText(kept: number | null): string[] {
  if (kept === null) return [];
  return [kept === 0 ? t('nothing of it is kept here') : t('{bytes} of it are kept here', { bytes: formatBytes(kept) })];
}

function Row({ vault: { id, bytes, machines, kept } }: { vault: OthersVault }) {
  const where = machines === 0 ? t('no other machine speaks of it now') : tn('{n} other machine has it', '{n} other machines have it', machines);
  return (
    <li>
      <span className={classes.line}>
        <span className={classes.id}>{id}</span>
        {bytes === null ? null : <span className={classes.size}>{formatBytes(bytes)}</span>}
      </span>
      <Text size="sm" c="dimmed">
        {[where, ...keptText(kept)].join(' · ')}
      </Text>
    </li>
  );
}

/** The vaults in the network whose keys are not here; nothing when there are none. */
export function OthersVaults() {
  const all = useQuery(allVaultsQuery).data;
  const held = useQuery({ ...syncListQuery, staleTime: 0 }).data?.held;
  const vaults = all === undefined ? [] : othersVaults(all, held);
  if (vaults.length === 0) return null;
  return (
    <Card title={t('Vaults of others')}>
      <Text size="sm" c="dimmed">
        {t('They are sealed, and their keys are not here: this machine knows their ids and how large they are, and nothing of what is in them.')}{' '}
        <Anchor href={hrefOf({ page: 'storage' })} inherit underline="always">
          {t('What is kept for others, and how much at most')}
        </Anchor>
      </Text>
      <ul className={classes.others} aria-label={t('Vaults of others')}>
        {vaults.map((vault) => (
          <Row key={vault.id} vault={vault} />
        ))}
      </ul>
    </Card>
  );
}
