// SPDX-License-Identifier: GPL-3.0-or-later
import { useState } from 'react';
import { Menu } from '@mantine/core';
import {
  AdjustmentsHorizontalIcon,
  ArrowDownOnSquareIcon,
  ArrowUpOnSquareIcon,
  ChartBarIcon,
  EllipsisVerticalIcon,
  FolderOpenIcon,
  KeyIcon,
  LockClosedIcon,
  LockOpenIcon,
  PencilIcon,
  ShareIcon,
  TrashIcon,
  XCircleIcon,
} from '@heroicons/react/24/outline';
import type { Vault } from '../../api/types';
import { IconButton } from '../../components/icon-button';
import { t } from '../../lib/i18n';
import { hrefOf } from '../../lib/router';
import { TransferDialog } from '../transfers/transfer-dialog';
import { PasswordDialog } from './password-dialog';
import { lock, UnlockDialog } from './unlock-form';
import { ShareVault } from './share-dialogs';
import { DeleteVault, RenameVault } from './vault-dialogs';
import { VaultSettings } from './vault-settings';

type Open = 'rename' | 'delete' | 'settings' | 'import' | 'export' | 'password' | 'unlock' | 'share' | null;

interface VaultMenuProps {
  vault: Vault;
  /** The folder that is shown; imports go there. */
  folder?: string;
}

function OpenDialog({ vault, folder, open, close }: { vault: Vault; folder: string; open: Open; close: () => void }) {
  switch (open) {
    case 'rename':
      return <RenameVault vault={vault} close={close} />;
    case 'delete':
      return <DeleteVault vault={vault} close={close} />;
    case 'settings':
      return <VaultSettings vault={vault} close={close} />;
    case 'import':
    case 'export':
      return <TransferDialog kind={open} vault={vault} folder={folder} close={close} />;
    case 'password':
      return <PasswordDialog vault={vault} close={close} />;
    case 'share':
      return <ShareVault vault={vault} close={close} />;
    case 'unlock':
      return <UnlockDialog close={close} />;
    case null:
      return null;
  }
}

function Entries({ vault, setOpen }: { vault: Vault; setOpen: (open: Open) => void }) {
  return (
    <>
      <Menu.Item component="a" href={hrefOf({ page: 'trash', vault: vault.id })} leftSection={<TrashIcon width={18} aria-hidden />}>
        {t('Trash')}
      </Menu.Item>
      <Menu.Item
        component="a"
        href={hrefOf({ page: 'analytics', vault: vault.id })}
        leftSection={<ChartBarIcon width={18} aria-hidden />}
      >
        {t('What takes the space')}
      </Menu.Item>
      <Menu.Item
        component="a"
        href={hrefOf({ page: 'keeping', vault: vault.id })}
        leftSection={<FolderOpenIcon width={18} aria-hidden />}
      >
        {t('Folder and copies')}
      </Menu.Item>
      <Menu.Item leftSection={<ShareIcon width={18} aria-hidden />} onClick={() => setOpen('share')}>
        {t('Share …')}
      </Menu.Item>
      <Menu.Item leftSection={<ArrowDownOnSquareIcon width={18} aria-hidden />} onClick={() => setOpen('import')}>
        {t('Import a folder …')}
      </Menu.Item>
      <Menu.Item leftSection={<ArrowUpOnSquareIcon width={18} aria-hidden />} onClick={() => setOpen('export')}>
        {t('Export to a folder …')}
      </Menu.Item>
      <Menu.Item leftSection={<KeyIcon width={18} aria-hidden />} onClick={() => setOpen('password')}>
        {t('Password …')}
      </Menu.Item>
      {vault.protected ? (
        <Menu.Item leftSection={<LockClosedIcon width={18} aria-hidden />} onClick={() => void lock(vault)}>
          {t('Lock')}
        </Menu.Item>
      ) : null}
    </>
  );
}

/** What can be done with a whole vault. */
export function VaultMenu({ vault, folder = '/' }: VaultMenuProps) {
  const [open, setOpen] = useState<Open>(null);
  return (
    <>
      <Menu position="bottom-end" width={230}>
        <Menu.Target>
          <IconButton icon={EllipsisVerticalIcon} label={t('Actions for {name}', { name: vault.name })} />
        </Menu.Target>
        <Menu.Dropdown>
          {vault.locked ? null : <Entries vault={vault} setOpen={setOpen} />}
          {vault.locked && vault.protected ? (
            <Menu.Item leftSection={<LockOpenIcon width={18} aria-hidden />} onClick={() => setOpen('unlock')}>
              {t('Unlock …')}
            </Menu.Item>
          ) : null}
          <Menu.Item leftSection={<AdjustmentsHorizontalIcon width={18} aria-hidden />} onClick={() => setOpen('settings')}>
            {t('Settings …')}
          </Menu.Item>
          <Menu.Item leftSection={<PencilIcon width={18} aria-hidden />} onClick={() => setOpen('rename')}>
            {t('Rename …')}
          </Menu.Item>
          <Menu.Item c="var(--mh-bad)" leftSection={<XCircleIcon width={18} aria-hidden />} onClick={() => setOpen('delete')}>
            {t('Delete …')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <OpenDialog vault={vault} folder={folder} open={open} close={() => setOpen(null)} />
    </>
  );
}
