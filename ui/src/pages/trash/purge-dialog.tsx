// SPDX-License-Identifier: GPL-3.0-or-later
import { useEffect } from 'react';
import { List, Stack, Text } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { purge, purgeAll, trashQuery } from '../../api/files';
import type { TrashEntry } from '../../api/types';
import { Confirm } from '../../components/confirm';
import { Dialog } from '../../components/dialog';
import { notifyDone } from '../../components/notify';
import { formatBytes } from '../../lib/format';
import { t, tn } from '../../lib/i18n';
import type { TrashRow } from '../files/rows';

const NAMED = 5;

/** Every entry of the trash, page after page. */
function useAllEntries(vault: string, wanted: boolean): { entries: TrashEntry[]; complete: boolean } {
  const { data, hasNextPage, isFetching, fetchNextPage } = useInfiniteQuery(trashQuery(vault));
  useEffect(() => {
    if (wanted && hasNextPage && !isFetching) void fetchNextPage();
  }, [wanted, hasNextPage, isFetching, fetchNextPage]);
  return { entries: (data?.pages ?? []).flatMap(({ entries }) => entries), complete: !hasNextPage };
}

function Loss({ entries, complete }: { entries: TrashEntry[]; complete: boolean }) {
  const versions = entries.reduce((sum, entry) => sum + entry.versions, 0);
  const freed = entries.reduce((sum, entry) => sum + entry.freed_bytes, 0);
  const more = entries.length - NAMED;
  return (
    <Stack gap="xs" aria-busy={!complete}>
      <Text>
        {tn('{n} file is lost for ever.', '{n} files are lost for ever.', entries.length)}{' '}
        {tn('In all {n} version is removed.', 'In all {n} versions are removed.', versions)}
      </Text>
      <List size="sm">
        {entries.slice(0, NAMED).map(({ path }) => (
          <List.Item key={path} style={{ overflowWrap: 'anywhere' }}>
            {path.slice(1)}
          </List.Item>
        ))}
        {more > 0 ? <List.Item>{tn('and {n} more', 'and {n} more', more)}</List.Item> : null}
      </List>
      <Text size="sm" c="dimmed" role="status">
        {complete ? t('At least {bytes} of the disk become free.', { bytes: formatBytes(freed) }) : t('Counting …')}
      </Text>
    </Stack>
  );
}

/** Says what will be lost and freed before anything is. */
export function PurgeDialog({ vault, rows, close }: { vault: string; rows: TrashRow[] | 'all'; close: () => void }) {
  const client = useQueryClient();
  const all = useAllEntries(vault, rows === 'all');
  const entries = rows === 'all' ? all.entries : rows.map(({ entry }) => entry);
  const complete = rows === 'all' ? all.complete : true;
  const change = useMutation({
    mutationFn: () => (rows === 'all' ? purgeAll(vault) : purge(vault, rows.map(({ path }) => path))),
    onSuccess: async ({ files, bytes }) => {
      await client.invalidateQueries({ queryKey: ['trash', vault] }); // first, so that the focus returns to what is still there
      notifyDone(
        tn('{n} file is gone for ever; {bytes} become free.', '{n} files are gone for ever; {bytes} become free.', files, {
          bytes: formatBytes(bytes),
        }),
      );
      close();
    },
  });
  return (
    <Dialog title={rows === 'all' ? t('Empty the trash?') : t('Delete for ever?')} onClose={close}>
      <Stack>
        {change.isSuccess ? null : <Loss entries={entries} complete={complete} />}
        <Confirm
          action={t('Delete for ever')}
          pending={change.isPending}
          error={change.error}
          disabled={!complete}
          run={() => change.mutate()}
          close={close}
        />
      </Stack>
    </Dialog>
  );
}
