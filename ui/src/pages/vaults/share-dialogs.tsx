// SPDX-License-Identifier: GPL-3.0-or-later
import { useState, type SubmitEvent } from 'react';
import { Alert, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { ExclamationTriangleIcon } from '@heroicons/react/24/outline';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Vault } from '../../api/types';
import { joinVault, shareQuery, vaultsQuery } from '../../api/vaults';
import { Dialog } from '../../components/dialog';
import { Failure } from '../../components/failure';
import { FormActions } from '../../components/form-actions';
import { SecretUrl } from '../../components/secret-url';
import { fieldError } from '../../lib/errors';
import { t } from '../../lib/i18n';
import { hrefOf } from '../../lib/router';

const URL_START = 'meshhold://vault/';

/** The URL that gives another machine the key of a vault. */
export function ShareVault({ vault, close }: { vault: Vault; close: () => void }) {
  const query = useQuery(shareQuery(vault.id));
  return (
    <Dialog title={t('Share “{name}”', { name: vault.name })} onClose={close}>
      <Stack>
        <Text size="sm">{t('On another machine of the network, choose “Join a vault” and paste this URL.')}</Text>
        <Alert
          variant="default"
          title={vault.protected ? t('Whoever has this URL and the password reads the vault') : t('Whoever has this URL reads the vault')}
          icon={<ExclamationTriangleIcon width={20} aria-hidden color="var(--mh-warn)" />}
        >
          {t('The key of the vault is in it. Send it only over a way that you trust: it cannot be taken back.')}
        </Alert>
        {query.isPending ? <Skeleton h={300} role="status" aria-label={t('Loading')} /> : null}
        {query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
        {query.isSuccess ? <SecretUrl label={t('Share URL')} url={query.data} qrLabel={t('The share URL as a QR code')} /> : null}
      </Stack>
    </Dialog>
  );
}

/** Adopts a vault of another machine. */
export function JoinVault({ close }: { close: () => void }) {
  const [url, setUrl] = useState('');
  const [wrong, setWrong] = useState(false);
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: joinVault,
    onSuccess: async ({ id }) => {
      await client.invalidateQueries({ queryKey: vaultsQuery.queryKey });
      close();
      window.location.hash = hrefOf({ page: 'files', vault: id, folder: '/' });
    },
  });
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const found = !url.trim().startsWith(URL_START);
    setWrong(found);
    if (!found) change.mutate(url.trim());
  };
  return (
    <Dialog title={t('Join a vault')} onClose={close}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <TextInput
            data-autofocus
            label={t('Share URL')}
            description={t('From a machine that has the vault: “Share …” in its menu')}
            placeholder={`${URL_START}…`}
            value={url}
            onChange={(event) => setUrl(event.currentTarget.value)}
            error={wrong ? t('It begins with {start}', { start: URL_START }) : fieldError(change.error, 'url')}
            autoComplete="off"
            spellCheck={false}
          />
          <FormActions action={t('Join')} pending={change.isPending} cancel={close} />
        </Stack>
      </form>
    </Dialog>
  );
}
