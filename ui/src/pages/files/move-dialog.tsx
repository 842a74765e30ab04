// SPDX-License-Identifier: GPL-3.0-or-later
import { useState } from 'react';
import { Button, Group, Loader, Stack, Text, UnstyledButton } from '@mantine/core';
import { ArrowUpIcon, FolderIcon } from '@heroicons/react/24/solid';
import { Dialog } from '../../components/dialog';
import { Failure } from '../../components/failure';
import { t, tn } from '../../lib/i18n';
import { nameOf, parentOf } from '../../lib/paths';
import { canMove, moveInto } from './actions';
import type { Row } from './rows';
import { useFolder } from './use-folder';
import classes from './move-dialog.module.css';

const byName = { field: 'name', down: false } as const;

interface MoveDialogProps {
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

/** Moving for those who do not drag. */
export function MoveDialog({ vault, vaultName, rows, start, close }: MoveDialogProps) {
  const [folder, setFolder] = useState(start);
  const place = folder === '/' ? vaultName : nameOf(folder);
  const possible = rows.some((row) => canMove(row.path, folder));
  return (
    <Dialog title={tn('Move {n} item', 'Move {n} items', rows.length)} onClose={close}>
      <Stack>
        <Text fw={600} aria-live="polite" className={classes.place}>
          {t('To: {place}', { place: folder === '/' ? vaultName : `${vaultName}${folder}` })}
        </Text>
        <Folders vault={vault} folder={folder} moving={rows} go={setFolder} />
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t('Cancel')}
          </Button>
          <Button
            disabled={!possible}
            onClick={() => {
              close();
              void moveInto(vault, rows.map(({ path }) => path), folder);
            }}
          >
            {t('Move to “{place}”', { place })}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
