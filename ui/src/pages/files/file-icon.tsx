// SPDX-License-Identifier: GPL-3.0-or-later
import {
  DocumentIcon,
  DocumentTextIcon,
  FilmIcon,
  MusicalNoteIcon,
  PhotoIcon,
  ArchiveBoxArrowDownIcon,
} from '@heroicons/react/24/outline';
import { FolderIcon } from '@heroicons/react/24/solid';
import type { AnyRow } from './rows';
import { previewKind } from './preview-kind';
import classes from './file-table.module.css';

const glyphs = { image: PhotoIcon, text: DocumentTextIcon, audio: MusicalNoteIcon, video: FilmIcon };

export function FileIcon({ row }: { row: AnyRow }) {
  if (row.kind === 'folder') return <FolderIcon width={22} height={22} aria-hidden className={classes.folderIcon} />;
  const { mime } = row.kind === 'file' ? row.file : row.entry;
  const kind = previewKind(mime, row.name);
  const packed = /(zip|tar|gzip|compressed|xz|7z)/.test(mime);
  const Glyph = kind === null ? (packed ? ArchiveBoxArrowDownIcon : DocumentIcon) : glyphs[kind];
  return <Glyph width={22} height={22} aria-hidden className={classes.fileIcon} />;
}
