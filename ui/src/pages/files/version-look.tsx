// SPDX-License-Identifier: GPL-3.0-or-later
import { useEffect, useState } from 'react';
import { Loader, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { readVersion } from '../../api/files';
import type { FileVersion } from '../../api/types';
import { Failure } from '../../components/failure';
import { formatBytes } from '../../lib/format';
import { t } from '../../lib/i18n';
import { diffText, isText, type DiffLine } from '../../lib/text-diff';
import { previewKind } from './preview-kind';
import classes from './versions.module.css';

const TEXT_BYTES = 256 * 1024;
const DIFF_BYTES = 1024 * 1024;
const IMAGE_BYTES = 32 * 1024 * 1024;

export interface LookProps {
  vault: string;
  path: string;
  name: string;
  version: FileVersion;
}

/** The first bytes of a version; it never changes. */
const bytesQuery = (vault: string, path: string, version: FileVersion, most: number) => ({
  queryKey: ['version', vault, path, version.content_hash, most],
  queryFn: ({ signal }: { signal: AbortSignal }): Promise<Uint8Array<ArrayBuffer>> =>
    version.size === 0 ? Promise.resolve(new Uint8Array()) : readVersion(vault, path, version.content_hash ?? '', Math.min(most, version.size), signal),
  staleTime: Infinity,
  gcTime: 60_000,
});

function Picture({ bytes, name }: { bytes: Uint8Array<ArrayBuffer>; name: string }) {
  const [src, setSrc] = useState<string | null>(null);
  useEffect(() => {
    const url = URL.createObjectURL(new Blob([bytes]));
    setSrc(url);
    return () => URL.revokeObjectURL(url);
  }, [bytes]);
  return src === null ? null : <img className={classes.picture} src={src} alt={name} />;
}

/** A version as a picture or as text. */
export function Look({ vault, path, name, version }: LookProps) {
  const kind = previewKind('', name) ?? (/\.(png|jpe?g|gif|webp|avif|bmp)$/i.test(name) ? 'image' : null);
  const most = kind === 'image' ? IMAGE_BYTES : TEXT_BYTES;
  const query = useQuery(bytesQuery(vault, path, version, most));
  if (query.isPending) return <Loader role="status" aria-label={t('Loading')} />;
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />;
  const bytes = query.data;
  if (kind === 'image' && version.size <= IMAGE_BYTES) return <Picture bytes={bytes} name={name} />;
  if (kind === 'image' || !isText(bytes)) return <Text c="dimmed">{t('There is no preview for this file')}</Text>;
  return (
    <>
      {version.size > TEXT_BYTES ? (
        <Text size="sm" c="dimmed">
          {t('This is the beginning only: {part} of {whole}.', { part: formatBytes(TEXT_BYTES), whole: formatBytes(version.size) })}
        </Text>
      ) : null}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, so the keyboard must reach it */}
      <pre tabIndex={0} className={classes.text} aria-label={t('Text of {name}', { name })}>
        {bytes.length === 0 ? t('(empty)') : new TextDecoder().decode(bytes)}
      </pre>
    </>
  );
}

export type Diff =
  | { state: 'loading' }
  | { state: 'binary' }
  | { state: 'large' }
  | { state: 'failed'; error: Error }
  | { state: 'known'; lines: DiffLine[] };

/** What has changed from one version to another. */
export function useDiff(vault: string, path: string, older: FileVersion, newer: FileVersion): Diff {
  const before = useQuery(bytesQuery(vault, path, older, DIFF_BYTES));
  const after = useQuery(bytesQuery(vault, path, newer, DIFF_BYTES));
  const query = useQuery({
    queryKey: ['diff', vault, path, older.content_hash, newer.content_hash],
    queryFn: () => {
      const decoder = new TextDecoder();
      return diffText(decoder.decode(before.data), decoder.decode(after.data));
    },
    enabled: before.isSuccess && after.isSuccess,
    staleTime: Infinity,
    gcTime: 60_000,
  });
  const error = before.error ?? after.error ?? query.error;
  if (error !== null) return { state: 'failed', error };
  if (query.data === undefined || !before.isSuccess || !after.isSuccess) return { state: 'loading' };
  if (!isText(before.data) || !isText(after.data)) return { state: 'binary' };
  if (query.data === null || Math.max(older.size, newer.size) > DIFF_BYTES) return { state: 'large' };
  return { state: 'known', lines: query.data };
}
