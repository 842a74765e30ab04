// SPDX-License-Identifier: GPL-3.0-or-later
import { useId } from 'react';
import { Checkbox, Stack, TextInput } from '@mantine/core';
import { t } from '../../lib/i18n';
import type { Role, SettingsForm } from './settings-form';

interface FieldsProps {
  form: SettingsForm;
  set: (part: Partial<SettingsForm>) => void;
}

const choices = (): { role: Role; label: string; description: string }[] => [
  {
    role: 'store',
    label: t('Keep copies here for all machines'),
    description: t('If this machine is reliable, it counts for the copies and has its share of them. Without this it counts for none, and blocks of which others have enough leave it in time.'),
  },
  {
    role: 'pin',
    label: t('Have everything here'),
    description: t('All files and their older versions come to this machine, however many others have them, and can then be read without a network. Without this some of it may be on other machines only.'),
  },
  {
    role: 'scan',
    label: t('Take in what changes in the folder'),
    description: t('What changes in the folder of this machine that mirrors the vault comes into the vault. Without this it stays in the folder, and only changes of the vault come there.'),
  },
  {
    role: 'read_only',
    label: t('Only read it here'),
    description: t('On this machine nothing of it can be uploaded, changed or deleted, and nothing is taken in from the folder. What other machines change still comes.'),
  },
];

/** A choice whose explanation is read out with it. */
function RoleBox({ role, label, description }: { role: Role; label: string; description: string }) {
  const id = useId();
  return <Checkbox value={role} label={label} description={<span id={id}>{description}</span>} aria-describedby={id} />;
}

/** What this machine does with a vault. */
export function RoleFields({ form, set }: FieldsProps) {
  return (
    <Checkbox.Group
      label={t('What this machine does with it')}
      description={t('Every other machine that has the vault has its own choice.')}
      value={form.roles}
      onChange={(roles) => set({ roles: roles as Role[] })}
    >
      <Stack gap="xs" mt="xs">
        {choices().map((choice) => (
          <RoleBox key={choice.role} {...choice} />
        ))}
      </Stack>
    </Checkbox.Group>
  );
}

/** The name of a vault for S3 clients. */
export function AliasField({ form, set, error }: FieldsProps & { error: string | null }) {
  return (
    <TextInput
      label={t('S3 alias')}
      description={t('The name of the bucket under which S3 clients will see the vault: 3 to 63 small letters, digits, dots and hyphens, a letter or digit at both ends, no two dots in a row. Empty for none.')}
      value={form.alias}
      onChange={(event) => set({ alias: event.currentTarget.value })}
      error={error}
      autoComplete="off"
      autoCapitalize="none"
      spellCheck={false}
    />
  );
}
