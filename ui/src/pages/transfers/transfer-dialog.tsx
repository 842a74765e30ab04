// SPDX-License-Identifier: GPL-3.0-or-later
import { useState, type SubmitEvent } from 'react';
import { Radio, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { startTransfer } from '../../api/transfers';
import type { Transfer, Vault } from '../../api/types';
import { Dialog } from '../../components/dialog';
import { FormActions } from '../../components/form-actions';
import { t } from '../../lib/i18n';
import { navigate } from '../../lib/router';
import { addTransfer } from '../../live/transfers';
import { HostFolder } from './host-folder';

type Existing = Transfer['existing'];

interface TransferDialogProps {
  kind: Transfer['kind'];
  vault: Vault;
  folder: string;
  close: () => void;
}

function words(kind: Transfer['kind'], name: string) {
  return kind === 'import'
    ? {
        title: t('Import a folder into “{name}”', { name }),
        host: t('Folder of this machine'),
        hostHint: t('Everything in it is copied; the folder itself stays as it is.'),
        vaultPath: t('Into this folder of the vault'),
        replace: t('Files that differ become a new version'),
        skip: t('Files that are there already stay as they are'),
        action: t('Import'),
      }
    : {
        title: t('Export “{name}” to a folder', { name }),
        host: t('To this folder of this machine'),
        hostHint: t('It is made when it is missing. What is in it already and not in the vault stays.'),
        vaultPath: t('This folder of the vault'),
        replace: t('Files that differ are replaced'),
        skip: t('Files that are there already stay as they are'),
        action: t('Export'),
      };
}

/** Starts the copying of a folder between this machine and a vault. */
export function TransferDialog({ kind, vault, folder, close }: TransferDialogProps) {
  const [hostPath, setHostPath] = useState('');
  const [vaultPath, setVaultPath] = useState(folder);
  const [existing, setExisting] = useState<Existing>(kind === 'import' ? 'replace' : 'skip');
  const [checked, setChecked] = useState(false);
  const client = useQueryClient();
  const text = words(kind, vault.name);
  const change = useMutation({
    mutationFn: () => startTransfer({ kind, vault: vault.id, hostPath, vaultPath: vaultPath === '' ? '/' : vaultPath, existing }),
    onSuccess: (transfer) => {
      addTransfer(client, transfer);
      close();
      navigate({ page: 'transfers' });
    },
  });
  const problem = hostPath.startsWith('/') ? null : t('Choose a folder, or type a whole path.');
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setChecked(true);
    if (problem === null) change.mutate();
  };
  return (
    <Dialog title={text.title} onClose={close} size="lg">
      <form onSubmit={submit} noValidate>
        <Stack>
          <HostFolder
            label={text.host}
            description={text.hostHint}
            path={hostPath}
            setPath={setHostPath}
            error={checked ? problem : null}
          />
          <TextInput
            label={text.vaultPath}
            value={vaultPath}
            onChange={(event) => setVaultPath(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
          />
          <Radio.Group label={t('When a file is there already')} value={existing} onChange={(value) => setExisting(value as Existing)}>
            <Stack gap="xs" mt="xs">
              <Radio value="replace" label={text.replace} />
              <Radio value="skip" label={text.skip} />
            </Stack>
          </Radio.Group>
          <FormActions action={text.action} pending={change.isPending} cancel={close} error={change.error} />
        </Stack>
      </form>
    </Dialog>
  );
}
