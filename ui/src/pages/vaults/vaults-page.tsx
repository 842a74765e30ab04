// SPDX-License-Identifier: GPL-3.0-or-later
import { useState } from 'react';
import { Button, Group, Skeleton, Text } from '@mantine/core';
import {
  ArchiveBoxIcon,
  LockClosedIcon,
  LockOpenIcon,
  PlusIcon,
} from '@heroicons/react/24/outline';
import { useQuery } from '@tanstack/react-query';
import { vaultsQuery } from '../../api/vaults';
import type { Vault } from '../../api/types';
import { Fact, Facts, Tile, Tiles, TilesToCome } from '../../components/card';
import { Empty } from '../../components/empty';
import { Failure } from '../../components/failure';
import { Page } from '../../components/page';
import { formatBytes } from '../../lib/format';
import { isRefusal } from '../../lib/errors';
import { t, tn } from '../../lib/i18n';
import { hrefOf } from '../../lib/router';
import { OthersVaults } from './others-vaults';
import { QuotaBar } from './quota-bar';
import { JoinVault } from './share-dialogs';
import { CreateVault } from './vault-dialogs';
import { UnlockDialog } from './unlock-form';
import { VaultMenu } from './vault-menu';
import classes from './vaults-page.module.css';

function Figures({ vault }: { vault: Vault }) {
  const saved = vault.bytes > 0 ? Math.min(99, Math.floor(100 * (1 - vault.stored_bytes / vault.bytes))) : 0;
  return (
    <Facts>
      <Fact name={t('Size')}>{formatBytes(vault.bytes)}</Fact>
      <Fact name={t('On disk')}>
        {formatBytes(vault.stored_bytes)}
        {saved > 0 ? <span className={classes.saved}>−{saved} %</span> : null}
      </Fact>
    </Facts>
  );
}

function VaultCard({ vault }: { vault: Vault }) {
  return (
    <Tile
      icon={vault.locked ? LockClosedIcon : ArchiveBoxIcon}
      name={vault.name}
      href={hrefOf({ page: 'files', vault: vault.id, folder: '/' })}
      detail={vault.locked ? t('locked') : tn('{n} file', '{n} files', vault.files)}
      aside={<VaultMenu vault={vault} />}
    >
      <Figures vault={vault} />
      <QuotaBar vault={vault} />
    </Tile>
  );
}

function List({ create }: { create: () => void }) {
  const query = useQuery(vaultsQuery);
  if (query.isPending)
    return (
      <TilesToCome label={t('Loading')}>
        <Skeleton h={150} radius={14} />
        <Skeleton h={150} radius={14} />
      </TilesToCome>
    );
  if (query.data === undefined || isRefusal(query.error)) return <Failure error={query.error} retry={() => void query.refetch()} />;
  if (query.data.length === 0)
    return (
      <Empty icon={ArchiveBoxIcon} title={t('Make your first vault')}>
        <Text c="dimmed" ta="center" maw={460}>
          {t(
            'A vault is a place for files with a key of its own. Everything in it is sealed with that key before it touches the disk, and every version is kept.',
          )}
        </Text>
        <Button mt="sm" size="md" leftSection={<PlusIcon width={18} />} onClick={create}>
          {t('New vault')}
        </Button>
      </Empty>
    );
  return (
    <Tiles>
      {query.data.map((vault) => (
        <VaultCard key={vault.id} vault={vault} />
      ))}
    </Tiles>
  );
}

export function VaultsPage() {
  const [creating, setCreating] = useState(false);
  const [joining, setJoining] = useState(false);
  const [unlocking, setUnlocking] = useState(false);
  const { data } = useQuery(vaultsQuery);
  const locked = data?.some((vault) => vault.locked && vault.protected) ?? false;
  return (
    <Page
      title={t('Vaults')}
      actions={
        <Group>
          {locked ? (
            <Button variant="default" leftSection={<LockOpenIcon width={18} aria-hidden />} onClick={() => setUnlocking(true)}>
              {t('Unlock …')}
            </Button>
          ) : null}
          <Button variant="default" onClick={() => setJoining(true)}>
            {t('Join a vault')}
          </Button>
          <Button leftSection={<PlusIcon width={18} />} onClick={() => setCreating(true)}>
            {t('New vault')}
          </Button>
        </Group>
      }
    >
      <List create={() => setCreating(true)} />
      <OthersVaults />
      {unlocking ? <UnlockDialog close={() => setUnlocking(false)} /> : null}
      {joining ? <JoinVault close={() => setJoining(false)} /> : null}
      {creating ? <CreateVault close={() => setCreating(false)} /> : null}
    </Page>
  );
}
