// SPDX-License-Identifier: GPL-3.0-or-later
import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { CheckIcon, ExclamationTriangleIcon } from '@heroicons/react/24/outline';
import { errorText } from '../lib/errors';
import { t } from '../lib/i18n';

const closeButton = () => ({ 'aria-label': t('Close') });

export function notifyError(error: unknown, title?: string): void {
  notifications.show({
    color: 'red.8',
    icon: <ExclamationTriangleIcon width={18} aria-hidden />,
    title: title ?? t('That did not work'),
    message: errorText(error),
    autoClose: 12_000,
    closeButtonProps: closeButton(),
  });
}

export function notifyDone(message: string): void {
  notifications.show({
    color: 'teal.9',
    icon: <CheckIcon width={18} aria-hidden />,
    message,
    closeButtonProps: closeButton(),
  });
}

/** Says what was done, with a button that takes it back. */
export function notifyUndo(message: string, undo: () => Promise<void>): void {
  const id = notifications.show({
    color: 'teal.9',
    icon: <CheckIcon width={18} aria-hidden />,
    autoClose: 15_000,
    closeButtonProps: closeButton(),
    message: (
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          {message}
        </Text>
        <Button
          size="xs"
          variant="default"
          miw="max-content"
          onClick={() => {
            notifications.hide(id);
            undo().catch((error: unknown) => notifyError(error));
          }}
        >
          {t('Undo')}
        </Button>
      </Group>
    ),
  });
}
