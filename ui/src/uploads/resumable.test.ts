// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it, vi } from 'vitest';
import { ApiError } from '../api/client';
import type { File as VaultFile, UploadSession } from '../api/types';
import { startResumable, type Sessions } from './resumable';

const MIB = 1024 * 1024;
/** A file of which only the size counts. */
const body = (size: number): Blob =>
  ({ size, slice: (from: number, to: number) => body(Math.min(to, size) - from) }) as unknown as Blob;

class FakeSessions implements Sessions {
  kept: UploadSession[] = [];
  sent: [number, number][] = [];
  failures: ApiError[] = [];
  dropped: string[] = [];

  list: Sessions['list'] = () => Promise.resolve(this.kept);
  begin: Sessions['begin'] = ({ path, size, mtimeMs }) => {
    const session = { id: `s${this.kept.length}`, path, size, mtime_ms: mtimeMs, offset: 0 } as UploadSession;
    this.kept.push(session);
    return Promise.resolve(session);
  };
  send: Sessions['send'] = ({ id, offset, body: piece, onProgress }) => {
    const failure = this.failures.shift();
    if (failure !== undefined) return Promise.reject(failure);
    const session = this.kept.find((one) => one.id === id);
    if (session === undefined) return Promise.reject(new ApiError(404, 'no session'));
    this.sent.push([offset, piece.size]);
    onProgress(piece.size);
    session.offset = offset + piece.size;
    const file = session.offset === session.size ? ({ path: session.path } as VaultFile) : null;
    return Promise.resolve({ ...session, file });
  };
  finish: Sessions['finish'] = () => Promise.resolve({ path: '/finished' } as VaultFile);
  pauses = 0;
  pause: Sessions['pause'] = () => {
    this.pauses += 1;
    return Promise.resolve();
  };
  drop: Sessions['drop'] = (_vault, id) => {
    this.dropped.push(id);
    return Promise.resolve();
  };
}

const upload = (size: number, onProgress = vi.fn()) => ({
  vault: 'v', path: '/big', body: body(size), mtimeMs: 5, onlyNew: true, onProgress,
});

describe('an upload in pieces', () => {
  it('begins, sends piece after piece and tells how far it is', async () => {
    const sessions = new FakeSessions();
    const onProgress = vi.fn();
    expect((await startResumable(sessions, upload(150 * MIB, onProgress)).done).path).toBe('/big');
    expect(sessions.sent).toEqual([[0, 64 * MIB], [64 * MIB, 64 * MIB], [128 * MIB, 22 * MIB]]);
    expect(onProgress.mock.calls.at(-1)).toEqual([150 * MIB]);
  });

  it('goes on where a session of the same file is', async () => {
    const sessions = new FakeSessions();
    sessions.kept = [
      { id: 'other', path: '/big', size: 100 * MIB, mtime_ms: 6, offset: 1 } as UploadSession,
      { id: 'mine', path: '/big', size: 100 * MIB, mtime_ms: 5, offset: 70 * MIB } as UploadSession,
    ];
    await startResumable(sessions, upload(100 * MIB)).done;
    expect(sessions.sent).toEqual([[70 * MIB, 30 * MIB]]);
  });

  it('goes where the daemon says it is, but not for ever', async () => {
    const sessions = new FakeSessions();
    const elsewhere = (): ApiError => new ApiError(409, 'wrong offset', null, { offset: 3 });
    sessions.failures = [elsewhere()];
    await startResumable(sessions, upload(10)).done;
    expect(sessions.sent).toEqual([[3, 7]]);
    sessions.kept = [];
    sessions.failures = Array.from({ length: 20 }, elsewhere);
    await expect(startResumable(sessions, upload(10)).done).rejects.toThrow('wrong offset');
  });

  it('waits for the end of its own last request', async () => {
    const sessions = new FakeSessions();
    sessions.failures = [new ApiError(409, 'somebody else writes'), new ApiError(409, 'somebody else writes')];
    await startResumable(sessions, upload(10)).done;
    expect(sessions.pauses).toBe(2);
    expect(sessions.sent).toEqual([[0, 10]]);
  });

  it('finishes what has all its bytes, and begins anew when the name is taken', async () => {
    const sessions = new FakeSessions();
    sessions.kept = [{ id: 'full', path: '/big', size: 10, mtime_ms: 5, offset: 10 } as UploadSession];
    expect((await startResumable(sessions, upload(10)).done).path).toBe('/finished');
    sessions.finish = () => Promise.reject(new ApiError(412, 'taken'));
    await expect(startResumable(sessions, upload(10)).done).rejects.toThrow('taken');
    expect(sessions.dropped).toEqual(['full']);
  });
});
