// SPDX-License-Identifier: GPL-3.0-or-later
import { useEffect, useState } from 'react';
import { Center, Loader } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { endSession, session } from '../lib/session';
import { useStore } from '../lib/store';
import { t } from '../lib/i18n';
import { LoginPage } from '../pages/login/login-page';
import { signInWithTicket } from './bootstrap';
import { Shell } from './shell';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

function useExpiry(expiresAtMs: number | undefined): void {
  useEffect(() => {
    if (expiresAtMs === undefined) return undefined;
    const wait = Math.min(Math.max(0, expiresAtMs - Date.now()), LONGEST_TIMER_MS);
    const timer = window.setTimeout(() => endSession('expired'), wait);
    return () => window.clearTimeout(timer);
  }, [expiresAtMs]);
}

/** Shows the page to who is signed in, and the login form to everybody else, at the same address. */
export function Gate({ ticket }: { ticket: string | null }) {
  const current = useStore(session);
  const client = useQueryClient();
  const [exchange, setExchange] = useState<'running' | 'failed' | 'done'>(ticket === null ? 'done' : 'running');
  useExpiry(current?.expiresAtMs);

  useEffect(() => {
    if (ticket === null) return;
    signInWithTicket(ticket).then(
      () => setExchange('done'),
      () => setExchange('failed'),
    );
  }, [ticket]);

  useEffect(() => {
    if (current === null) client.clear();
  }, [current, client]);

  if (exchange === 'running')
    return (
      <Center component="main" mih="100vh">
        <Loader role="status" aria-label={t('Signing in')} />
      </Center>
    );
  if (current === null) return <LoginPage ticketFailed={exchange === 'failed'} />;
  return <Shell />;
}
