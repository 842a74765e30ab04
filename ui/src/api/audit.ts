// SPDX-License-Identifier: GPL-3.0-or-later
import { infiniteQueryOptions } from '@tanstack/react-query';
import { fetchJson, tokenUrl } from './client';
import type { AuditList } from './types';

export const auditQuery = (types: string) =>
  infiniteQueryOptions({
    queryKey: ['audit', types],
    queryFn: ({ signal, pageParam }) =>
      fetchJson<AuditList>('/audit', {
        signal,
        query: { types: types === '' ? undefined : types, before: pageParam, limit: 100 },
      }),
    initialPageParam: null as number | null,
    getNextPageParam: (last) => last.next_before,
  });

export const auditExportUrl = (): string => tokenUrl('/audit/export');
