// SPDX-License-Identifier: GPL-3.0-or-later
import { exchangeTicket } from '../api/auth';
import { beginSession } from '../lib/session';

/** Takes the one-time ticket out of the address, so that it is neither shown, shared nor kept in the history. */
export function takeTicket(): string | null {
  const query = new URLSearchParams(window.location.search);
  const ticket = query.get('bootstrap');
  if (ticket === null) return null;
  query.delete('bootstrap');
  const rest = query.toString();
  const address = window.location.pathname + (rest === '' ? '' : `?${rest}`) + window.location.hash;
  window.history.replaceState(null, '', address);
  return ticket;
}

let pending: Promise<void> | null = null;

/** Trades the ticket for a session; a second call joins the first, because a ticket works once. */
export function signInWithTicket(ticket: string): Promise<void> {
  pending ??= exchangeTicket(ticket).then((token) =>
    beginSession({ token: token.token, expiresAtMs: token.expires_at_ms, stay: false }),
  );
  return pending;
}
