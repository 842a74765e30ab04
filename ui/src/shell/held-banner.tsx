// SPDX-License-Identifier: GPL-3.0-or-later
import { Button, Group, Text } from '@mantine/core';
import { ShieldExclamationIcon } from '@heroicons/react/24/outline';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { decideHeld, foldersQuery, type HeldDecision } from '../api/folders';
import type { MirrorFolder } from '../api/types';
import { notifyError } from '../components/notify';
import { t, tn } from '../lib/i18n';
import classes from './offline-banner.module.css';

function Held({ folder }: { folder: MirrorFolder }) {
  const client = useQueryClient();
  const decide = useMutation({
    mutationFn: (decision: HeldDecision) => decideHeld(folder.vault_id, decision),
    onSettled: () => client.invalidateQueries({ queryKey: foldersQuery.queryKey }),
    onError: (error) => notifyError(error),
  });
  const count = (folder.held?.changed ?? 0) + (folder.held?.deleted ?? 0);
  return (
    <div className={classes.banner} role="group" aria-label={t('Changes that are held back')}>
      <ShieldExclamationIcon width={20} height={20} aria-hidden />
      <Text size="sm" fw={500}>
        {tn('One file of {path} was changed or deleted at once.', '{n} files of {path} were changed or deleted at once.', count, {
          path: folder.path,
        })}{' '}
        {t('Nothing of it has left this folder.')}
      </Text>
      <Group gap="xs">
        <Button size="compact-sm" loading={decide.isPending} onClick={() => decide.mutate('rollback')}>
          {t('Put the folder back')}
        </Button>
        <Button size="compact-sm" variant="default" disabled={decide.isPending} onClick={() => decide.mutate('release')}>
          {t('It was me: let it in')}
        </Button>
      </Group>
    </div>
  );
}

/** Says that changes of a folder are held back, and asks what is to become of them. */
export function HeldBanner() {
  const { data } = useQuery(foldersQuery);
  const held = (data ?? []).filter((folder) => folder.held !== null);
  return (
    <div role="status">
      {held.map((folder) => (
        <Held key={folder.vault_id} folder={folder} />
      ))}
    </div>
  );
}
