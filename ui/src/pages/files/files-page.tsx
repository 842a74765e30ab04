// SPDX-License-Identifier: GPL-3.0-or-later
import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { Button, Skeleton, Text } from '@mantine/core';
import { ArrowUpTrayIcon, FunnelIcon } from '@heroicons/react/24/outline';
import type { File as VaultFile, Vault } from '../../api/types';
import { Empty } from '../../components/empty';
import { Failure } from '../../components/failure';
import { Page } from '../../components/page';
import { t } from '../../lib/i18n';
import { nameOf, parentOf } from '../../lib/paths';
import { navigate } from '../../lib/router';
import { recall, remember } from '../../lib/storage';
import { UnfinishedUploads } from '../../uploads/unfinished';
import { SyncState } from '../vaults/sync-state';
import { VaultMenu } from '../vaults/vault-menu';
import { deleteRows, downloadRows, downloadZip, restoreRows } from './actions';
import { Breadcrumbs } from './breadcrumbs';
import { ConflictNotice } from './conflict-notice';
import { FileTable, type TableCommands, type TableHandle } from './file-table';
import { Overlays, type Overlay } from './overlays';
import { actionsFor, RowMenu, type RowActions } from './row-menu';
import { SearchBox } from './search-box';
import { sortFrom, type Row, type Sort } from './rows';
import { clear, selectOne } from './selection';
import { AddButtons, FilterBar, SelectionBar } from './toolbar';
import { useDrop } from './use-drop';
import { useFolder, useFollow, useSelection, type FolderView, type SetSelection } from './use-folder';
import classes from './files-page.module.css';

const SORT_KEY = 'meshhold.sort';

function useSort(): [Sort, (next: Sort) => void] {
  const [sort, setSort] = useState<Sort>(() => sortFrom(recall('local', SORT_KEY)));
  const choose = (next: Sort): void => {
    remember('local', SORT_KEY, next);
    setSort(next);
  };
  return [sort, choose];
}

/** After a step into or out of a folder the keyboard stays in the list, on the row one came from. */
function useFolderSteps(folder: string, view: FolderView, setSelection: SetSelection, focus: () => void): void {
  const last = useRef(folder);
  const arriving = useRef<string | null>(null);
  useEffect(() => {
    if (last.current === folder) return;
    arriving.current = parentOf(last.current) === folder ? `d${last.current}` : '';
    last.current = folder;
  }, [folder]);
  useEffect(() => {
    if (arriving.current === null || view.pending) return;
    const from = arriving.current;
    arriving.current = null;
    const key = view.keys.includes(from) ? from : view.keys[0];
    if (key !== undefined) setSelection({ ...clear(selectOne(key)), active: key, anchor: key });
    focus();
  });
}

function NothingHere({ filter, clearFilter }: { filter: string; clearFilter: () => void }) {
  if (filter !== '')
    return (
      <Empty icon={FunnelIcon} title={t('Nothing here has such a name')}>
        <Button variant="default" onClick={clearFilter}>
          {t('Clear the filter')}
        </Button>
      </Empty>
    );
  return (
    <Empty icon={ArrowUpTrayIcon} title={t('Nothing here yet')}>
      <Text c="dimmed" ta="center" maw={460}>
        {t('Drop files or whole folders anywhere on this page, or use the Upload button.')}
      </Text>
    </Empty>
  );
}

/** The files of a vault. */
export function FilesPage({ vault, folder }: { vault: Vault; folder: string }) {
  const { id: vaultId, name: vaultName } = vault;
  const [sort, setSort] = useSort();
  const [filter, setFilter] = useState('');
  const [showDeleted, setShowDeleted] = useState(false);
  const [overlay, setOverlay] = useState<Overlay | null>(null);
  const [menuAt, setMenuAt] = useState<{ x: number; y: number } | null>(null);
  const table = useRef<TableHandle>(null);
  const view = useFolder(vaultId, folder, sort, useDeferredValue(filter), showDeleted);
  const [selection, setSelection] = useSelection(view.keys);
  const drop = useDrop(vaultId, folder, 'files');
  const focus = (): void => table.current?.focus();
  useFolderSteps(folder, view, setSelection, focus);
  const follow = useFollow(view.keys, setSelection);
  useEffect(() => setFilter(''), [folder]);

  const selectedRows = useMemo(
    () => view.rows.filter((row) => selection.selected.has(row.key)),
    [view.rows, selection.selected],
  );
  const open = (row: Row): void => {
    if (row.kind === 'folder') navigate({ page: 'files', vault: vaultId, folder: row.path });
    else if (row.file.deleted) setOverlay({ what: 'versions', row });
    else setOverlay({ what: 'preview', row });
  };
  const reveal = (file: VaultFile): void => {
    setFilter('');
    follow(`f${file.path}`);
    navigate({ page: 'files', vault: vaultId, folder: parentOf(file.path) });
    focus();
  };
  const actions: RowActions = {
    open,
    download: (rows) => downloadRows(vaultId, rows),
    rename: (row) => setOverlay({ what: 'rename', row }),
    zip: (rows) => void downloadZip(vaultId, rows, folder === '/' ? vaultName : nameOf(folder)),
    move: (rows) => setOverlay({ what: 'move', rows }),
    copy: (rows) => setOverlay({ what: 'copy', rows }),
    versions: (row) => setOverlay({ what: 'versions', row }),
    resolve: (row) => setOverlay({ what: 'conflict', row }),
    where: (row) => setOverlay({ what: 'where', row }),
    remove: (rows) => void deleteRows(vaultId, rows),
    restore: (rows) => void restoreRows(vaultId, rows),
  };
  const commands: TableCommands = {
    open,
    rename: actions.rename,
    remove: () => {
      if (selectedRows.length > 0) actions.remove(selectedRows);
    },
    up: () => {
      if (folder !== '/') navigate({ page: 'files', vault: vaultId, folder: parentOf(folder) });
    },
    menu: (_row, x, y) => setMenuAt({ x, y }),
  };
  const items = actionsFor(selectedRows, actions);

  return (
    <div className={classes.zone} data-over={drop.over} {...drop.props}>
      <Page
        wide
        title={folder === '/' ? vaultName : nameOf(folder)}
        heading={<Breadcrumbs vault={vaultId} vaultName={vaultName} folder={folder} />}
        actions={
          <>
            <SearchBox vault={vaultId} choose={reveal} />
            <AddButtons vault={vaultId} folder={folder} newFolder={() => setOverlay({ what: 'folder' })} />
            <VaultMenu vault={vault} folder={folder} />
          </>
        }
      >
        <SyncState vault={vaultId} />
        <UnfinishedUploads vault={vaultId} />
        <ConflictNotice rows={view.rows} resolve={actions.resolve} />
        {selectedRows.length > 0 ? (
          <SelectionBar
            rows={selectedRows}
            items={items}
            clear={() => {
              setSelection(clear(selection));
              focus();
            }}
          />
        ) : (
          <FilterBar {...{ filter, setFilter, showDeleted, setShowDeleted }} rows={view.rows} complete={view.complete} />
        )}
        {view.error === null ? null : <Failure error={view.error} retry={view.refetch} />}
        {view.pending ? <Skeleton h={320} radius={14} role="status" aria-label={t('Loading')} /> : null}
        {!view.pending && view.error === null && view.rows.length === 0 ? (
          <NothingHere filter={filter} clearFilter={() => setFilter('')} />
        ) : null}
        {view.rows.length > 0 ? (
          <FileTable
            ref={table}
            vault={vaultId}
            label={t('Files in {folder}', { folder: folder === '/' ? vaultName : nameOf(folder) })}
            rows={view.rows}
            keys={view.keys}
            complete={view.complete}
            sorting={{ sort, setSort }}
            timeLabel={t('Changed')}
            {...{ selection, setSelection, commands }}
          />
        ) : null}
      </Page>
      <RowMenu
        at={menuAt}
        items={items}
        close={() => {
          setMenuAt(null);
          focus();
        }}
      />
      <Overlays
        {...{ vaultId, vaultName, folder, overlay, setOverlay, rows: view.rows }}
        download={(row) => downloadRows(vaultId, [row])}
        onShow={(row) => setSelection(selectOne(row.key))}
        onRenamed={follow}
      />
    </div>
  );
}
