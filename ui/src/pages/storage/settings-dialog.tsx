// SPDX-License-Identifier: GPL-3.0-or-later
import { useState, type SubmitEvent } from 'react';
import { Checkbox, Group, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { changeSyncSettings, syncListQuery, syncSettingsQuery } from '../../api/sync';
import type { SyncSettings } from '../../api/types';
import { Dialog } from '../../components/dialog';
import { FormActions } from '../../components/form-actions';
import { notifyDone } from '../../components/notify';
import { number } from '../../lib/format';
import { t } from '../../lib/i18n';
import { units, type Unit } from '../../lib/measures';
import { MOST_DAYS, MOST_MINUTES, readSettings, settingsForm, type SettingsForm } from './settings-form';

interface FieldsProps {
  form: SettingsForm;
  set: (part: Partial<SettingsForm>) => void;
  /** Whether a field is wrong, and that is to be told. */
  isWrong: (name: keyof SyncSettings) => boolean;
}

function Hold({ form, set, isWrong }: FieldsProps) {
  return (
    <Stack gap="xs">
      <Checkbox
        data-autofocus
        label={t('Keep sealed copies for vaults of others')}
        description={t('Usually none are. What is kept already goes when the others need it no more.')}
        checked={form.holds}
        onChange={(event) => set({ holds: event.currentTarget.checked })}
      />
      {form.holds ? (
        <Group align="flex-start" wrap="nowrap" gap="xs">
          <TextInput
            label={t('At most')}
            inputMode="decimal"
            value={form.hold}
            onChange={(event) => set({ hold: event.currentTarget.value })}
            error={isWrong('hold') ? t('A number above zero is needed.') : null}
          />
          <NativeSelect
            label={t('Unit')}
            value={form.unit}
            onChange={(event) => set({ unit: event.currentTarget.value as Unit })}
            data={[...units]}
          />
        </Group>
      ) : null}
    </Stack>
  );
}

function Rates({ form, set, isWrong }: FieldsProps) {
  const above = t('A number above zero is needed.');
  return (
    <Stack gap="xs">
      <Checkbox
        label={t('The line of this machine costs by the byte')}
        description={t('Usually not. Then only blocks come that somebody wants to read.')}
        checked={form.metered}
        onChange={(event) => set({ metered: event.currentTarget.checked })}
      />
      <Checkbox
        label={t('Limit what comes from other machines')}
        description={t('Usually without a limit. Who wants to read a file does not wait.')}
        checked={form.slowDown}
        onChange={(event) => set({ slowDown: event.currentTarget.checked })}
      />
      {form.slowDown ? (
        <TextInput
          label={t('Comes in a second at most, in MB')}
          inputMode="decimal"
          value={form.down}
          onChange={(event) => set({ down: event.currentTarget.value })}
          error={isWrong('download_rate') ? above : null}
        />
      ) : null}
      <Checkbox
        label={t('Limit what goes to other machines')}
        description={t('Usually without a limit.')}
        checked={form.slowUp}
        onChange={(event) => set({ slowUp: event.currentTarget.checked })}
      />
      {form.slowUp ? (
        <TextInput
          label={t('Goes in a second at most, in MB')}
          inputMode="decimal"
          value={form.up}
          onChange={(event) => set({ up: event.currentTarget.value })}
          error={isWrong('upload_rate') ? above : null}
        />
      ) : null}
    </Stack>
  );
}

function Times({ form, set, isWrong }: FieldsProps) {
  return (
    <>
      <TextInput
        label={t('Minutes that a machine counts for copies after it has gone')}
        description={t('Usually 10. Then copies of what it has are made elsewhere.')}
        inputMode="decimal"
        value={form.absent}
        onChange={(event) => set({ absent: event.currentTarget.value })}
        error={isWrong('absent_after_ms') ? t('A number above zero and up to {most} is needed.', { most: number(MOST_MINUTES) }) : null}
      />
      <TextInput
        label={t('Days that copies stay here of which others have enough')}
        description={t('Usually 30. When space is short they go at once.')}
        inputMode="decimal"
        value={form.surplus}
        onChange={(event) => set({ surplus: event.currentTarget.value })}
        error={isWrong('surplus_after_ms') ? t('A number from 0 to {most} is needed.', { most: number(MOST_DAYS) }) : null}
      />
    </>
  );
}

/** What this machine keeps for others, and how fast blocks may go. */
export function SettingsDialog({ settings, close }: { settings: SyncSettings; close: () => void }) {
  const [form, setForm] = useState(() => settingsForm(settings));
  const [checked, setChecked] = useState(false);
  const client = useQueryClient();
  const { wrong, change } = readSettings(form, settings);
  const save = useMutation({
    mutationFn: changeSyncSettings,
    onSuccess: async (next) => {
      client.setQueryData(syncSettingsQuery.queryKey, next);
      await client.invalidateQueries({ queryKey: syncListQuery.queryKey });
      notifyDone(t('The settings are saved, and count from now on.'));
      close();
    },
  });
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setChecked(true);
    if (wrong.size > 0) return;
    if (Object.keys(change).length === 0) close();
    else save.mutate(change);
  };
  const fields = {
    form,
    set: (part: Partial<SettingsForm>) => setForm((old) => ({ ...old, ...part })),
    isWrong: (name: keyof SyncSettings) => checked && wrong.has(name),
  };
  return (
    <Dialog title={t('What is kept, and how fast')} onClose={close}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <Hold {...fields} />
          <Rates {...fields} />
          <Times {...fields} />
          <FormActions action={t('Save')} pending={save.isPending} cancel={close} error={save.error} />
        </Stack>
      </form>
    </Dialog>
  );
}
