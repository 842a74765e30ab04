// SPDX-License-Identifier: GPL-3.0-or-later
import { useState, type SubmitEvent } from 'react';
import { Stack, Text } from '@mantine/core';
import { LockClosedIcon } from '@heroicons/react/24/outline';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ApiError } from '../../api/client';
import type { Vault } from '../../api/types';
import { lockVault, unlockVaults, vaultsQuery } from '../../api/vaults';
import { Dialog } from '../../components/dialog';
import { Empty } from '../../components/empty';
import { FormActions } from '../../components/form-actions';
import { Lockout } from '../../components/lockout';
import { PasswordField } from '../../components/new-password';
import { notifyDone, notifyError } from '../../components/notify';
import { Page } from '../../components/page';
import { useCountdown } from '../../components/use-countdown';
import { errorText, lockedUntil } from '../../lib/errors';
import { t, tn } from '../../lib/i18n';

function failureText(error: Error | null): string | null {
  if (error === null) return null;
  const status = error instanceof ApiError ? error.status : 0;
  if (status === 403) return t('This password opens no locked vault.');
  return status === 429 ? null : errorText(error);
}

/** Asks for a password, which is tried on every locked vault. */
function UnlockForm({ done, cancel }: { done?: () => void; cancel?: () => void }) {
  const [password, setPassword] = useState('');
  const [empty, setEmpty] = useState(false);
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: () => unlockVaults(password),
    onSuccess: async ({ unlocked }) => {
      notifyDone(tn('{n} vault is open.', '{n} vaults are open.', unlocked.length));
      await client.invalidateQueries({ queryKey: vaultsQuery.queryKey });
      done?.();
    },
  });
  const seconds = useCountdown(lockedUntil(change.error, change.submittedAt));
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setEmpty(password === '');
    if (password !== '') change.mutate();
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack w={360} maw="100%">
        <Lockout seconds={seconds} />
        <PasswordField
          focus
          label={t('Password of the vault')}
          value={password}
          onChange={setPassword}
          error={empty ? t('Type the password first.') : failureText(change.error)}
          autoComplete="current-password"
        />
        <Text size="sm" c="dimmed">
          {t('It is tried on every vault that is locked.')}
        </Text>
        <FormActions action={t('Unlock')} pending={change.isPending} cancel={cancel} disabled={seconds > 0} />
      </Stack>
    </form>
  );
}

export function UnlockDialog({ close }: { close: () => void }) {
  return (
    <Dialog title={t('Unlock vaults')} onClose={close}>
      <UnlockForm done={close} cancel={close} />
    </Dialog>
  );
}

/** Stands in for every page of a vault while it is locked. */
export function LockedPage({ vault }: { vault: Vault }) {
  return (
    <Page title={vault.name}>
      <Empty icon={LockClosedIcon} title={t('“{name}” is locked', { name: vault.name })}>
        {vault.protected ? <UnlockForm /> : t('Its key cannot be opened on this machine.')}
      </Empty>
    </Page>
  );
}

export async function lock(vault: Vault): Promise<void> {
  try {
    await lockVault(vault.id); // that it is locked comes as an event
    notifyDone(t('“{name}” is locked.', { name: vault.name }));
  } catch (error) {
    notifyError(error);
  }
}
