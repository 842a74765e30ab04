// SPDX-License-Identifier: GPL-3.0-or-later
import { Button, Group, Text } from '@mantine/core';
import { errorText } from '../lib/errors';
import { t } from '../lib/i18n';

interface ConfirmProps {
  action: string;
  pending: boolean;
  error: Error | null;
  disabled?: boolean;
  run: () => void;
  close: () => void;
}

/** The last rows of a dialog before something is lost: what went wrong, and the buttons, of which the safe one has the focus. */
export function Confirm({ action, pending, error, disabled = false, run, close }: ConfirmProps) {
  return (
    <>
      {error === null ? null : (
        <Text role="alert" c="var(--mh-bad)" size="sm">
          {errorText(error)}
        </Text>
      )}
      <Group justify="flex-end">
        <Button data-autofocus variant="default" onClick={close}>
          {t('Cancel')}
        </Button>
        <Button color="red.9" disabled={disabled} loading={pending} onClick={run}>
          {action}
        </Button>
      </Group>
    </>
  );
}
