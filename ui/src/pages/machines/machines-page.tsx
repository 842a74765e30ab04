// SPDX-License-Identifier: GPL-3.0-or-later
import { useState } from 'react';
import { Button, Skeleton } from '@mantine/core';
import { PlusIcon, SignalSlashIcon } from '@heroicons/react/24/outline';
import { useQuery } from '@tanstack/react-query';
import { networksQuery } from '../../api/mesh';
import type { Network } from '../../api/types';
import { Empty } from '../../components/empty';
import { Failure } from '../../components/failure';
import { Page } from '../../components/page';
import { t } from '../../lib/i18n';
import { AccessRule } from './access-rule';
import { FirstRun } from './first-run';
import { InviteDialog } from './invite-dialog';
import { LeftOut } from './left-out';
import { MachineList } from './machine-list';
import { MachineMap } from './machine-map';
import { networkTitle } from './names';
import { Nat } from './nat';
import { Networks } from './networks';

function Connected({ networks }: { networks: Network[] }) {
  const current = networks.find(({ state }) => state === 'online');
  if (networks.length === 0) return <FirstRun />;
  return (
    <>
      {current === undefined ? (
        <Empty icon={SignalSlashIcon} title={t('This machine is in no network now')}>
          {t('It works alone until a network is connected.')}
        </Empty>
      ) : (
        <>
          <LeftOut />
          <MachineList network={current.id} />
          <MachineMap network={current.id} />
          <Nat network={current.id} />
          <AccessRule network={current.id} />
        </>
      )}
      <Networks networks={networks} />
    </>
  );
}

/** The machines that work together, and the networks that they are in. */
export function MachinesPage() {
  const [inviting, setInviting] = useState<{ network: Network; name: string } | null>(null);
  const query = useQuery(networksQuery);
  const current = query.data?.find(({ state }) => state === 'online');
  return (
    <Page
      title={t('Machines')}
      actions={
        current === undefined ? undefined : (
          <Button
            leftSection={<PlusIcon width={18} aria-hidden />}
            onClick={() => setInviting({ network: current, name: networkTitle(current, query.data ?? []) })}
          >
            {t('Add a machine')}
          </Button>
        )
      }
    >
      {query.isPending ? <Skeleton h={260} radius={14} role="status" aria-label={t('Loading')} /> : null}
      {query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
      {query.data === undefined ? null : <Connected networks={query.data} />}
      {inviting === null ? null : <InviteDialog {...inviting} close={() => setInviting(null)} />}
    </Page>
  );
}
