// SPDX-License-Identifier: GPL-3.0-or-later
import { createStore } from './store';
import { recall, remember } from './storage';

export interface Session {
  token: string;
  expiresAtMs: number;
  /** Whether the session outlives the browser tab. */
  stay: boolean;
}

const KEY = 'meshhold.session';

function load(): Session | null {
  const found = (recall('session', KEY) ?? recall('local', KEY)) as Partial<Session> | null;
  if (typeof found?.token !== 'string' || typeof found.expiresAtMs !== 'number') return null;
  return found.expiresAtMs > Date.now() ? { token: found.token, expiresAtMs: found.expiresAtMs, stay: found.stay === true } : null;
}

export const session = createStore<Session | null>(load());

/** Why the last session ended: shown on the login form. */
export const sessionEnd = createStore<'none' | 'expired' | 'logout'>('none');

export function beginSession(next: Session): void {
  forget();
  remember(next.stay ? 'local' : 'session', KEY, next);
  sessionEnd.set('none');
  session.set(next);
}

export function endSession(why: 'expired' | 'logout'): void {
  forget();
  if (session.get() !== null) sessionEnd.set(why);
  session.set(null);
}

function forget(): void {
  remember('local', KEY, null);
  remember('session', KEY, null);
}
