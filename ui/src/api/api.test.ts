// SPDX-License-Identifier: GPL-3.0-or-later
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { beginSession, endSession, session, sessionEnd } from '../lib/session';
import { ApiError, apiUrl, errorOf, fetchJson, send, tokenUrl } from './client';
import { backoffSeconds } from './events';
import { listFolder, streamUrl, type Listing } from './files';

const token = 'ab'.repeat(32);
const answer = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  new Response(body === null ? null : JSON.stringify(body), { status, headers });

beforeEach(() => beginSession({ token, expiresAtMs: Date.now() + 60_000, stay: false }));
afterEach(() => {
  endSession('logout');
  vi.unstubAllGlobals();
});

describe('client', () => {
  it('sends the token in the header and JSON with its type', async () => {
    const fetch = vi.fn(() => Promise.resolve(answer(200, { ok: 1 })));
    vi.stubGlobal('fetch', fetch);
    await fetchJson('/vaults', { method: 'POST', json: { name: 'ä' } });
    const [url, init] = fetch.mock.calls[0] as unknown as [string, RequestInit];
    expect(url).toBe('/api/v1/vaults');
    expect(init.headers).toMatchObject({ Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' });
    expect(init.body).toBe('{"name":"ä"}');
  });

  it('ends the session on 401, but not for a wrong password', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(answer(401, { error: 'no' })));
    await expect(send('/auth/login', { method: 'POST', json: {}, anonymous: true })).rejects.toThrow('no');
    expect(session.get()).not.toBeNull();
    await expect(send('/vaults')).rejects.toThrow('no');
    expect(session.get()).toBeNull();
    expect(sessionEnd.get()).toBe('expired');
  });

  it('leaves a session alone that began after the refused request', async () => {
    vi.stubGlobal('fetch', () => {
      beginSession({ token: 'cd'.repeat(32), expiresAtMs: Date.now() + 60_000, stay: false });
      return Promise.resolve(answer(401, { error: 'old' }));
    });
    await expect(send('/vaults')).rejects.toThrow('old');
    expect(session.get()?.token).toBe('cd'.repeat(32));
  });

  it('reads the error of the daemon, and survives that of somebody else', () => {
    expect(errorOf(429, '{"error":"too many failures"}', '30')).toMatchObject({ status: 429, message: 'too many failures', retryAfterS: 30 });
    expect(errorOf(502, '<html>', null)).toMatchObject({ status: 502, message: 'HTTP 502', retryAfterS: null });
  });

  it('makes status 0 of a broken connection', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    await expect(send('/vaults')).rejects.toSatisfy((error) => error instanceof ApiError && error.status === 0);
  });

  it('builds addresses', () => {
    expect(apiUrl('/x', { a: 'b c', none: null, undef: undefined, yes: true })).toBe('/api/v1/x?a=b+c&yes=true');
    expect(tokenUrl('/events/stream')).toBe(`/api/v1/events/stream?token=${token}`);
    expect(streamUrl('v', '/a b/100%2F#.txt')).toBe(`/api/v1/vaults/v/stream/a%20b/100%252F%23.txt?token=${token}`);
  });
});

describe('session', () => {
  it('is remembered for the tab, or for the computer when wished', () => {
    expect(sessionStorage.getItem('meshhold.session')).toContain(token);
    expect(localStorage.getItem('meshhold.session')).toBeNull();
    beginSession({ token, expiresAtMs: Date.now() + 60_000, stay: true });
    expect(sessionStorage.getItem('meshhold.session')).toBeNull();
    expect(localStorage.getItem('meshhold.session')).toContain(token);
    endSession('logout');
    expect(localStorage.getItem('meshhold.session')).toBeNull();
  });
});

describe('files', () => {
  it('follows the cursor to the end and shows what it has each time that has doubled', async () => {
    const pages = 8;
    vi.stubGlobal('fetch', (url: string) => {
      const page = Number(new URL(url, 'http://h').searchParams.get('cursor') ?? 0);
      const files = Array.from({ length: 1000 }, (_, i) => ({ path: `/${page}-${i}` }));
      return Promise.resolve(answer(200, { files, folders: [], cursor: page + 1 < pages ? String(page + 1) : null }));
    });
    const parts: number[] = [];
    const onPartial = (part: Listing): void => {
      expect(part.complete).toBe(false);
      parts.push(part.files.length);
    };
    const listing = await listFolder('v', '/', { onPartial });
    expect(listing.complete).toBe(true);
    expect(listing.files.length).toBe(8000);
    expect(parts).toEqual([1000, 2000, 4000]);
  });
});

describe('events', () => {
  it('waits longer from one attempt to the next, up to half a minute', () => {
    expect([1, 2, 3, 4, 5, 6, 20].map(backoffSeconds)).toEqual([1, 2, 4, 8, 16, 30, 30]);
  });
});
