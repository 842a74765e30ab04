// SPDX-License-Identifier: GPL-3.0-or-later
import { Stack, Text, TextInput } from '@mantine/core';
import type { GuardLimits } from '../../api/folders';
import { number } from '../../lib/format';
import { t } from '../../lib/i18n';
import { wholeNumber } from '../../lib/measures';

/** Below so many files the part in percent does not count. */
const LEAST = 200;
const MOST_FILES = 1_000_000_000;

export interface GuardForm {
  percent: string;
  files: string;
}

export const guardForm = ({ guard_percent: percent, guard_files: files }: GuardLimits): GuardForm => ({
  percent: String(percent),
  files: String(files),
});

/** What the fields mean; null when one of them is wrong. */
export function readGuard({ percent, files }: GuardForm): GuardLimits | null {
  const part = wholeNumber(percent, 1, 100);
  const most = wholeNumber(files, 1, MOST_FILES);
  return part === null || most === null ? null : { guard_percent: part, guard_files: most };
}

/** When changes of a folder are held, in words. */
export const guardText = ({ guard_percent: percent, guard_files: files }: GuardLimits): string =>
  t('more than {percent} % of the files and at least {least}, or more than {files} files', { percent, least: LEAST, files });

interface GuardFieldsProps {
  form: GuardForm;
  set: (part: Partial<GuardForm>) => void;
  /** Whether what is wrong is told. */
  checked: boolean;
}

/** How many changes at once are too many. */
export function GuardFields({ form, set, checked }: GuardFieldsProps) {
  const { percent, files } = form;
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {t('When much more changes within an hour than somebody does by hand, it stays in the folder until you decide.')}
      </Text>
      <TextInput
        label={t('Percent of the files')}
        description={t('It counts from {least} files on.', { least: LEAST })}
        inputMode="numeric"
        value={percent}
        onChange={(event) => set({ percent: event.currentTarget.value })}
        error={checked && wholeNumber(percent, 1, 100) === null ? t('A number from 1 to 100 is needed.') : null}
      />
      <TextInput
        label={t('Files in any case')}
        inputMode="numeric"
        value={files}
        onChange={(event) => set({ files: event.currentTarget.value })}
        error={
          checked && wholeNumber(files, 1, MOST_FILES) === null ? t('A number from 1 to {most} is needed.', { most: number(MOST_FILES) }) : null
        }
      />
    </Stack>
  );
}
