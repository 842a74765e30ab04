// SPDX-License-Identifier: GPL-3.0-or-later
import { Menu } from '@mantine/core';
import {
  ArchiveBoxArrowDownIcon,
  ArrowDownTrayIcon,
  ArrowRightIcon,
  ArrowUturnLeftIcon,
  ClockIcon,
  DocumentDuplicateIcon,
  EyeIcon,
  FolderOpenIcon,
  MapPinIcon,
  PencilIcon,
  ScaleIcon,
  TrashIcon,
} from '@heroicons/react/24/outline';
import type { Icon } from '../../components/icon-button';
import { t } from '../../lib/i18n';
import type { FileRow, Row } from './rows';
import classes from './row-menu.module.css';

export interface RowActions {
  open: (row: Row) => void;
  download: (rows: FileRow[]) => void;
  rename: (row: Row) => void;
  zip: (rows: Row[]) => void;
  move: (rows: Row[]) => void;
  copy: (rows: Row[]) => void;
  versions: (row: FileRow) => void;
  resolve: (row: FileRow) => void;
  where: (row: FileRow) => void;
  remove: (rows: Row[]) => void;
  restore: (rows: FileRow[]) => void;
}

export interface Action {
  id: string;
  label: string;
  icon: Icon;
  run: () => void;
  danger?: boolean;
}

const isFile = (row: Row): row is FileRow => row.kind === 'file';

/** What can be done with the rows: the same in the menu and in the bar above the list. */
export function actionsFor(rows: Row[], actions: RowActions): Action[] {
  const [first] = rows;
  if (first === undefined) return [];
  const single = rows.length === 1;
  const files = rows.filter(isFile);
  const deleted = files.filter(({ file }) => file.deleted);
  const found: (Action | false)[] =
    deleted.length === rows.length
      ? [{ id: 'restore', label: t('Restore'), icon: ArrowUturnLeftIcon, run: () => actions.restore(deleted) }]
      : [
          single && first.kind === 'folder' && { id: 'open', label: t('Open'), icon: FolderOpenIcon, run: () => actions.open(first) },
          single && first.kind === 'file' && { id: 'open', label: t('Preview'), icon: EyeIcon, run: () => actions.open(first) },
          files.length === rows.length && deleted.length === 0 && {
            id: 'download', label: t('Download'), icon: ArrowDownTrayIcon, run: () => actions.download(files),
          },
          (!single || files.length === 0) && deleted.length === 0 && {
            id: 'zip', label: t('Download as zip'), icon: ArchiveBoxArrowDownIcon, run: () => actions.zip(rows),
          },
          single && { id: 'rename', label: t('Rename …'), icon: PencilIcon, run: () => actions.rename(first) },
          deleted.length === 0 && { id: 'move', label: t('Move …'), icon: ArrowRightIcon, run: () => actions.move(rows) },
          deleted.length === 0 && { id: 'copy', label: t('Copy …'), icon: DocumentDuplicateIcon, run: () => actions.copy(rows) },
        ];
  if (single && first.kind === 'file' && first.file.conflict)
    found.unshift({ id: 'resolve', label: t('Resolve the conflict …'), icon: ScaleIcon, run: () => actions.resolve(first) });
  if (single && first.kind === 'file')
    found.push({ id: 'versions', label: t('Versions'), icon: ClockIcon, run: () => actions.versions(first) });
  if (single && first.kind === 'file' && !first.file.deleted)
    found.push({ id: 'where', label: t('Where it is'), icon: MapPinIcon, run: () => actions.where(first) });
  if (deleted.length < rows.length)
    found.push({ id: 'delete', label: t('Delete'), icon: TrashIcon, run: () => actions.remove(rows), danger: true });
  return found.filter((action) => action !== false);
}

interface RowMenuProps {
  at: { x: number; y: number } | null;
  items: Action[];
  close: () => void;
}

/** The menu of a row, where the pointer or the keyboard asked for it. */
export function RowMenu({ at, items, close }: RowMenuProps) {
  if (at === null) return null;
  return (
    <Menu
      opened
      onClose={close}
      position="bottom-start"
      width={200}
      returnFocus={false}
      trapFocus
      // not keydown: the key that opens the menu is still on its way up and would close it
      clickOutsideEvents={['mousedown', 'touchstart']}
    >
      <Menu.Target>
        <button type="button" tabIndex={-1} aria-label={t('Actions')} className={classes.anchor} style={{ left: at.x, top: at.y }} />
      </Menu.Target>
      <Menu.Dropdown>
        {items.map(({ id, label, icon: Glyph, run, danger }) => (
          <Menu.Item
            key={id}
            leftSection={<Glyph width={18} aria-hidden />}
            onClick={run}
            {...(danger ? { c: 'var(--mh-bad)' } : {})}
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
