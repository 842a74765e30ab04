// SPDX-License-Identifier: GPL-3.0-or-later
import { useRef, useSyncExternalStore } from 'react';
import { Button, Group, Text } from '@mantine/core';
import { ArrowUpTrayIcon } from '@heroicons/react/24/outline';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { UploadSession } from '../api/types';
import { dropSession, sessionsQuery } from '../api/upload-sessions';
import { notifyError } from '../components/notify';
import { formatBytes, formatTime } from '../lib/format';
import { t } from '../lib/i18n';
import { uploads } from './index';
import { belongs } from './resumable';
import { isFinal } from './types';
import classes from './unfinished.module.css';

function Unfinished({ vault, session }: { vault: string; session: UploadSession }) {
  const input = useRef<HTMLInputElement>(null);
  const client = useQueryClient();
  const name = session.path.slice(1);
  const choose = (file: File | undefined): void => {
    if (file === undefined) return;
    if (belongs(session, { path: session.path, size: file.size, mtimeMs: file.lastModified })) uploads.add(vault, [{ path: session.path, file }]);
    else notifyError(new Error(t('This is another file, or it has changed since {time}.', { time: formatTime(session.created_ms) })));
  };
  const giveUp = async (): Promise<void> => {
    try {
      await dropSession(vault, session.id);
    } catch (error) {
      notifyError(error);
    }
    await client.invalidateQueries({ queryKey: ['upload-sessions', vault] });
  };
  return (
    <li className={classes.item}>
      <Text size="sm" className={classes.text}>
        {t('The upload of “{name}” stopped at {part} of {whole}. Choose or drop the same file to go on.', {
          name,
          part: formatBytes(session.offset),
          whole: formatBytes(session.size),
        })}
      </Text>
      <input
        ref={input}
        type="file"
        hidden
        data-testid="choose-again"
        onChange={(event) => {
          choose(event.currentTarget.files?.[0]);
          event.currentTarget.value = '';
        }}
      />
      <Group gap="xs">
        <Button
          size="xs"
          leftSection={<ArrowUpTrayIcon width={16} aria-hidden />}
          aria-label={t('Choose {name}', { name })}
          onClick={() => input.current?.click()}
        >
          {t('Choose')}
        </Button>
        <Button size="xs" variant="default" aria-label={t('Give up {name}', { name })} onClick={() => void giveUp()}>
          {t('Give up')}
        </Button>
      </Group>
    </li>
  );
}

/** Large uploads that an earlier page has begun and not brought to their end. */
export function UnfinishedUploads({ vault }: { vault: string }) {
  const summary = useSyncExternalStore(uploads.subscribe, uploads.summary);
  const { data } = useQuery({ ...sessionsQuery(vault), staleTime: 0 });
  if (data === undefined || data.length === 0) return null;
  const own = new Set(
    summary.total === 0
      ? []
      : uploads.items().filter((item) => item.vault === vault && (!isFinal(item.state) || item.state === 'done')).map(({ path }) => path),
  );
  const left = data.filter(({ path }) => !own.has(path));
  if (left.length === 0) return null;
  return (
    <ul className={classes.list} aria-label={t('Unfinished uploads')}>
      {left.map((session) => (
        <Unfinished key={session.id} vault={vault} session={session} />
      ))}
    </ul>
  );
}
