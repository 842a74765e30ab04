// SPDX-License-Identifier: GPL-3.0-or-later
import type { ReactNode } from 'react';
import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Vault } from '../../api/types';
import { vaultsQuery } from '../../api/vaults';
import { Failure } from '../../components/failure';
import { Page } from '../../components/page';
import { isRefusal } from '../../lib/errors';
import { t } from '../../lib/i18n';
import { MissingPage } from '../missing-page';
import { LockedPage } from './unlock-form';

/** Finds the vault that an address names, and says so when there is none. */
export function WithVault({ id, children }: { id: string; children: (vault: Vault) => ReactNode }) {
  const vaults = useQuery(vaultsQuery);
  if (vaults.isPending) return <Skeleton h={320} m="xl" role="status" aria-label={t('Loading')} />;
  if (vaults.data === undefined || isRefusal(vaults.error))
    return (
      <Page title={t('Files')}>
        <Failure error={vaults.error} retry={() => void vaults.refetch()} />
      </Page>
    );
  const vault = vaults.data.find((one) => one.id === id);
  if (vault === undefined) return <MissingPage />;
  return vault.locked ? <LockedPage vault={vault} /> : children(vault);
}
