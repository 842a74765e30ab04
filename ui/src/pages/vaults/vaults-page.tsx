// SPDX-License-Identifier: GPL-3.0-or-later
import { useState } from 'react';
import { Button, Group, Menu, Skeleton, Text } from '@mantine/core';
import {
  ArchiveBoxIcon,
  EllipsisVerticalIcon,
  LockClosedIcon,
  PencilIcon,
  PlusIcon,
  TrashIcon,
} from '@heroicons/react/24/outline';
import { useQuery } from '@tanstack/react-query';
import { vaultsQuery } from '../../api/vaults';
import type { Vault } from '../../api/types';
import { Empty } from '../../components/empty';
import { Failure } from '../../components/failure';
import { IconButton } from '../../components/icon-button';
import { Page } from '../../components/page';
import { formatBytes } from '../../lib/format';
import { t, tn } from '../../lib/i18n';
import { hrefOf } from '../../lib/router';
import { CreateVault, DeleteVault, RenameVault } from './vault-dialogs';
import classes from './vaults-page.module.css';

type Open = { what: 'create' } | { what: 'rename' | 'delete'; vault: Vault } | null;

function Figures({ vault }: { vault: Vault }) {
  const saved = vault.bytes > 0 ? Math.min(99, Math.floor(100 * (1 - vault.stored_bytes / vault.bytes))) : 0;
  return (
    <dl className={classes.figures}>
      <div>
        <dt>{t('Size')}</dt>
        <dd>{formatBytes(vault.bytes)}</dd>
      </div>
      <div>
        <dt>{t('On disk')}</dt>
        <dd>
          {formatBytes(vault.stored_bytes)}
          {saved > 0 ? <span className={classes.saved}>−{saved} %</span> : null}
        </dd>
      </div>
    </dl>
  );
}

function VaultCard({ vault, open }: { vault: Vault; open: (next: Open) => void }) {
  return (
    <li className={`mh-card ${classes.card}`}>
      <div className={classes.top}>
        <span className={classes.glyph}>
          {vault.locked ? <LockClosedIcon width={22} aria-hidden /> : <ArchiveBoxIcon width={22} aria-hidden />}
        </span>
        <div className={classes.names}>
          <a className={classes.name} href={hrefOf({ page: 'files', vault: vault.id, folder: '/' })}>
            {vault.name}
          </a>
          <Text size="sm" c="dimmed">
            {tn('{n} file', '{n} files', vault.files)}
          </Text>
        </div>
        <Menu position="bottom-end" width={190}>
          <Menu.Target>
            <IconButton
              className={classes.more}
              icon={EllipsisVerticalIcon}
              label={t('Actions for {name}', { name: vault.name })}
            />
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<PencilIcon width={18} />} onClick={() => open({ what: 'rename', vault })}>
              {t('Rename …')}
            </Menu.Item>
            <Menu.Item
              c="var(--mh-bad)"
              leftSection={<TrashIcon width={18} />}
              onClick={() => open({ what: 'delete', vault })}
            >
              {t('Delete …')}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
      <Figures vault={vault} />
    </li>
  );
}

function List({ open }: { open: (next: Open) => void }) {
  const query = useQuery(vaultsQuery);
  if (query.isPending)
    return (
      <div className={classes.grid} role="status" aria-label={t('Loading')}>
        <Skeleton h={150} radius={14} />
        <Skeleton h={150} radius={14} />
      </div>
    );
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />;
  if (query.data.length === 0)
    return (
      <Empty icon={ArchiveBoxIcon} title={t('Make your first vault')}>
        <Text c="dimmed" ta="center" maw={460}>
          {t(
            'A vault is a place for files with a key of its own. Everything in it is sealed with that key before it touches the disk, and every version is kept.',
          )}
        </Text>
        <Button mt="sm" size="md" leftSection={<PlusIcon width={18} />} onClick={() => open({ what: 'create' })}>
          {t('New vault')}
        </Button>
      </Empty>
    );
  return (
    <ul className={classes.grid}>
      {query.data.map((vault) => (
        <VaultCard key={vault.id} vault={vault} open={open} />
      ))}
    </ul>
  );
}

export function VaultsPage() {
  const [open, setOpen] = useState<Open>(null);
  const close = (): void => setOpen(null);
  return (
    <Page
      title={t('Vaults')}
      actions={
        <Group>
          <Button leftSection={<PlusIcon width={18} />} onClick={() => setOpen({ what: 'create' })}>
            {t('New vault')}
          </Button>
        </Group>
      }
    >
      <List open={setOpen} />
      {open?.what === 'create' ? <CreateVault close={close} /> : null}
      {open?.what === 'rename' ? <RenameVault vault={open.vault} close={close} /> : null}
      {open?.what === 'delete' ? <DeleteVault vault={open.vault} close={close} /> : null}
    </Page>
  );
}
