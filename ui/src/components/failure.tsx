// SPDX-License-Identifier: GPL-3.0-or-later
import { Alert, Button, Stack, Text } from '@mantine/core';
import { ExclamationTriangleIcon } from '@heroicons/react/24/outline';
import { errorText } from '../lib/errors';
import { t } from '../lib/i18n';

/** Something could not be loaded. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  return (
    <Alert
      variant="default"
      role="alert"
      title={t('That did not work')}
      icon={<ExclamationTriangleIcon width={20} aria-hidden color="var(--mh-bad)" />}
    >
      <Stack align="flex-start" gap="sm">
        <Text size="sm">{errorText(error)}</Text>
        {retry === undefined ? null : (
          <Button size="xs" variant="default" onClick={retry}>
            {t('Try again')}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}
