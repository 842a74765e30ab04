// SPDX-License-Identifier: GPL-3.0-or-later
import { useEffect, useMemo, useRef, useState, type Dispatch, type SetStateAction } from 'react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { ApiError } from '../../api/client';
import { listFolder, type Listing } from '../../api/files';
import type { FolderKey } from '../../live/folders';
import { arrange, type Row, type Sort } from './rows';
import { nothingSelected, prune, selectOne, type Selection } from './selection';

const empty: Listing = { files: [], folders: [], complete: true };

export interface FolderView {
  rows: Row[];
  keys: string[];
  pending: boolean;
  complete: boolean;
  error: Error | null;
  refetch: () => void;
}

/** The rows of a folder. A large one fills up while its pages come. */
export function useFolder(vault: string, folder: string, sort: Sort, filter: string, showDeleted: boolean): FolderView {
  const client = useQueryClient();
  const queryKey: FolderKey = ['files', vault, folder, showDeleted];
  const query = useQuery({
    queryKey,
    structuralSharing: false,
    queryFn: ({ signal }) =>
      listFolder(vault, folder, {
        signal,
        includeDeleted: showDeleted,
        onPartial: (part) => client.setQueryData<Listing>(queryKey, (old) => (old?.complete ? old : part)),
      }),
  });
  // a folder exists only through its files: an unknown one is one that is still empty
  const missing = folder !== '/' && query.error instanceof ApiError && query.error.status === 404;
  const listing = missing ? empty : query.data;
  const rows = useMemo(
    () => (listing === undefined ? [] : arrange(listing, sort, filter, showDeleted)),
    [listing, sort, filter, showDeleted],
  );
  const keys = useMemo(() => rows.map((row) => row.key), [rows]);
  return {
    rows,
    keys,
    pending: query.isPending && !missing,
    complete: listing?.complete ?? false,
    error: missing ? null : query.error,
    refetch: () => void query.refetch(),
  };
}

export type SetSelection = Dispatch<SetStateAction<Selection>>;

/** The selection, which follows the rows as they change. */
export function useSelection(keys: string[]): [Selection, SetSelection] {
  const [state, setState] = useState<Selection>(nothingSelected);
  const before = useRef(keys);
  useEffect(() => {
    const old = before.current;
    before.current = keys;
    if (old !== keys) setState((current) => prune(current, old, keys));
  }, [keys]);
  return [state, setState];
}

/** Selects a row as soon as it is listed: the one that has just been renamed. */
export function useFollow(keys: string[], setSelection: SetSelection): (key: string) => void {
  const wanted = useRef<string | null>(null);
  useEffect(() => {
    if (wanted.current === null || !keys.includes(wanted.current)) return;
    setSelection(selectOne(wanted.current));
    wanted.current = null;
  }, [keys, setSelection]);
  return (key) => {
    if (keys.includes(key)) setSelection(selectOne(key));
    else wanted.current = key;
  };
}
