// SPDX-License-Identifier: GPL-3.0-or-later
import { useState, type SubmitEvent } from 'react';
import { Checkbox, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ApiError } from '../../api/client';
import type { Vault } from '../../api/types';
import { setVaultPassword, vaultsQuery } from '../../api/vaults';
import { Dialog } from '../../components/dialog';
import { FormActions } from '../../components/form-actions';
import { Lockout } from '../../components/lockout';
import { NewPasswordFields, PasswordField, passwordProblems } from '../../components/new-password';
import { notifyDone } from '../../components/notify';
import { useCountdown } from '../../components/use-countdown';
import { errorText, lockedUntil } from '../../lib/errors';
import { t } from '../../lib/i18n';

const nothing = { first: '', second: '' };

/** What an answer means for the field of the current password, and for the form. */
function failures(error: Error | null): { current: string | null; other: string | null } {
  if (error === null) return { current: null, other: null };
  if (error instanceof ApiError && error.status === 403) return { current: t('This password is wrong.'), other: null };
  if (error instanceof ApiError && error.status === 429) return { current: null, other: null };
  return { current: null, other: errorText(error) };
}

/** Gives a vault a password, another one, or none any more. */
export function PasswordDialog({ vault, close }: { vault: Vault; close: () => void }) {
  const [current, setCurrent] = useState('');
  const [fresh, setFresh] = useState(nothing);
  const [removing, setRemoving] = useState(false);
  const [checked, setChecked] = useState(false);
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: () => setVaultPassword(vault.id, removing ? '' : fresh.first, vault.protected ? current : undefined),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: vaultsQuery.queryKey });
      notifyDone(
        removing
          ? t('“{name}” has no password any more.', { name: vault.name })
          : t('The password of “{name}” is set.', { name: vault.name }),
      );
      close();
    },
  });
  const seconds = useCountdown(lockedUntil(change.error, change.submittedAt));
  const problems = passwordProblems(fresh);
  const failed = failures(change.error);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setChecked(true);
    if (vault.protected && current === '') return;
    if (removing || (problems.first === null && problems.second === null)) change.mutate();
  };
  const title = vault.protected ? t('Change the password of “{name}”', { name: vault.name }) : t('Set a password for “{name}”', { name: vault.name });
  return (
    <Dialog title={title} onClose={close}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <Text size="sm" c="dimmed">
            {t('With a password only who knows it can open the vault, also on this machine. It is locked after each start. When the password is lost, so are the files.')}
          </Text>
          <Lockout seconds={seconds} />
          {vault.protected ? (
            <PasswordField
              focus
              label={t('Current password')}
              value={current}
              onChange={setCurrent}
              error={failed.current ?? (checked && current === '' ? t('Type the password first.') : null)}
              autoComplete="current-password"
            />
          ) : null}
          {removing ? null : <NewPasswordFields value={fresh} set={setFresh} checked={checked} focus={!vault.protected} />}
          {vault.protected ? (
            <Checkbox
              label={t('Remove the password instead')}
              checked={removing}
              onChange={(event) => setRemoving(event.currentTarget.checked)}
            />
          ) : null}
          <FormActions
            action={removing ? t('Remove the password') : t('Set the password')}
            pending={change.isPending}
            cancel={close}
            danger={removing}
            disabled={seconds > 0}
            error={failed.other}
          />
        </Stack>
      </form>
    </Dialog>
  );
}
