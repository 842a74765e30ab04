// SPDX-License-Identifier: GPL-3.0-or-later
import { Alert } from '@mantine/core';
import { formatDuration } from '../lib/format';
import { t } from '../lib/i18n';

/** Says for how long no password is taken any more. */
export function Lockout({ seconds }: { seconds: number }) {
  if (seconds <= 0) return null;
  return (
    <Alert variant="default" role="alert" title={t('Too many wrong passwords')}>
      <span aria-live="off">{t('Try again in {time}.', { time: formatDuration(seconds) })}</span>
    </Alert>
  );
}
