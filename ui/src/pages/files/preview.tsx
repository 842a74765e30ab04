// SPDX-License-Identifier: GPL-3.0-or-later
import { useEffect, useState } from 'react';
import { Button, Group, Loader, Modal, Text } from '@mantine/core';
import { ArrowDownTrayIcon, ChevronLeftIcon, ChevronRightIcon, ClockIcon, EyeSlashIcon, MapPinIcon } from '@heroicons/react/24/outline';
import { useQuery } from '@tanstack/react-query';
import { readStart, streamUrl } from '../../api/files';
import { Empty } from '../../components/empty';
import { Failure } from '../../components/failure';
import { IconButton } from '../../components/icon-button';
import { useReturnFocus } from '../../components/use-return-focus';
import { formatBytes, formatTimeLong } from '../../lib/format';
import { t } from '../../lib/i18n';
import { previewKind } from './preview-kind';
import type { FileRow } from './rows';
import classes from './preview.module.css';

const TEXT_BYTES = 256 * 1024;

function TextPreview({ vault, row }: { vault: string; row: FileRow }) {
  const query = useQuery({
    queryKey: ['text', vault, row.path, row.file.content_hash],
    queryFn: async ({ signal }) =>
      row.size === 0 ? '' : new TextDecoder().decode(await readStart(vault, row.path, TEXT_BYTES, signal)),
    staleTime: Infinity,
    gcTime: 60_000,
  });
  if (query.isPending) return <Loader role="status" aria-label={t('Loading')} />;
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />;
  return (
    <div className={classes.text}>
      {row.size > TEXT_BYTES ? (
        <Text size="sm" c="dimmed" p="sm">
          {t('This is the beginning only: {part} of {whole}.', {
            part: formatBytes(TEXT_BYTES),
            whole: formatBytes(row.size),
          })}
        </Text>
      ) : null}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, so the keyboard must reach it */}
      <pre tabIndex={0} aria-label={t('Text of {name}', { name: row.name })}>
        {query.data === '' ? t('(empty)') : query.data}
      </pre>
    </div>
  );
}

function Unplayable({ row, download }: { row: FileRow; download: () => void }) {
  return (
    <Empty icon={EyeSlashIcon} title={t('There is no preview for this file')}>
      <Text c="dimmed">{row.file.mime}</Text>
      <Button leftSection={<ArrowDownTrayIcon width={18} aria-hidden />} onClick={download}>
        {t('Download')}
      </Button>
    </Empty>
  );
}

function Content({ vault, row, download }: { vault: string; row: FileRow; download: () => void }) {
  const [failed, setFailed] = useState(false);
  const kind = failed ? null : previewKind(row.file.mime, row.name);
  const src = streamUrl(vault, row.path);
  const onError = (): void => setFailed(true);
  switch (kind) {
    case 'image':
      return <img className={classes.media} src={src} alt={row.name} onError={onError} />;
    case 'video':
      // eslint-disable-next-line jsx-a11y/media-has-caption -- it is the person's own file; there are no captions
      return <video className={classes.media} src={src} controls autoPlay aria-label={row.name} onError={onError} />;
    case 'audio':
      // eslint-disable-next-line jsx-a11y/media-has-caption -- as above
      return <audio className={classes.audio} src={src} controls autoPlay aria-label={row.name} onError={onError} />;
    case 'text':
      return <TextPreview vault={vault} row={row} />;
    case null:
      return <Unplayable row={row} download={download} />;
  }
}

interface PreviewProps {
  vault: string;
  row: FileRow;
  /** The files beside it, in the order of the list. */
  files: FileRow[];
  show: (row: FileRow) => void;
  download: (row: FileRow) => void;
  versions: (row: FileRow) => void;
  resolve: (row: FileRow) => void;
  where: (row: FileRow) => void;
  close: () => void;
}

/** Looks at a file. Left and right go to its neighbours. */
export function Preview({ vault, row, files, show, download, versions, resolve, where, close }: PreviewProps) {
  useReturnFocus();
  const at = files.findIndex(({ key }) => key === row.key);
  const before = files[at - 1];
  const after = files[at + 1];
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.target instanceof HTMLMediaElement || event.target instanceof HTMLPreElement) return;
      if (event.key === 'ArrowLeft' && before !== undefined) show(before);
      if (event.key === 'ArrowRight' && after !== undefined) show(after);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [before, after, show]);
  return (
    <Modal.Root opened returnFocus={false} onClose={close} size="min(1100px, 100%)" centered lockScroll={false}>
      <Modal.Overlay />
      <Modal.Content className={classes.window}>
        <Modal.Header className={classes.head}>
          <Modal.Title className={classes.title}>{row.name}</Modal.Title>
          <Group gap={4} wrap="nowrap">
            <IconButton icon={ChevronLeftIcon} label={t('Previous file')} disabled={before === undefined} onClick={() => before && show(before)} />
            <IconButton icon={ChevronRightIcon} label={t('Next file')} disabled={after === undefined} onClick={() => after && show(after)} />
            <IconButton icon={ClockIcon} label={t('Versions')} onClick={() => versions(row)} />
            <IconButton icon={MapPinIcon} label={t('Where it is')} onClick={() => where(row)} />
            <IconButton icon={ArrowDownTrayIcon} label={t('Download')} onClick={() => download(row)} />
            <Modal.CloseButton aria-label={t('Close')} />
          </Group>
        </Modal.Header>
        <Modal.Body className={classes.body}>
          {row.file.conflict ? (
            <Group gap="sm" justify="center">
              <Text size="sm">{t('There are several newest versions')}</Text>
              <Button size="xs" variant="default" onClick={() => resolve(row)}>
                {t('Side by side …')}
              </Button>
            </Group>
          ) : null}
          <Content key={row.file.content_hash + row.key} vault={vault} row={row} download={() => download(row)} />
          <Text size="sm" c="dimmed">
            {formatBytes(row.size)} · {formatTimeLong(row.time)}
          </Text>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
