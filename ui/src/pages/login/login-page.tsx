// SPDX-License-Identifier: GPL-3.0-or-later
import { useEffect, useRef, useState, type SubmitEvent } from 'react';
import { Alert, Button, Checkbox, Code, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { login } from '../../api/auth';
import { ApiError } from '../../api/client';
import { statusQuery } from '../../api/system';
import { Lockout } from '../../components/lockout';
import { useCountdown } from '../../components/use-countdown';
import { errorText, lockedUntil } from '../../lib/errors';
import { t } from '../../lib/i18n';
import { beginSession, sessionEnd } from '../../lib/session';
import { useStore } from '../../lib/store';
import { Brand, LanguageMenu, ThemeMenu } from '../../shell/navigation';
import classes from './login-page.module.css';

function Reason({ ticketFailed }: { ticketFailed: boolean }) {
  const end = useStore(sessionEnd);
  if (ticketFailed)
    return (
      <Alert variant="default" role="alert" title={t('The login link no longer works')}>
        {t('A link works once and for one minute. Open a new one from the tray icon, or sign in with the password.')}
      </Alert>
    );
  if (end === 'expired')
    return (
      <Alert variant="default" role="status">
        {t('Your session has ended. Sign in to go on where you were.')}
      </Alert>
    );
  return null;
}

function NoPassword() {
  return (
    <Alert variant="default" title={t('No password has been set yet')}>
      <Stack gap="xs">
        <Text size="sm">{t('Open this page from the tray icon: that needs no password.')}</Text>
        <Text size="sm">{t('Or set a password on the machine itself, with this command:')}</Text>
        <Code block tabIndex={0}>
          {'meshhold passwd'}
        </Code>
      </Stack>
    </Alert>
  );
}

interface Attempt {
  busy: boolean;
  error: string | null;
  lockedUntil: number;
  noPassword: boolean;
}

const fresh: Attempt = { busy: false, error: null, lockedUntil: 0, noPassword: false };

function outcome(error: unknown): Attempt {
  if (!(error instanceof ApiError)) return { ...fresh, error: errorText(error) };
  if (error.status === 401) return { ...fresh, error: t('This password is wrong.') };
  if (error.status === 429) return { ...fresh, lockedUntil: lockedUntil(error, Date.now()) };
  if (error.status === 503) return { ...fresh, noPassword: true };
  return { ...fresh, error: errorText(error) };
}

function LoginForm() {
  const [password, setPassword] = useState('');
  const [stay, setStay] = useState(false);
  const [attempt, setAttempt] = useState(fresh);
  const input = useRef<HTMLInputElement>(null);
  const seconds = useCountdown(attempt.lockedUntil);
  const status = useQuery(statusQuery);

  useEffect(() => input.current?.focus(), []);

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (password === '') {
      setAttempt({ ...fresh, error: t('Type the password first.') });
      input.current?.focus();
      return;
    }
    setAttempt({ ...fresh, busy: true });
    try {
      const { token, expires_at_ms } = await login(password);
      beginSession({ token, expiresAtMs: expires_at_ms, stay });
    } catch (error) {
      setAttempt(outcome(error));
      input.current?.select();
    }
  };

  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Stack>
        {attempt.noPassword || status.data?.password_set === false ? <NoPassword /> : null}
        <Lockout seconds={seconds} />
        <PasswordInput
          ref={input}
          label={t('Password')}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={attempt.error}
          autoComplete="current-password"
          size="md"
          visibilityToggleButtonProps={{ 'aria-label': t('Show the password'), tabIndex: 0 }}
        />
        <Checkbox
          label={t('Stay signed in on this computer for 24 hours')}
          checked={stay}
          onChange={(event) => setStay(event.currentTarget.checked)}
        />
        <Button type="submit" size="md" loading={attempt.busy} disabled={seconds > 0}>
          {t('Sign in')}
        </Button>
      </Stack>
    </form>
  );
}

/** Stands in for every page while nobody is signed in. */
export function LoginPage({ ticketFailed }: { ticketFailed: boolean }) {
  useEffect(() => {
    document.title = t('{page} – MeshHold', { page: t('Sign in') });
  }, []);
  return (
    <div className={classes.outer}>
      <main className={classes.box}>
        <Brand />
        <Title order={1} size="h3">
          {t('Sign in')}
        </Title>
        <Reason ticketFailed={ticketFailed} />
        <LoginForm />
      </main>
      <footer className={classes.foot}>
        <ThemeMenu />
        <LanguageMenu />
      </footer>
    </div>
  );
}
