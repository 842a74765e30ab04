// SPDX-License-Identifier: GPL-3.0-or-later
import { Alert, Skeleton, Stack, Text } from '@mantine/core';
import { ExclamationTriangleIcon } from '@heroicons/react/24/outline';
import { useQuery } from '@tanstack/react-query';
import { inviteQuery } from '../../api/mesh';
import type { Network } from '../../api/types';
import { Dialog } from '../../components/dialog';
import { Failure } from '../../components/failure';
import { SecretUrl } from '../../components/secret-url';
import { t } from '../../lib/i18n';

/** The join URL of a network, for another machine. */
export function InviteDialog({ network, name, close }: { network: Network; name: string; close: () => void }) {
  const query = useQuery(inviteQuery(network.id));
  return (
    <Dialog title={t('Add a machine to “{name}”', { name })} onClose={close}>
      <Stack>
        <Text size="sm">{t('On the other machine, open “Machines”, choose “Join a network” and paste this URL.')}</Text>
        <Alert
          variant="default"
          title={t('Whoever has this URL is a member')}
          icon={<ExclamationTriangleIcon width={20} aria-hidden color="var(--mh-warn)" />}
        >
          {t('The key of the network is in it. Send it only over a way that you trust; if it gets into wrong hands, change the key.')}
        </Alert>
        {query.isPending ? <Skeleton h={300} role="status" aria-label={t('Loading')} /> : null}
        {query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
        {query.isSuccess ? <SecretUrl label={t('Join URL')} url={query.data} qrLabel={t('The join URL as a QR code')} /> : null}
      </Stack>
    </Dialog>
  );
}
