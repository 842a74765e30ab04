// SPDX-License-Identifier: GPL-3.0-or-later
import { ApiError } from '../api/client';
import { connection } from '../api/events';
import { getFile, startUpload } from '../api/files';
import { beginSession, dropSession, finishSession, listSessions, sendPiece } from '../api/upload-sessions';
import { noteStored } from '../live/folders';
import { session } from '../lib/session';
import { UploadQueue } from './queue';
import { belongs, RESUMABLE_BYTES, startResumable, type Sessions, type Upload } from './resumable';
import type { Item } from './types';

const DISCARD_TRIES = 10;
const PAUSE_MS = 500;

async function exists(vault: string, path: string): Promise<boolean> {
  try {
    return !(await getFile(vault, path)).deleted;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false;
    throw error;
  }
}

const sessions: Sessions = {
  list: listSessions,
  begin: beginSession,
  send: sendPiece,
  finish: finishSession,
  drop: dropSession,
  pause: () => new Promise((resolve) => window.setTimeout(resolve, PAUSE_MS)),
};

const start = (upload: Upload) =>
  upload.body.size >= RESUMABLE_BYTES ? startResumable(sessions, upload) : startUpload(upload);

/** Gives up what has arrived of an upload. The end of its last request may still be on its way. */
async function discard({ vault, path, file }: Item, tries = DISCARD_TRIES): Promise<void> {
  if (file.size < RESUMABLE_BYTES) return;
  const wanted = { path, size: file.size, mtimeMs: file.lastModified ?? 0 };
  const found = (await listSessions(vault)).find((one) => belongs(one, wanted));
  if (found === undefined) return;
  try {
    await dropSession(vault, found.id);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 409 || tries === 1) throw error;
    await sessions.pause();
    await discard({ vault, path, file } as Item, tries - 1);
  }
}

/** The uploads of this page. They go on while the person looks at something else. */
export const uploads = new UploadQueue({
  start,
  exists,
  discard: (item) => {
    discard(item).catch(() => undefined); // it ends by itself after some days
  },
  reachable: () => connection.get() === 'open',
  stored: noteStored,
});

session.subscribe(() => {
  if (session.get() === null) uploads.pause();
  else uploads.resume();
});

window.addEventListener('beforeunload', (event) => {
  if (uploads.summary().busy || uploads.summary().counts.held > 0) event.preventDefault();
});
