// SPDX-License-Identifier: GPL-3.0-or-later
import type { Vault } from '../../api/types';
import { Cards } from '../../components/card';
import { Page } from '../../components/page';
import { t } from '../../lib/i18n';
import { VaultCrumbs } from '../files/breadcrumbs';
import { CopiesCard } from './copies-card';
import { FolderCard } from './folder-card';

/** Where a vault is kept: the folder of this machine that mirrors it, and the copies on all machines. */
export function KeepingPage({ vault }: { vault: Vault }) {
  return (
    <Page title={t('Folder and copies of “{name}”', { name: vault.name })} heading={<VaultCrumbs vault={vault} here={t('Folder and copies')} />}>
      <Cards>
        <FolderCard vault={vault} />
        <CopiesCard vault={vault} />
      </Cards>
    </Page>
  );
}
