// SPDX-License-Identifier: GPL-3.0-or-later
import { useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { Button, Group, Progress, SegmentedControl, Text } from '@mantine/core';
import { ArrowPathIcon, ChevronDownIcon, ChevronUpIcon, PauseIcon, PlayIcon, XMarkIcon } from '@heroicons/react/24/outline';
import { useVirtualizer } from '@tanstack/react-virtual';
import { IconButton } from '../components/icon-button';
import { errorText } from '../lib/errors';
import { formatBytes, formatDuration } from '../lib/format';
import { t, tn } from '../lib/i18n';
import { ClashDialog } from './clash-dialog';
import { uploads } from './index';
import { isFinal, type Item, type Summary } from './types';
import classes from './upload-panel.module.css';

type Filter = 'open' | 'failed' | 'done';
const ROW = 54;

export function headline(summary: Summary): string {
  const { counts, total, busy, paused } = summary;
  if (paused) return t('Uploads wait for MeshHold');
  if (busy) return t('Uploading: {done} of {total}', { done: counts.done + counts.skipped, total });
  if (counts.failed > 0) return tn('{n} upload has failed', '{n} uploads have failed', counts.failed);
  if (counts.held > 0) return tn('{n} upload is paused', '{n} uploads are paused', counts.held);
  return tn('{n} file is uploaded', '{n} files are uploaded', counts.done);
}

function progressText(summary: Summary): string {
  const parts = [
    t('{sent} of {whole}', { sent: formatBytes(summary.sentBytes), whole: formatBytes(summary.bytes) }),
    ...(summary.speed > 0 ? [t('{speed} per second', { speed: formatBytes(summary.speed) })] : []),
    ...(summary.secondsLeft === null ? [] : [t('{time} left', { time: formatDuration(summary.secondsLeft) })]),
  ];
  return parts.join(' · ');
}

function stateText(item: Item): string {
  switch (item.state) {
    case 'waiting':
      return t('waiting');
    case 'sending':
      return t('{sent} of {whole}', { sent: formatBytes(item.sent), whole: formatBytes(item.file.size) });
    case 'held':
      return t('paused, {sent} of {whole}', { sent: formatBytes(item.sent), whole: formatBytes(item.file.size) });
    case 'asking':
      return t('the name is taken');
    case 'done':
      return formatBytes(item.file.size);
    case 'failed':
      return errorText(item.error);
    case 'cancelled':
      return t('cancelled');
    case 'skipped':
      return t('skipped');
  }
}

function shows(filter: Filter, item: Item): boolean {
  if (filter === 'open') return !isFinal(item.state);
  return filter === 'failed' ? item.state === 'failed' || item.state === 'cancelled' : item.state === 'done' || item.state === 'skipped';
}

function ItemRow({ item, start }: { item: Item; start: number }) {
  const name = item.path.slice(1);
  return (
    <li className={classes.row} style={{ height: ROW, transform: `translateY(${start}px)` }}>
      <div className={classes.rowText}>
        <span className={classes.rowName} title={name}>
          {name}
        </span>
        <span className={classes.rowState} data-state={item.state}>
          {stateText(item)}
        </span>
        {item.state === 'sending' ? (
          <Progress
            size={3}
            value={item.file.size === 0 ? 100 : (item.sent / item.file.size) * 100}
            aria-label={t('Progress of {name}', { name })}
          />
        ) : null}
      </div>
      {item.state === 'failed' || item.state === 'cancelled' ? (
        <IconButton icon={ArrowPathIcon} label={t('Upload {name} again', { name })} onClick={() => uploads.retry(item.id)} />
      ) : null}
      {item.state === 'sending' || item.state === 'waiting' ? (
        <IconButton icon={PauseIcon} label={t('Pause {name}', { name })} onClick={() => uploads.hold(item.id)} />
      ) : null}
      {item.state === 'held' ? (
        <IconButton icon={PlayIcon} label={t('Go on with {name}', { name })} onClick={() => uploads.release(item.id)} />
      ) : null}
      {isFinal(item.state) ? null : (
        <IconButton icon={XMarkIcon} label={t('Cancel {name}', { name })} onClick={() => uploads.cancel(item.id)} />
      )}
    </li>
  );
}

function ItemList({ summary, filter }: { summary: Summary; filter: Filter }) {
  const scroller = useRef<HTMLDivElement>(null);
  // summary is new whenever an item has changed
  // eslint-disable-next-line react-hooks/exhaustive-deps
  const items = useMemo(() => uploads.items().filter((item) => shows(filter, item)), [summary, filter]);
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 6,
  });
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, so the keyboard must reach it
    <div ref={scroller} className={classes.list} tabIndex={0} role="region" aria-label={t('Uploads in this list')}>
      <ul style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ index, start }) => {
          const item = items[index];
          return item === undefined ? null : <ItemRow key={item.id} item={item} start={start} />;
        })}
      </ul>
      {items.length === 0 ? (
        <Text size="sm" c="dimmed" p="md">
          {t('There are none.')}
        </Text>
      ) : null}
    </div>
  );
}

function Details({ summary }: { summary: Summary }) {
  const { counts } = summary;
  const [filter, setFilter] = useState<Filter>(summary.busy || counts.held > 0 ? 'open' : counts.failed > 0 ? 'failed' : 'done');
  return (
    <>
      <SegmentedControl
        fullWidth
        size="xs"
        aria-label={t('Which uploads to list')}
        value={filter}
        onChange={(value) => setFilter(value as Filter)}
        data={[
          { value: 'open', label: t('Open ({n})', { n: counts.waiting + counts.sending + counts.held + counts.asking }) },
          { value: 'failed', label: t('Failed ({n})', { n: counts.failed + counts.cancelled }) },
          { value: 'done', label: t('Done ({n})', { n: counts.done + counts.skipped }) },
        ]}
      />
      <ItemList summary={summary} filter={filter} />
    </>
  );
}

/** The uploads, in the corner: how far they are, and what can be done about them. */
export function UploadPanel() {
  const summary = useSyncExternalStore(uploads.subscribe, uploads.summary);
  const [open, setOpen] = useState(false);
  if (summary.total === 0) return null;
  return (
    <section className={classes.panel} aria-label={t('Uploads')} data-testid="uploads">
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Text fw={650} className={classes.headline} role="status">
          {headline(summary)}
        </Text>
        <Group gap={2} wrap="nowrap">
          <IconButton
            icon={open ? ChevronDownIcon : ChevronUpIcon}
            label={open ? t('Hide the list of uploads') : t('Show the list of uploads')}
            aria-expanded={open}
            onClick={() => setOpen(!open)}
          />
          {summary.busy || summary.counts.held > 0 ? null : <IconButton icon={XMarkIcon} label={t('Close the uploads')} onClick={() => uploads.clearFinished()} />}
        </Group>
      </Group>
      <Progress
        value={summary.fraction * 100}
        aria-label={t('Progress of all uploads')}
        color={!summary.busy && summary.counts.failed > 0 ? 'red.8' : 'mesh'}
      />
      <Text size="sm" c="dimmed" className={classes.figures}>
        {progressText(summary)}
      </Text>
      {open ? <Details summary={summary} /> : null}
      {summary.busy || summary.counts.failed > 0 ? (
        <Group gap="xs">
          {summary.busy ? (
            <Button size="xs" variant="default" onClick={() => uploads.cancelAll()}>
              {t('Cancel all')}
            </Button>
          ) : null}
          {summary.counts.failed > 0 ? (
            <Button size="xs" variant="default" onClick={() => uploads.retryFailed()}>
              {t('Try the failed ones again')}
            </Button>
          ) : null}
        </Group>
      ) : null}
      {summary.question === null ? null : (
        <ClashDialog key={summary.question.id} item={summary.question} others={summary.counts.asking - 1} answer={(choice, all) => uploads.answer(choice, all)} />
      )}
    </section>
  );
}
