// SPDX-License-Identifier: GPL-3.0-or-later
import { useCallback, useMemo, useRef, useState } from 'react';
import { Button, Skeleton, Text } from '@mantine/core';
import { ArrowUturnLeftIcon, TrashIcon, XCircleIcon } from '@heroicons/react/24/outline';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { trashQuery, undelete } from '../../api/files';
import type { Vault } from '../../api/types';
import { Empty } from '../../components/empty';
import { Failure } from '../../components/failure';
import { notifyDone, notifyError } from '../../components/notify';
import { Page } from '../../components/page';
import { t, tn } from '../../lib/i18n';
import { VaultCrumbs } from '../files/breadcrumbs';
import { FileTable, type TableCommands, type TableHandle } from '../files/file-table';
import { RowMenu, type Action } from '../files/row-menu';
import { trashRow, type TrashRow } from '../files/rows';
import { clear } from '../files/selection';
import { SelectionBar } from '../files/toolbar';
import { useSelection } from '../files/use-folder';
import { PurgeDialog } from './purge-dialog';

function useTrash(vault: string) {
  const query = useInfiniteQuery(trashQuery(vault));
  const rows = useMemo(() => (query.data?.pages ?? []).flatMap(({ entries }) => entries.map(trashRow)), [query.data]);
  const keys = useMemo(() => rows.map(({ key }) => key), [rows]);
  return { query, rows, keys };
}

/** The deleted files of a vault: they come back from here, or go for ever. */
export function TrashPage({ vault }: { vault: Vault }) {
  const client = useQueryClient();
  const { query, rows, keys } = useTrash(vault.id);
  const [selection, setSelection] = useSelection(keys);
  const [purging, setPurging] = useState<TrashRow[] | 'all' | null>(null);
  const [menuAt, setMenuAt] = useState<{ x: number; y: number } | null>(null);
  const table = useRef<TableHandle>(null);
  const selected = useMemo(() => rows.filter(({ key }) => selection.selected.has(key)), [rows, selection.selected]);
  const focus = (): void => table.current?.focus();

  const restore = async (wanted: TrashRow[]): Promise<void> => {
    try {
      const { files } = await undelete(vault.id, wanted.map(({ path }) => path));
      notifyDone(tn('{n} file is back.', '{n} files are back.', files));
    } catch (error) {
      notifyError(error, t('Not everything could be restored'));
    }
    await client.invalidateQueries({ queryKey: ['trash', vault.id] });
  };
  const items: Action[] = [
    { id: 'restore', label: t('Restore'), icon: ArrowUturnLeftIcon, run: () => void restore(selected) },
    { id: 'purge', label: t('Delete for ever …'), icon: XCircleIcon, run: () => setPurging(selected), danger: true },
  ];
  const commands: TableCommands<TrashRow> = {
    open: (row) => void restore([row]),
    remove: () => {
      if (selected.length > 0) setPurging(selected);
    },
    menu: (_row, x, y) => setMenuAt({ x, y }),
  };
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);

  return (
    <Page
      wide
      title={t('Trash of “{name}”', { name: vault.name })}
      heading={<VaultCrumbs vault={vault} here={t('Trash')} />}
      actions={
        rows.length === 0 ? undefined : (
          <Button variant="default" leftSection={<TrashIcon width={18} aria-hidden />} onClick={() => setPurging('all')}>
            {t('Empty the trash …')}
          </Button>
        )
      }
    >
      {selected.length > 0 ? (
        <SelectionBar
          rows={selected}
          items={items}
          clear={() => {
            setSelection(clear(selection));
            focus();
          }}
        />
      ) : (
        <Text c="dimmed" size="sm" mih={44}>
          {tn(
            'What is deleted can be restored for {n} day.',
            'What is deleted can be restored for {n} days.',
            vault.history_keep_days,
          )}
        </Text>
      )}
      {query.isPending ? <Skeleton h={320} radius={14} role="status" aria-label={t('Loading')} /> : null}
      {query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
      {query.isSuccess && rows.length === 0 ? (
        <Empty icon={TrashIcon} title={t('The trash is empty')}>
          {t('Deleted files wait here, with their versions, until they are restored or deleted for ever.')}
        </Empty>
      ) : null}
      {rows.length > 0 ? (
        <FileTable
          ref={table}
          vault={vault.id}
          label={t('Deleted files')}
          rows={rows}
          keys={keys}
          complete={!hasNextPage}
          timeLabel={t('Deleted')}
          {...{ selection, setSelection, commands, onEnd }}
        />
      ) : null}
      <RowMenu
        at={menuAt}
        items={items}
        close={() => {
          setMenuAt(null);
          focus();
        }}
      />
      {purging === null ? null : <PurgeDialog vault={vault.id} rows={purging} close={() => setPurging(null)} />}
    </Page>
  );
}
