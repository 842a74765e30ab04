// SPDX-License-Identifier: GPL-3.0-or-later
import { useEffect, useRef, useState, type SubmitEvent } from 'react';
import { Checkbox, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { Vault } from '../../api/types';
import { changeVault, setVaultAlias, vaultsQuery } from '../../api/vaults';
import { Dialog } from '../../components/dialog';
import { FormActions } from '../../components/form-actions';
import { notifyDone } from '../../components/notify';
import { errorText } from '../../lib/errors';
import { formatBytes } from '../../lib/format';
import { t } from '../../lib/i18n';
import { units, type Unit } from '../../lib/measures';
import { QuotaBar } from './quota-bar';
import { aliasFailure, AliasRefused, readSettings, settingsForm, type SettingsChange, type SettingsForm } from './settings-form';
import { AliasField, RoleFields } from './vault-use';

interface FieldsProps {
  form: SettingsForm;
  set: (part: Partial<SettingsForm>) => void;
  /** Whether a field is wrong, and that is to be told. */
  isWrong: (name: 'hard_quota' | 'replication_factor' | 'history_keep_versions' | 'history_keep_days') => boolean;
}

function QuotaFields({ vault, form, set, isWrong }: FieldsProps & { vault: Vault }) {
  return (
    <Stack gap="xs">
      <QuotaBar vault={vault} />
      <Checkbox
        data-autofocus
        label={t('Limit how much this vault may store')}
        checked={form.limited}
        onChange={(event) => set({ limited: event.currentTarget.checked })}
      />
      {form.limited ? (
        <Group align="flex-start" wrap="nowrap" gap="xs">
          <TextInput
            label={t('At most')}
            inputMode="decimal"
            value={form.figure}
            onChange={(event) => set({ figure: event.currentTarget.value })}
            error={isWrong('hard_quota') ? t('A number above zero is needed.') : null}
          />
          <NativeSelect
            label={t('Unit')}
            value={form.unit}
            onChange={(event) => set({ unit: event.currentTarget.value as Unit })}
            data={[...units]}
          />
        </Group>
      ) : null}
      <Text size="sm" c="dimmed">
        {t('Now {used} are stored, deleted files and older versions included. When the limit is reached, nothing new is taken.', {
          used: formatBytes(vault.stored_bytes),
        })}
      </Text>
    </Stack>
  );
}

function KeepFields({ form, set, isWrong }: FieldsProps) {
  return (
    <>
      <TextInput
        label={t('Copies of every block')}
        description={t('On so many machines that are on most of the time; with one, what is on a broken disk is lost. Fewer machines mean fewer copies. This counts on all machines that have the vault.')}
        inputMode="numeric"
        value={form.copies}
        onChange={(event) => set({ copies: event.currentTarget.value })}
        error={isWrong('replication_factor') ? t('A number from 1 to 16 is needed.') : null}
      />
      <TextInput
        label={t('Days that every version is kept')}
        description={t('Deleted files can be restored as long.')}
        inputMode="numeric"
        value={form.days}
        onChange={(event) => set({ days: event.currentTarget.value })}
        error={isWrong('history_keep_days') ? t('A number from 0 to 36,500 is needed.') : null}
      />
      <TextInput
        label={t('Versions that are kept longer')}
        description={t('The newest ones of each file stay however old they are.')}
        inputMode="numeric"
        value={form.versions}
        onChange={(event) => set({ versions: event.currentTarget.value })}
        error={isWrong('history_keep_versions') ? t('A number from 1 to 100,000 is needed.') : null}
      />
    </>
  );
}

/** Saves settings, and knows what of a vault is saved when only a part of it could be. */
function useSave(vault: Vault, done: () => void) {
  const [saved, setSaved] = useState(vault);
  const client = useQueryClient();
  const save = useMutation({
    // the alias first: it is what may be refused, and then nothing is saved by half
    mutationFn: async ({ alias, change }: SettingsChange) => {
      if (alias !== null) {
        const { s3_alias } = await setVaultAlias(vault.id, alias).catch((error: unknown) => Promise.reject(aliasFailure(error) as Error));
        setSaved((old) => ({ ...old, s3_alias }));
      }
      if (Object.keys(change).length > 0) await changeVault(vault.id, change);
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: vaultsQuery.queryKey });
      notifyDone(t('The settings of “{name}” are saved.', { name: vault.name }));
      done();
    },
    onError: () => void client.invalidateQueries({ queryKey: vaultsQuery.queryKey }),
  });
  const { error, variables } = save;
  const halfSaved = error !== null && (saved.s3_alias ?? '') === variables.alias;
  const failure = halfSaved ? t('The S3 alias is saved, but nothing else: {why}', { why: errorText(error) }) : error;
  return error instanceof AliasRefused ? { ...save, saved, refusal: error.message, failure: null } : { ...save, saved, refusal: null, failure };
}

/** Quota, copies and retention of a vault, what this machine does with it, and its alias. */
export function VaultSettings({ vault, close }: { vault: Vault; close: () => void }) {
  const [form, setForm] = useState(() => settingsForm(vault));
  /** How often wrong fields were found. */
  const [found, setFound] = useState(0);
  const root = useRef<HTMLFormElement>(null);
  const { saved, refusal, failure, mutate, isPending } = useSave(vault, close);
  const { wrong, alias, change } = readSettings(form, saved);
  useEffect(() => {
    root.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus(); // it may be out of sight
  }, [found, refusal]);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (wrong.size > 0) setFound(found + 1);
    else if (alias === null && Object.keys(change).length === 0) close();
    else mutate({ alias, change });
  };
  const fields: FieldsProps = {
    form,
    set: (part) => setForm((old) => ({ ...old, ...part })),
    isWrong: (name) => found > 0 && wrong.has(name),
  };
  return (
    <Dialog title={t('Settings of “{name}”', { name: vault.name })} onClose={close} size="lg">
      <form ref={root} onSubmit={submit} noValidate>
        <Stack>
          <QuotaFields vault={vault} {...fields} />
          <KeepFields {...fields} />
          <RoleFields {...fields} />
          <AliasField {...fields} error={refusal} />
          <FormActions action={t('Save')} pending={isPending} cancel={close} error={failure} />
        </Stack>
      </form>
    </Dialog>
  );
}
