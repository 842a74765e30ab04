// SPDX-License-Identifier: GPL-3.0-or-later
import { PasswordInput } from '@mantine/core';
import { t } from '../lib/i18n';

const LEAST = 8;

export interface NewPassword {
  first: string;
  second: string;
}

/** What is wrong with a new password, for each of its two fields. */
export function passwordProblems({ first, second }: NewPassword): { first: string | null; second: string | null } {
  return {
    first: first.length < LEAST ? t('At least 8 characters are needed.') : null,
    second: first === second ? null : t('The two are not the same.'),
  };
}

interface PasswordFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  error: string | null;
  autoComplete: 'new-password' | 'current-password' | 'off';
  focus?: boolean;
}

export function PasswordField({ label, value, onChange, error, autoComplete, focus = false }: PasswordFieldProps) {
  return (
    <PasswordInput
      {...(focus ? { 'data-autofocus': true } : {})}
      label={label}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={error}
      autoComplete={autoComplete}
      visibilityToggleButtonProps={{ 'aria-label': t('Show the password'), tabIndex: 0 }}
    />
  );
}

interface NewPasswordFieldsProps {
  value: NewPassword;
  set: (value: NewPassword) => void;
  /** Whether what is wrong is shown. */
  checked: boolean;
  focus?: boolean;
}

/** A new password, typed twice. */
export function NewPasswordFields({ value, set, checked, focus = false }: NewPasswordFieldsProps) {
  const problems = passwordProblems(value);
  return (
    <>
      <PasswordField
        label={t('New password')}
        value={value.first}
        onChange={(first) => set({ ...value, first })}
        error={checked ? problems.first : null}
        autoComplete="new-password"
        focus={focus}
      />
      <PasswordField
        label={t('The same again')}
        value={value.second}
        onChange={(second) => set({ ...value, second })}
        error={checked && problems.first === null ? problems.second : null}
        autoComplete="new-password"
      />
    </>
  );
}
