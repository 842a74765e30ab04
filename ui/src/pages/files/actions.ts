// SPDX-License-Identifier: GPL-3.0-or-later
import { archive, deleteMany, openVersion, streamUrl, undelete } from '../../api/files';
import type { FileVersion } from '../../api/types';
import { notifyDone, notifyError, notifyUndo } from '../../components/notify';
import { t, tn } from '../../lib/i18n';
import { noteGone } from '../../live/folders';
import { nameOf } from '../../lib/paths';
import type { FileRow, Row } from './rows';

const MOST_NAME = 100;
const BLOB_LIMIT = 256 * 1024 * 1024;

/** Deletes files, and folders with all that is in them, and offers to take it back. */
export async function deleteRows(vault: string, rows: Row[]): Promise<void> {
  const paths = rows.map(({ path }) => path);
  try {
    const { files, at_ms: atMs, failures } = await deleteMany(vault, paths);
    const failed = new Set(failures.map(({ path }) => path));
    const gone = paths.filter((path) => !failed.has(path));
    noteGone(vault, gone);
    const [first] = failures;
    if (first !== undefined) notifyError(new Error(`${first.path}: ${first.error}`), t('Not everything could be deleted'));
    if (files === 0) return;
    const only = rows[0];
    const message =
      rows.length === 1 && only !== undefined
        ? t('“{name}” is deleted.', { name: only.name })
        : tn('{n} file is deleted.', '{n} files are deleted.', files);
    notifyUndo(message, async () => {
      await undelete(vault, gone, atMs);
    });
  } catch (error) {
    notifyError(error, t('Not everything could be deleted'));
  }
}

/** Brings deleted files back as they were last. */
export async function restoreRows(vault: string, rows: FileRow[]): Promise<void> {
  try {
    const { files } = await undelete(vault, rows.map(({ path }) => path));
    notifyDone(tn('{n} file is back.', '{n} files are back.', files));
  } catch (error) {
    notifyError(error, t('Not everything could be restored'));
  }
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

/** Files and folders as one zip, which the browser fetches on its own. */
export async function downloadZip(vault: string, rows: Row[], name: string): Promise<void> {
  try {
    const only = rows.length === 1 ? rows[0] : undefined;
    const title = only?.name ?? name;
    const { url } = await archive(vault, rows.map(({ path }) => path), title.slice(0, MOST_NAME));
    saveAs(url, `${title}.zip`);
  } catch (error) {
    notifyError(error);
  }
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
