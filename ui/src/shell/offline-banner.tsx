// SPDX-License-Identifier: GPL-3.0-or-later
import { useEffect, useState } from 'react';
import { Button, Text } from '@mantine/core';
import { SignalSlashIcon } from '@heroicons/react/24/outline';
import { connection, nextAttemptAt } from '../api/events';
import { useCountdown } from '../components/use-countdown';
import { useStore } from '../lib/store';
import { t } from '../lib/i18n';
import classes from './offline-banner.module.css';

const PATIENCE_MS = 1500;

/** Says that the daemon cannot be heard, once that has lasted longer than a hiccup. */
export function OfflineBanner({ retry }: { retry: () => void }) {
  const state = useStore(connection);
  const seconds = useCountdown(useStore(nextAttemptAt));
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = window.setTimeout(() => setShown(state === 'lost'), state === 'lost' ? PATIENCE_MS : 0);
    return () => window.clearTimeout(timer);
  }, [state]);
  return (
    <div role="status">
      {shown ? (
        <div className={classes.banner}>
          <SignalSlashIcon width={20} height={20} aria-hidden />
          <Text size="sm" fw={500}>
            {t('MeshHold does not answer. What you see may be out of date.')}
          </Text>
          <Button size="xs" variant="default" onClick={retry} aria-describedby="next-attempt">
            {t('Try now')}
          </Button>
          <Text size="xs" id="next-attempt" aria-live="off">
            {seconds > 0 ? t('Next attempt in {seconds} s', { seconds }) : t('Trying …')}
          </Text>
        </div>
      ) : null}
    </div>
  );
}
