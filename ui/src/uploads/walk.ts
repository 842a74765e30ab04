// SPDX-License-Identifier: GPL-3.0-or-later
import { joinPath } from '../lib/paths';
import type { NewUpload } from './types';

const BATCH = 200;

/** What a drop holds. Must be called while the event is handled: the browser empties it afterwards. */
export function entriesOf(transfer: DataTransfer): FileSystemEntry[] {
  return [...transfer.items]
    .filter((item) => item.kind === 'file')
    .map((item) => item.webkitGetAsEntry())
    .filter((entry): entry is FileSystemEntry => entry !== null);
}

function readSome(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

async function* walkEntry(entry: FileSystemEntry, folder: string): AsyncGenerator<NewUpload> {
  const path = joinPath(folder, entry.name);
  if (entry.isFile) {
    yield { path, file: await fileOf(entry as FileSystemFileEntry) };
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (let some = await readSome(reader); some.length > 0; some = await readSome(reader))
    for (const child of some) yield* walkEntry(child, path);
}

/** Gives every file below the entries to add(), in batches, while the folders are still being read. */
export async function walk(entries: FileSystemEntry[], folder: string, add: (batch: NewUpload[]) => void): Promise<void> {
  let batch: NewUpload[] = [];
  for (const entry of entries) {
    for await (const upload of walkEntry(entry, folder)) {
      batch.push(upload);
      if (batch.length < BATCH) continue;
      add(batch);
      batch = [];
    }
  }
  if (batch.length > 0) add(batch);
}

/** The files of an <input type="file">; those of a chosen folder keep their path below it. */
export function fromInput(files: FileList, folder: string): NewUpload[] {
  return [...files].map((file) => ({ path: joinPath(folder, file.webkitRelativePath || file.name), file }));
}
