// SPDX-License-Identifier: GPL-3.0-or-later
import { fetchJson, send } from './client';
import type { AuthToken } from './types';

export const login = (password: string): Promise<AuthToken> =>
  fetchJson('/auth/login', { method: 'POST', json: { password }, anonymous: true });

export const exchangeTicket = (ticket: string): Promise<AuthToken> =>
  fetchJson('/auth/bootstrap-exchange', { method: 'POST', json: { ticket }, anonymous: true });

export async function logout(): Promise<void> {
  await send('/auth/logout', { method: 'POST' });
}
