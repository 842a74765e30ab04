// SPDX-License-Identifier: GPL-3.0-or-later
import type { Listing } from '../../api/files';
import type { File as VaultFile, Folder, TrashEntry } from '../../api/types';

interface RowBase {
  /** Unique in a listing: a deleted file and a folder may have the same path. */
  key: string;
  path: string;
  name: string;
  size: number;
  time: number;
}
export type FolderRow = RowBase & { kind: 'folder'; folder: Folder };
export type FileRow = RowBase & { kind: 'file'; file: VaultFile };
export type Row = FolderRow | FileRow;
/** A deleted file in the trash; its name is the whole path. */
export type TrashRow = RowBase & { kind: 'trash'; entry: TrashEntry };
export type AnyRow = Row | TrashRow;

export type SortField = 'name' | 'size' | 'time';
export interface Sort {
  field: SortField;
  down: boolean;
}

/** A remembered order; by name when it is none. */
export function sortFrom(found: unknown): Sort {
  const { field, down } = (found ?? {}) as Partial<Sort>;
  return field === 'size' || field === 'time' ? { field, down: down === true } : { field: 'name', down: down === true };
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

export function folderRow(folder: Folder): FolderRow {
  const { path, name, bytes, changed_ms } = folder;
  return { kind: 'folder', key: `d${path}`, path, name, size: bytes, time: changed_ms, folder };
}

export function fileRow(file: VaultFile): FileRow {
  return { kind: 'file', key: `f${file.path}`, path: file.path, name: file.name, size: file.size, time: file.mtime_ms, file };
}

export function trashRow(entry: TrashEntry): TrashRow {
  return { kind: 'trash', key: entry.path, path: entry.path, name: entry.path.slice(1), size: entry.size, time: entry.deleted_ms, entry };
}

function comparator({ field, down }: Sort): (a: Row, b: Row) => number {
  const sign = down ? -1 : 1;
  const byName = (a: Row, b: Row): number => collator.compare(a.name, b.name) || (a.name < b.name ? -1 : 1);
  if (field === 'name') return (a, b) => sign * byName(a, b);
  return (a, b) => sign * (a[field] - b[field]) || byName(a, b);
}

/** The rows of a folder in the wanted order: folders first, and only those whose name holds the text. */
export function arrange(listing: Listing, sort: Sort, filter: string, showDeleted: boolean): Row[] {
  const wanted = filter.trim().toLocaleLowerCase();
  const keep = (row: Row): boolean => wanted === '' || row.name.toLocaleLowerCase().includes(wanted);
  const files = listing.files.filter((file) => showDeleted || !file.deleted).map(fileRow);
  const compare = comparator(sort);
  return [
    ...listing.folders.map(folderRow).filter(keep).sort(compare),
    ...(files as Row[]).filter(keep).sort(compare),
  ];
}
