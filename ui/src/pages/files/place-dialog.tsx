// SPDX-License-Identifier: GPL-3.0-or-later
import { useRef, useState } from 'react';
import { Button, Checkbox, Group, Loader, Stack, Text, UnstyledButton } from '@mantine/core';
import { ArrowUpIcon, FolderIcon } from '@heroicons/react/24/solid';
import { Dialog } from '../../components/dialog';
import { Failure } from '../../components/failure';
import { t, tn } from '../../lib/i18n';
import { nameOf, parentOf } from '../../lib/paths';
import { canPlace, placeInto, type Answer, type Choice, type Kind } from './place';
import type { Row } from './rows';
import { useFolder } from './use-folder';
import classes from '../../components/folder-list.module.css';

const byName = { field: 'name', down: false } as const;

interface PlaceDialogProps {
  kind: Kind;
  vault: string;
  vaultName: string;
  rows: Row[];
  start: string;
  close: () => void;
}

function Folders({ vault, folder, moving, go }: { vault: string; folder: string; moving: Row[]; go: (to: string) => void }) {
  const view = useFolder(vault, folder, byName, '', false);
  const inside = new Set(moving.map(({ path }) => path));
  const folders = view.rows.filter((row) => row.kind === 'folder' && !inside.has(row.path));
  if (view.error !== null) return <Failure error={view.error} retry={view.refetch} />;
  return (
    <ul className={classes.list} aria-label={t('Folders')}>
      {folder === '/' ? null : (
        <li>
          <UnstyledButton className={classes.entry} onClick={() => go(parentOf(folder))}>
            <ArrowUpIcon width={18} aria-hidden />
            {t('One level up')}
          </UnstyledButton>
        </li>
      )}
      {folders.map((row) => (
        <li key={row.key}>
          <UnstyledButton className={classes.entry} onClick={() => go(row.path)}>
            <FolderIcon width={18} aria-hidden />
            {row.name}
          </UnstyledButton>
        </li>
      ))}
      {view.pending ? <Loader size="sm" m="sm" aria-label={t('Loading')} /> : null}
      {!view.pending && folders.length === 0 ? (
        <li>
          <Text size="sm" c="dimmed" p="xs">
            {t('There are no folders here.')}
          </Text>
        </li>
      ) : null}
    </ul>
  );
}

interface Question {
  path: string;
  answer: (answer: Answer | null) => void;
}

/** A name is taken: what now? */
function Taken({ kind, question, more }: { kind: Kind; question: Question; more: boolean }) {
  const [forAll, setForAll] = useState(false);
  const answer = (choice: Choice) => (): void => question.answer({ choice, forAll });
  return (
    <Stack>
      <Text fw={600} className={classes.place}>
        {question.path.slice(1)}
      </Text>
      <Text size="sm" c="dimmed">
        {kind === 'copy'
          ? t('There is something of this name already. As a new version nothing is lost: the old one stays in the history.')
          : t('There is something of this name already.')}
      </Text>
      {more ? (
        <Checkbox label={t('Do the same for the rest')} checked={forAll} onChange={(event) => setForAll(event.currentTarget.checked)} />
      ) : null}
      <Group justify="flex-end">
        <Button variant="default" onClick={answer('skip')}>
          {t('Skip')}
        </Button>
        {kind === 'copy' ? (
          <Button variant="default" onClick={answer('replace')}>
            {t('New version')}
          </Button>
        ) : null}
        <Button data-autofocus onClick={answer('rename')}>
          {t('Keep both')}
        </Button>
      </Group>
    </Stack>
  );
}

function titleOf(kind: Kind, count: number, taken: boolean): string {
  if (taken) return t('The name is taken');
  return kind === 'move' ? tn('Move {n} item', 'Move {n} items', count) : tn('Copy {n} item', 'Copy {n} items', count);
}

/** Chooses a folder to move or copy to, and asks what to do where a name is taken. */
export function PlaceDialog({ kind, vault, vaultName, rows, start, close }: PlaceDialogProps) {
  const [folder, setFolder] = useState(start);
  const [busy, setBusy] = useState(false);
  const [question, setQuestion] = useState<Question | null>(null);
  const [asked, setAsked] = useState(0);
  const paths = useRef(rows.map(({ path }) => path));
  const place = folder === '/' ? vaultName : nameOf(folder);
  const possible = rows.some((row) => canPlace(kind, row.path, folder));
  const ask = (path: string): Promise<Answer | null> =>
    new Promise((resolve) => {
      setAsked((count) => count + 1);
      setQuestion({
        path,
        answer: (answer) => {
          setQuestion(null);
          resolve(answer);
        },
      });
    });
  const run = async (): Promise<void> => {
    setBusy(true);
    await placeInto(vault, kind, paths.current, folder, ask);
    close();
  };
  return (
    <Dialog
      title={titleOf(kind, rows.length, question !== null)}
      onClose={() => {
        if (question === null) close();
        else question.answer(null);
      }}
    >
      {question === null ? (
        <Stack>
          <Text fw={600} aria-live="polite" className={classes.place}>
            {t('To: {place}', { place: folder === '/' ? vaultName : `${vaultName}${folder}` })}
          </Text>
          <Folders vault={vault} folder={folder} moving={rows} go={setFolder} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t('Cancel')}
            </Button>
            <Button disabled={!possible} loading={busy} onClick={() => void run()}>
              {kind === 'move' ? t('Move to “{place}”', { place }) : t('Copy to “{place}”', { place })}
            </Button>
          </Group>
        </Stack>
      ) : (
        <Taken key={asked} kind={kind} question={question} more={rows.length > 1} />
      )}
    </Dialog>
  );
}
