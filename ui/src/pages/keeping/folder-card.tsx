// SPDX-License-Identifier: GPL-3.0-or-later
import { useState, type ReactNode } from 'react';
import { Button, Group, Skeleton, Text } from '@mantine/core';
import {
  ArrowPathIcon,
  CheckCircleIcon,
  ExclamationTriangleIcon,
  PauseCircleIcon,
  ShieldExclamationIcon,
} from '@heroicons/react/24/outline';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { foldersQuery, tellFolder, type FolderAction } from '../../api/folders';
import type { MirrorFolder, Vault } from '../../api/types';
import { Card, Fact, Facts } from '../../components/card';
import { Failure } from '../../components/failure';
import type { Icon } from '../../components/icon-button';
import { notifyError } from '../../components/notify';
import { ProblemList } from '../../components/problem-list';
import { isRefusal, sentence } from '../../lib/errors';
import { formatTime, number } from '../../lib/format';
import { t, tn } from '../../lib/i18n';
import { DecideHeld, heldText } from './decide-held';
import { ChangeLimits, ChooseFolder, StopMirroring } from './folder-dialogs';
import { guardText } from './guard-fields';
import classes from './keeping.module.css';

/** The beginning and the end of a look are events, its way is not. */
const LOOK_MS = 1000;

interface Verdict {
  icon: Icon;
  color: string;
  text: string;
}

/** How the folder and the vault stand to each other. */
function verdict({ state, failures, scan }: MirrorFolder): Verdict {
  const bad = { icon: ExclamationTriangleIcon, color: 'var(--mh-bad)' };
  switch (state) {
    case 'running':
      return { icon: ArrowPathIcon, color: 'var(--mh-focus)', text: t('The folder and the vault are being compared') };
    case 'paused':
      return { icon: PauseCircleIcon, color: 'var(--mh-warn)', text: t('Paused: both sides stay as they are') };
    case 'held':
      return { icon: ShieldExclamationIcon, color: 'var(--mh-warn)', text: t('Changes of the folder are held back until you decide') };
    case 'unavailable':
      return { ...bad, text: t('The folder or the vault is not there, so nothing is done') };
    case 'idle':
      if (failures.length > 0) return { ...bad, text: t('Not everything could be brought to the other side') };
      return scan.ended_ms === null
        ? { icon: ArrowPathIcon, color: 'var(--mh-focus)', text: t('Not compared yet') }
        : { icon: CheckCircleIcon, color: 'var(--mh-good)', text: t('The folder and the vault are the same') };
  }
}

function State({ folder }: { folder: MirrorFolder }) {
  const { icon: Glyph, color, text } = verdict(folder);
  const { error, watch_error: watchError, scan } = folder;
  return (
    <div className={classes.state} role="status">
      <Glyph width={28} aria-hidden color={color} />
      <div>
        <Text fw={600}>{text}</Text>
        <Text size="sm" c="dimmed">
          {[
            ...(error === null ? [] : [sentence(error)]),
            ...(watchError === null ? [] : [t('Changes are found only by looking at everything every ten minutes: {why}', { why: sentence(watchError) })]),
            ...(scan.active ? [tn('{n} file was looked at so far.', '{n} files were looked at so far.', scan.walked)] : []),
          ].join(' ')}
        </Text>
      </div>
    </div>
  );
}

/** What is held, since when, and the decision. */
function Held({ folder }: { folder: MirrorFolder }) {
  const { held } = folder;
  if (held === null) return null;
  return (
    <>
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        {heldText(folder)}{' '}
        {t('Held since {time}: {deleted} deleted, {changed} changed, {created} new, {moved} moved.', {
          time: formatTime(held.since_ms),
          deleted: held.deleted,
          changed: held.changed,
          created: held.created,
          moved: held.moved,
        })}
      </Text>
      {held.samples.length === 0 ? null : (
        <ul className={classes.samples} aria-label={t('Some of these files')}>
          {held.samples.map((path) => (
            <li key={path}>{path}</li>
          ))}
        </ul>
      )}
      <DecideHeld folder={folder} />
    </>
  );
}

function Figures({ folder }: { folder: MirrorFolder }) {
  const { path, files, scan, created_ms: created } = folder;
  return (
    <Facts>
      <Fact wide name={t('Folder')}>
        {path}
      </Fact>
      <Fact name={t('Files that are the same')}>{number(files)}</Fact>
      <Fact name={t('Last look')}>{scan.ended_ms === null ? '–' : formatTime(scan.ended_ms)}</Fact>
      <Fact name={t('Brought to the vault by it')}>{number(scan.ingested)}</Fact>
      <Fact name={t('Brought to the folder by it')}>{number(scan.written)}</Fact>
      <Fact name={t('Mirrors since')}>{formatTime(created)}</Fact>
      <Fact wide name={t('Changes within an hour are held back when they are')}>
        {guardText(folder)}
      </Fact>
    </Facts>
  );
}

function Actions({ folder, stop, limit }: { folder: MirrorFolder; stop: () => void; limit: () => void }) {
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: (action: FolderAction) => tellFolder(folder.vault_id, action),
    onSettled: () => client.invalidateQueries({ queryKey: foldersQuery.queryKey }),
    onError: (error) => notifyError(error),
  });
  return (
    <Group gap="xs">
      <Button
        variant="default"
        leftSection={<ArrowPathIcon width={18} aria-hidden />}
        disabled={folder.paused || change.isPending}
        onClick={() => change.mutate('rescan')}
      >
        {t('Look now')}
      </Button>
      <Button variant="default" disabled={change.isPending} onClick={() => change.mutate(folder.paused ? 'resume' : 'pause')}>
        {folder.paused ? t('Go on') : t('Pause')}
      </Button>
      <Button variant="default" onClick={limit}>
        {t('Limits …')}
      </Button>
      <Button variant="default" c="var(--mh-bad)" onClick={stop}>
        {t('Stop mirroring …')}
      </Button>
    </Group>
  );
}

function Mirrored({ vault, folder }: { vault: Vault; folder: MirrorFolder }) {
  const [open, setOpen] = useState<'limits' | 'stop' | null>(null);
  const { skipped, skipped_paths: skippedPaths, failures } = folder;
  const close = (): void => setOpen(null);
  return (
    <>
      <State folder={folder} />
      <Held folder={folder} />
      <Figures folder={folder} />
      <ProblemList
        title={tn('{n} file could not be brought to the other side', '{n} files could not be brought to the other side', failures.length)}
        label={t('Files that could not be brought to the other side')}
        count={failures.length}
        problems={failures}
      />
      <ProblemList
        title={tn('{n} file or folder is left out', '{n} files and folders are left out', skipped)}
        label={t('Files and folders that are left out')}
        count={skipped}
        problems={skippedPaths}
      />
      <Actions folder={folder} limit={() => setOpen('limits')} stop={() => setOpen('stop')} />
      {open === 'limits' ? <ChangeLimits vault={vault} folder={folder} close={close} /> : null}
      {open === 'stop' ? <StopMirroring vault={vault} folder={folder} close={close} /> : null}
    </>
  );
}

function None({ vault }: { vault: Vault }) {
  const [choosing, setChoosing] = useState(false);
  return (
    <>
      <Text size="sm" c="dimmed">
        {t('A folder of this machine can be the same as this vault: what you do in one happens in the other. There is none yet.')}
      </Text>
      <Group>
        <Button onClick={() => setChoosing(true)}>{t('Choose a folder …')}</Button>
      </Group>
      {choosing ? <ChooseFolder vault={vault} close={() => setChoosing(false)} /> : null}
    </>
  );
}

/** The folder of this machine that mirrors a vault. */
export function FolderCard({ vault }: { vault: Vault }) {
  const find = (folders: MirrorFolder[] | undefined): MirrorFolder | undefined => folders?.find(({ vault_id }) => vault_id === vault.id);
  const query = useQuery({ ...foldersQuery, refetchInterval: ({ state }) => (find(state.data)?.scan.active ? LOOK_MS : false) });
  const folder = find(query.data);
  let content: ReactNode;
  if (query.isPending) content = <Skeleton h={120} radius={14} role="status" aria-label={t('Loading')} />;
  else if (query.data === undefined || isRefusal(query.error)) content = <Failure error={query.error} retry={() => void query.refetch()} />;
  else content = folder === undefined ? <None vault={vault} /> : <Mirrored vault={vault} folder={folder} />;
  return <Card title={t('Folder on this machine')}>{content}</Card>;
}
