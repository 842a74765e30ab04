// SPDX-License-Identifier: GPL-3.0-or-later
import { deleteFile, listTree, moveFile, openVersion, restoreFile, streamUrl } from '../../api/files';
import type { FileVersion } from '../../api/types';
import { notifyDone, notifyError, notifyProgress, notifyUndo } from '../../components/notify';
import { t, tn } from '../../lib/i18n';
import { noteGone } from '../../live/folders';
import { isWithin, joinPath, nameOf, parentOf } from '../../lib/paths';
import type { FileRow, Row } from './rows';

const PARALLEL = 4;
const SHOW_PROGRESS_FROM = 20;
const BLOB_LIMIT = 256 * 1024 * 1024;

/** Runs work for each item, a few at a time; goes on after a failure and throws the first one at the end. */
export async function forEachParallel<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      try {
        await work(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  if (failures.length > 0) throw failures[0];
}

interface Gone {
  path: string;
  contentHash: string;
}

async function filesOf(vault: string, rows: Row[]): Promise<Gone[]> {
  const found: Gone[] = [];
  for (const row of rows) {
    const files = row.kind === 'file' ? [row.file] : await listTree(vault, row.path);
    for (const file of files) if (!file.deleted) found.push({ path: file.path, contentHash: file.content_hash });
  }
  return found;
}

async function withProgress(
  total: number,
  message: (done: number) => string,
  run: (tick: () => void) => Promise<void>,
): Promise<void> {
  if (total < SHOW_PROGRESS_FROM) {
    await run(() => undefined);
    return;
  }
  const progress = notifyProgress(message(0));
  let done = 0;
  try {
    await run(() => {
      done += 1;
      if (done % 10 === 0) progress.update(message(done));
    });
  } finally {
    progress.close();
  }
}

/** Deletes files, and folders with all that is in them, and offers to take it back. */
export async function deleteRows(vault: string, rows: Row[]): Promise<void> {
  const gone: Gone[] = [];
  try {
    const files = await filesOf(vault, rows);
    const total = files.length;
    await withProgress(
      total,
      (done) => t('Deleting: {done} of {total}', { done, total }),
      (tick) =>
        forEachParallel(files, async (file) => {
          await deleteFile(vault, file.path);
          gone.push(file);
          tick();
        }),
    );
    noteGone(vault, rows.map(({ path }) => path));
  } catch (error) {
    notifyError(error, t('Not everything could be deleted'));
  }
  if (gone.length === 0) return;
  const only = rows[0];
  const message =
    rows.length === 1 && only !== undefined
      ? t('“{name}” is deleted.', { name: only.name })
      : tn('{n} file is deleted.', '{n} files are deleted.', gone.length);
  notifyUndo(message, () => restoreAll(vault, gone));
}

async function restoreAll(vault: string, gone: Gone[]): Promise<void> {
  const total = gone.length;
  await withProgress(
    total,
    (done) => t('Restoring: {done} of {total}', { done, total }),
    (tick) =>
      forEachParallel(gone, async ({ path, contentHash }) => {
        await restoreFile(vault, path, contentHash);
        tick();
      }),
  );
}

/** Brings deleted files back as they were last. */
export async function restoreRows(vault: string, rows: FileRow[]): Promise<void> {
  try {
    await restoreAll(
      vault,
      rows.map(({ file }) => ({ path: file.path, contentHash: file.content_hash })),
    );
    notifyDone(tn('{n} file is back.', '{n} files are back.', rows.length));
  } catch (error) {
    notifyError(error, t('Not everything could be restored'));
  }
}

/** Whether a path may go into a folder: not where it is already, and not into itself. */
export function canMove(path: string, folder: string): boolean {
  return parentOf(path) !== folder && !isWithin(folder, path);
}

/** Moves files and folders into a folder, and offers to take it back. */
export async function moveInto(vault: string, paths: string[], folder: string): Promise<void> {
  const moved: { from: string; to: string }[] = [];
  try {
    for (const from of paths.filter((path) => canMove(path, folder))) {
      const to = joinPath(folder, nameOf(from));
      await moveFile(vault, from, to);
      moved.push({ from, to });
      noteGone(vault, [from]);
    }
  } catch (error) {
    notifyError(error, t('Not everything could be moved'));
  }
  if (moved.length === 0) return;
  const place = folder === '/' ? t('the top of the vault') : nameOf(folder);
  notifyUndo(tn('{n} item is now in {place}.', '{n} items are now in {place}.', moved.length, { place }), async () => {
    for (const { from, to } of moved.reverse()) await moveFile(vault, to, from);
  });
}

function saveAs(url: string, name: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
}

/** Lets the browser fetch files on its own, so that even large ones never lie in memory. */
export function downloadRows(vault: string, rows: FileRow[]): void {
  for (const row of rows) saveAs(streamUrl(vault, row.path), row.name);
}

interface SavePicker {
  showSaveFilePicker?: (options: { suggestedName: string }) => Promise<{ createWritable: () => Promise<WritableStream<Uint8Array>> }>;
}

/** An older version. Its route takes the token in a header only, so the page fetches it itself. */
export async function downloadVersion(vault: string, path: string, version: FileVersion): Promise<void> {
  if (version.content_hash === null) return;
  const name = nameOf(path);
  const { showSaveFilePicker } = window as SavePicker;
  if (version.size > BLOB_LIMIT && showSaveFilePicker !== undefined) {
    const target = await showSaveFilePicker({ suggestedName: name });
    const response = await openVersion(vault, path, version.content_hash);
    await response.body?.pipeTo(await target.createWritable());
    return;
  }
  const response = await openVersion(vault, path, version.content_hash);
  const url = URL.createObjectURL(await response.blob());
  saveAs(url, name);
  window.setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
