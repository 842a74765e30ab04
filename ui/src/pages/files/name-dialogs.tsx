// SPDX-License-Identifier: GPL-3.0-or-later
import { useState, type SubmitEvent } from 'react';
import { Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { ApiError } from '../../api/client';
import { moveFile } from '../../api/files';
import { Dialog } from '../../components/dialog';
import { FormActions } from '../../components/form-actions';
import { notifyUndo } from '../../components/notify';
import { errorText } from '../../lib/errors';
import { t } from '../../lib/i18n';
import { noteGone } from '../../live/folders';
import { joinPath, nameFault, parentOf } from '../../lib/paths';
import { navigate } from '../../lib/router';
import type { Row } from './rows';

function faultText(name: string): string | null {
  switch (nameFault(name)) {
    case 'empty':
      return t('Type a name.');
    case 'slash':
      return t('A name cannot hold a slash.');
    case 'dots':
      return t('“.” and “..” are not names.');
    case 'nul':
      return t('A name cannot hold this character.');
    case 'long':
      return t('This name is too long: 255 bytes are possible.');
    case null:
      return null;
  }
}

interface NameDialogProps {
  title: string;
  action: string;
  initial: string;
  note?: string;
  run: (name: string) => Promise<void>;
  close: () => void;
}

function NameDialog({ title, action, initial, note, run, close }: NameDialogProps) {
  const [name, setName] = useState(initial);
  const [problem, setProblem] = useState<string | null>(null);
  const change = useMutation({ mutationFn: run, onSuccess: close });
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const fault = faultText(name);
    setProblem(fault);
    if (fault === null) change.mutate(name);
  };
  const taken = change.error instanceof ApiError && change.error.status === 409;
  const failure = change.error === null ? null : taken ? t('This name is taken.') : errorText(change.error);
  return (
    <Dialog title={title} onClose={close}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <TextInput
            data-autofocus
            label={t('Name')}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            onFocus={(event) => {
              const dot = event.currentTarget.value.lastIndexOf('.');
              event.currentTarget.setSelectionRange(0, dot > 0 ? dot : event.currentTarget.value.length);
            }}
            error={problem ?? failure}
            autoComplete="off"
          />
          {note === undefined ? null : (
            <Text size="sm" c="dimmed">
              {note}
            </Text>
          )}
          <FormActions action={action} pending={change.isPending} cancel={close} />
        </Stack>
      </form>
    </Dialog>
  );
}

interface RenameDialogProps {
  vault: string;
  row: Row;
  onRenamed: (key: string) => void;
  close: () => void;
}

export function RenameDialog({ vault, row, onRenamed, close }: RenameDialogProps) {
  const run = async (name: string): Promise<void> => {
    if (name === row.name) return;
    const to = joinPath(parentOf(row.path), name);
    await moveFile(vault, row.path, to);
    noteGone(vault, [row.path]);
    onRenamed(row.key.charAt(0) + to);
    notifyUndo(t('“{old}” is now “{name}”.', { old: row.name, name }), async () => {
      await moveFile(vault, to, row.path);
    });
  };
  return <NameDialog title={t('Rename “{name}”', { name: row.name })} action={t('Rename')} initial={row.name} run={run} close={close} />;
}

export function NewFolderDialog({ vault, folder, close }: { vault: string; folder: string; close: () => void }) {
  const run = (name: string): Promise<void> => {
    navigate({ page: 'files', vault, folder: joinPath(folder, name) });
    return Promise.resolve();
  };
  return (
    <NameDialog
      title={t('New folder')}
      action={t('Open it')}
      initial=""
      note={t('A folder stays once there is a file in it.')}
      run={run}
      close={close}
    />
  );
}
