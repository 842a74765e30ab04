// SPDX-License-Identifier: GPL-3.0-or-later
import { useState, type SubmitEvent } from 'react';
import { Checkbox, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { Vault, VaultChange } from '../../api/types';
import { changeVault, vaultsQuery } from '../../api/vaults';
import { Dialog } from '../../components/dialog';
import { FormActions } from '../../components/form-actions';
import { notifyDone } from '../../components/notify';
import { formatBytes } from '../../lib/format';
import { t } from '../../lib/i18n';
import { joinBytes, splitBytes, units, wholeNumber, type Unit } from '../../lib/measures';
import { QuotaBar } from './quota-bar';

const MOST_COPIES = 16;
const MOST_VERSIONS = 100_000;
const MOST_DAYS = 36_500;
const FIRST_QUOTA = 10 * 1024 ** 3;

interface Form {
  limited: boolean;
  figure: string;
  unit: Unit;
  copies: string;
  versions: string;
  days: string;
}

function formOf(vault: Vault): Form {
  return {
    limited: vault.hard_quota > 0,
    ...splitBytes(vault.hard_quota > 0 ? vault.hard_quota : FIRST_QUOTA),
    copies: String(vault.replication_factor),
    versions: String(vault.history_keep_versions),
    days: String(vault.history_keep_days),
  };
}

/** What the form means; null for a field that is wrong. */
function read(form: Form) {
  return {
    hard_quota: form.limited ? joinBytes(form.figure, form.unit) : 0,
    replication_factor: wholeNumber(form.copies, 1, MOST_COPIES),
    history_keep_versions: wholeNumber(form.versions, 1, MOST_VERSIONS),
    history_keep_days: wholeNumber(form.days, 0, MOST_DAYS),
  };
}

function QuotaFields({ vault, form, set, wrong }: { vault: Vault; form: Form; set: (part: Partial<Form>) => void; wrong: boolean }) {
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
            error={wrong ? t('A number above zero is needed.') : null}
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

/** Quota, copies and retention of a vault. */
export function VaultSettings({ vault, close }: { vault: Vault; close: () => void }) {
  const [form, setForm] = useState(() => formOf(vault));
  const [checked, setChecked] = useState(false);
  const client = useQueryClient();
  const values = read(form);
  const set = (part: Partial<Form>): void => setForm((old) => ({ ...old, ...part }));
  const change = useMutation({
    mutationFn: (wanted: Partial<VaultChange>) => changeVault(vault.id, wanted),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: vaultsQuery.queryKey });
      notifyDone(t('The settings of “{name}” are saved.', { name: vault.name }));
      close();
    },
  });
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setChecked(true);
    const { hard_quota, replication_factor, history_keep_versions, history_keep_days } = values;
    if (hard_quota !== null && replication_factor !== null && history_keep_versions !== null && history_keep_days !== null)
      change.mutate({ hard_quota, replication_factor, history_keep_versions, history_keep_days });
  };
  return (
    <Dialog title={t('Settings of “{name}”', { name: vault.name })} onClose={close}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <QuotaFields {...{ vault, form, set }} wrong={checked && values.hard_quota === null} />
          <TextInput
            label={t('Copies of every block')}
            description={t('On so many machines that are on most of the time; with one, what is on a broken disk is lost. Fewer machines mean fewer copies.')}
            inputMode="numeric"
            value={form.copies}
            onChange={(event) => set({ copies: event.currentTarget.value })}
            error={checked && values.replication_factor === null ? t('A number from 1 to 16 is needed.') : null}
          />
          <TextInput
            label={t('Days that every version is kept')}
            description={t('Deleted files can be restored as long.')}
            inputMode="numeric"
            value={form.days}
            onChange={(event) => set({ days: event.currentTarget.value })}
            error={checked && values.history_keep_days === null ? t('A number from 0 to 36,500 is needed.') : null}
          />
          <TextInput
            label={t('Versions that are kept longer')}
            description={t('The newest ones of each file stay however old they are.')}
            inputMode="numeric"
            value={form.versions}
            onChange={(event) => set({ versions: event.currentTarget.value })}
            error={checked && values.history_keep_versions === null ? t('A number from 1 to 100,000 is needed.') : null}
          />
          <FormActions action={t('Save')} pending={change.isPending} cancel={close} error={change.error} />
        </Stack>
      </form>
    </Dialog>
  );
}
