// SPDX-License-Identifier: GPL-3.0-or-later
import { useState, type SubmitEvent } from 'react';
import { Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { foldersQuery, mirrorFolder, unmirrorFolder, usualLimits, type GuardLimits } from '../../api/folders';
import type { MirrorFolder, Vault } from '../../api/types';
import { Dialog } from '../../components/dialog';
import { FormActions } from '../../components/form-actions';
import { notifyDone } from '../../components/notify';
import { fieldError } from '../../lib/errors';
import { t } from '../../lib/i18n';
import { HostFolder } from '../transfers/host-folder';
import { GuardFields, guardForm, readGuard } from './guard-fields';
import classes from './keeping.module.css';

/** Has a folder mirror a vault, and says so on the page. */
function useMirror(vault: Vault, close: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ path, limits }: { path: string; limits: GuardLimits }) => mirrorFolder(vault.id, path, limits),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: foldersQuery.queryKey });
      close();
    },
  });
}

/** Chooses the folder that is to mirror a vault. */
export function ChooseFolder({ vault, close }: { vault: Vault; close: () => void }) {
  const [path, setPath] = useState('');
  const [form, setForm] = useState(() => guardForm(usualLimits));
  const [more, setMore] = useState(false);
  const [checked, setChecked] = useState(false);
  const change = useMirror(vault, close);
  const problem = path.startsWith('/') ? null : t('Choose a folder, or type a whole path.');
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setChecked(true);
    const limits = readGuard(form);
    if (limits === null) setMore(true); // what is wrong is there
    if (problem === null && limits !== null) change.mutate({ path, limits });
  };
  return (
    <Dialog title={t('A folder for “{name}”', { name: vault.name })} onClose={close} size="lg">
      <form onSubmit={submit} noValidate>
        <Stack>
          <HostFolder
            label={t('Folder of this machine')}
            description={t('From then on it and the vault are the same: what you do in one happens in the other. What is in both and differs becomes two files.')}
            path={path}
            setPath={setPath}
            error={checked ? (problem ?? fieldError(change.error, 'path')) : null}
          />
          <details className={classes.more} open={more} onToggle={(event) => setMore(event.currentTarget.open)}>
            <summary>{t('More: when changes are held back')}</summary>
            <GuardFields form={form} set={(part) => setForm((old) => ({ ...old, ...part }))} checked={checked} />
          </details>
          <FormActions action={t('Mirror')} pending={change.isPending} cancel={close} />
        </Stack>
      </form>
    </Dialog>
  );
}

/** Changes how many changes at once are too many. */
export function ChangeLimits({ vault, folder, close }: { vault: Vault; folder: MirrorFolder; close: () => void }) {
  const [form, setForm] = useState(() => guardForm(folder));
  const [checked, setChecked] = useState(false);
  const change = useMirror(vault, close);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setChecked(true);
    const limits = readGuard(form);
    if (limits !== null) change.mutate({ path: folder.path, limits });
  };
  return (
    <Dialog title={t('When changes are held back')} onClose={close}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <GuardFields form={form} set={(part) => setForm((old) => ({ ...old, ...part }))} checked={checked} />
          <FormActions action={t('Save')} pending={change.isPending} cancel={close} error={change.error} />
        </Stack>
      </form>
    </Dialog>
  );
}

/** Ends mirroring, after it was said what stays. */
export function StopMirroring({ vault, folder, close }: { vault: Vault; folder: MirrorFolder; close: () => void }) {
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: () => unmirrorFolder(vault.id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: foldersQuery.queryKey });
      notifyDone(t('{path} does not mirror the vault any more.', { path: folder.path }));
      close();
    },
  });
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <Dialog title={t('Stop mirroring “{name}”?', { name: vault.name })} onClose={close}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <Text style={{ overflowWrap: 'anywhere' }}>
            {t('All files stay, in {path} and in the vault. What changes on one side does not come to the other any more.', { path: folder.path })}
          </Text>
          <FormActions danger action={t('Stop mirroring')} pending={change.isPending} cancel={close} error={change.error} />
        </Stack>
      </form>
    </Dialog>
  );
}
