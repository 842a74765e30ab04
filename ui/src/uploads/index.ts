// SPDX-License-Identifier: GPL-3.0-or-later
import { ApiError } from '../api/client';
import { connection } from '../api/events';
import { getFile, startUpload } from '../api/files';
import { noteStored } from '../live/folders';
import { session } from '../lib/session';
import { UploadQueue } from './queue';

async function exists(vault: string, path: string): Promise<boolean> {
  try {
    return !(await getFile(vault, path)).deleted;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false;
    throw error;
  }
}

/** The uploads of this page. They go on while the person looks at something else. */
export const uploads = new UploadQueue({
  start: startUpload,
  exists,
  reachable: () => connection.get() === 'open',
  stored: noteStored,
});

session.subscribe(() => {
  if (session.get() === null) uploads.pause();
  else uploads.resume();
});

window.addEventListener('beforeunload', (event) => {
  if (uploads.summary().busy) event.preventDefault();
});
