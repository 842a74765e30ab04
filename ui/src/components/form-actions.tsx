// SPDX-License-Identifier: GPL-3.0-or-later
import { Button, Group, Text } from '@mantine/core';
import { errorText } from '../lib/errors';
import { t } from '../lib/i18n';

interface FormActionsProps {
  action: string;
  pending: boolean;
  /** Leaves the form; there is no such button without it. */
  cancel: (() => void) | undefined;
  danger?: boolean;
  disabled?: boolean;
  /** Why it did not work, where no field of the form says so; a text is shown as it is. */
  error?: Error | string | null;
}

/** The last rows of a form: what went wrong, and the buttons. */
export function FormActions({ action, pending, cancel, danger = false, disabled = false, error = null }: FormActionsProps) {
  return (
    <>
      {error === null ? null : (
        <Text role="alert" c="var(--mh-bad)" size="sm">
          {typeof error === 'string' ? error : errorText(error)}
        </Text>
      )}
      <Group justify={cancel === undefined ? 'flex-start' : 'flex-end'}>
        {cancel === undefined ? null : (
          <Button variant="default" onClick={cancel}>
            {t('Cancel')}
          </Button>
        )}
        <Button type="submit" disabled={disabled} loading={pending} {...(danger ? { color: 'red.9' } : {})}>
          {action}
        </Button>
      </Group>
    </>
  );
}
