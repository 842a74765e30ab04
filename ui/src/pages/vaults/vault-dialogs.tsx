// SPDX-License-Identifier: GPL-3.0-or-later
import { useState, type ReactNode, type SubmitEvent } from 'react';
import { Checkbox, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ApiError } from '../../api/client';
import type { Vault } from '../../api/types';
import { changeVault, createVault, deleteVault, vaultsQuery } from '../../api/vaults';
import { Dialog } from '../../components/dialog';
import { FormActions } from '../../components/form-actions';
import { NewPasswordFields, passwordProblems } from '../../components/new-password';
import { notifyDone } from '../../components/notify';
import { errorText } from '../../lib/errors';
import { t, tn } from '../../lib/i18n';
import { hrefOf } from '../../lib/router';

const encoder = new TextEncoder();

function nameProblem(name: string): string | null {
  if (name.trim() === '') return t('A vault needs a name.');
  return encoder.encode(name).length > 128 ? t('This name is too long.') : null;
}

function failureText(error: unknown): string | null {
  if (error === null) return null;
  if (error instanceof ApiError && error.status === 409) return t('There is a vault of this name already.');
  return errorText(error);
}

interface NameFormProps {
  title: string;
  action: string;
  initial: string;
  run: (name: string) => Promise<unknown>;
  close: () => void;
  /** What stands below the name, and whether it is filled in rightly. */
  more?: { fields: ReactNode; check: () => boolean };
}

function NameForm({ title, action, initial, run, close, more }: NameFormProps) {
  const [name, setName] = useState(initial);
  const [problem, setProblem] = useState<string | null>(null);
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: run,
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: vaultsQuery.queryKey });
      close();
    },
  });
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const found = nameProblem(name);
    setProblem(found);
    const complete = more?.check() ?? true;
    if (found === null && complete) change.mutate(name.trim());
  };
  return (
    <Dialog title={title} onClose={close}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <TextInput
            data-autofocus
            label={t('Name')}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={problem ?? failureText(change.error)}
            autoComplete="off"
          />
          {more?.fields}
          <FormActions action={action} pending={change.isPending} cancel={close} />
        </Stack>
      </form>
    </Dialog>
  );
}

export function CreateVault({ close }: { close: () => void }) {
  const [guarded, setGuarded] = useState(false);
  const [password, setPassword] = useState({ first: '', second: '' });
  const [checked, setChecked] = useState(false);
  const run = async (name: string): Promise<void> => {
    const vault = await createVault(name, guarded ? password.first : undefined);
    window.location.hash = hrefOf({ page: 'files', vault: vault.id, folder: '/' });
  };
  const check = (): boolean => {
    setChecked(true);
    const { first, second } = passwordProblems(password);
    return !guarded || (first === null && second === null);
  };
  const fields = (
    <>
      <Checkbox
        label={t('Protect it with a password')}
        description={t('It is locked after each start. When the password is lost, so are the files.')}
        checked={guarded}
        onChange={(event) => setGuarded(event.currentTarget.checked)}
      />
      {guarded ? <NewPasswordFields value={password} set={setPassword} checked={checked} /> : null}
    </>
  );
  return <NameForm title={t('New vault')} action={t('Create')} initial="" run={run} close={close} more={{ fields, check }} />;
}

export function RenameVault({ vault, close }: { vault: Vault; close: () => void }) {
  return (
    <NameForm
      title={t('Rename vault')}
      action={t('Rename')}
      initial={vault.name}
      run={(name) => changeVault(vault.id, { name })}
      close={close}
    />
  );
}

export function DeleteVault({ vault, close }: { vault: Vault; close: () => void }) {
  const [typed, setTyped] = useState('');
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: () => deleteVault(vault.id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: vaultsQuery.queryKey });
      notifyDone(t('The vault “{name}” is gone.', { name: vault.name }));
      close();
    },
  });
  const matches = typed === vault.name;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (matches) change.mutate();
  };
  return (
    <Dialog title={t('Delete the vault “{name}”?', { name: vault.name })} onClose={close}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <Text>
            {tn('It holds {n} file.', 'It holds {n} files.', vault.files)}{' '}
            {t('Its key is destroyed, and then nobody can read them any more. This cannot be undone.')}
          </Text>
          <TextInput
            data-autofocus
            label={t('Type the name of the vault to confirm')}
            description={vault.name}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            error={failureText(change.error)}
            autoComplete="off"
          />
          <FormActions action={t('Delete for ever')} pending={change.isPending} cancel={close} disabled={!matches} danger />
        </Stack>
      </form>
    </Dialog>
  );
}
