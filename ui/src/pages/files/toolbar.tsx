// SPDX-License-Identifier: GPL-3.0-or-later
import { useRef, type Ref } from 'react';
import { Button, Menu, Switch, TextInput } from '@mantine/core';
import {
  ArrowUpTrayIcon,
  DocumentPlusIcon,
  FolderArrowDownIcon,
  FolderPlusIcon,
  MagnifyingGlassIcon,
  XMarkIcon,
} from '@heroicons/react/24/outline';
import { IconButton } from '../../components/icon-button';
import { formatBytes } from '../../lib/format';
import { t, tn } from '../../lib/i18n';
import { uploads } from '../../uploads';
import { fromInput } from '../../uploads/walk';
import type { Action } from './row-menu';
import type { AnyRow, Row } from './rows';
import classes from './toolbar.module.css';

function FileInput({ ref, folders, onFiles }: { ref: Ref<HTMLInputElement>; folders: boolean; onFiles: (files: FileList) => void }) {
  return (
    <input
      ref={ref}
      type="file"
      multiple
      hidden
      data-testid={folders ? 'choose-folder' : 'choose-files'}
      {...(folders ? { webkitdirectory: '' } : {})}
      onChange={(event) => {
        const { files } = event.currentTarget;
        if (files !== null) onFiles(files);
        event.currentTarget.value = '';
      }}
    />
  );
}

/** Upload and new folder. */
export function AddButtons({ vault, folder, newFolder }: { vault: string; folder: string; newFolder: () => void }) {
  const files = useRef<HTMLInputElement>(null);
  const folders = useRef<HTMLInputElement>(null);
  const add = (chosen: FileList): void => uploads.add(vault, fromInput(chosen, folder));
  return (
    <>
      <FileInput ref={files} folders={false} onFiles={add} />
      <FileInput ref={folders} folders onFiles={add} />
      <Button variant="default" leftSection={<FolderPlusIcon width={18} aria-hidden />} onClick={newFolder}>
        {t('New folder')}
      </Button>
      <Menu position="bottom-end" width={220}>
        <Menu.Target>
          <Button leftSection={<ArrowUpTrayIcon width={18} aria-hidden />}>{t('Upload')}</Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<DocumentPlusIcon width={18} aria-hidden />} onClick={() => files.current?.click()}>
            {t('Upload files …')}
          </Menu.Item>
          <Menu.Item leftSection={<FolderArrowDownIcon width={18} aria-hidden />} onClick={() => folders.current?.click()}>
            {t('Upload a folder …')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

interface FilterBarProps {
  filter: string;
  setFilter: (text: string) => void;
  showDeleted: boolean;
  setShowDeleted: (show: boolean) => void;
  rows: Row[];
  complete: boolean;
}

export function FilterBar({ filter, setFilter, showDeleted, setShowDeleted, rows, complete }: FilterBarProps) {
  const bytes = rows.reduce((sum, row) => sum + row.size, 0);
  return (
    <div className={classes.bar}>
      <TextInput
        className={classes.filter}
        aria-label={t('Filter by name')}
        placeholder={t('Filter by name')}
        value={filter}
        onChange={(event) => setFilter(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') setFilter('');
        }}
        leftSection={<MagnifyingGlassIcon width={18} aria-hidden />}
      />
      <Switch
        label={t('Show deleted')}
        checked={showDeleted}
        onChange={(event) => setShowDeleted(event.currentTarget.checked)}
      />
      <span className={classes.sum} role="status">
        {complete
          ? `${tn('{n} item', '{n} items', rows.length)}, ${formatBytes(bytes)}`
          : tn('{n} item so far …', '{n} items so far …', rows.length)}
      </span>
    </div>
  );
}

/** What can be done with the selected rows. */
export function SelectionBar({ rows, items, clear }: { rows: AnyRow[]; items: Action[]; clear: () => void }) {
  const bytes = rows.reduce((sum, row) => sum + row.size, 0);
  return (
    <div className={classes.selection} role="toolbar" aria-label={t('Selection')}>
      <IconButton icon={XMarkIcon} label={t('Clear the selection')} onClick={clear} />
      <span className={classes.count} role="status">
        {tn('{n} selected', '{n} selected', rows.length)}
        <span className={classes.bytes}> · {formatBytes(bytes)}</span>
      </span>
      {items
        .filter(({ id }) => id !== 'open')
        .map(({ id, label, icon: Glyph, run }) => (
          <Button
            key={id}
            size="compact-md"
            variant="subtle"
            c="inherit"
            className={classes.action}
            leftSection={<Glyph width={18} aria-hidden />}
            onClick={run}
            aria-label={label.replace(' …', '')}
          >
            <span className={classes.actionText}>{label}</span>
          </Button>
        ))}
    </div>
  );
}
