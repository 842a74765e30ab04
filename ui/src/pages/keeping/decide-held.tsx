// SPDX-License-Identifier: GPL-3.0-or-later
import { Button, Group } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { decideHeld, foldersQuery, type HeldDecision } from '../../api/folders';
import type { MirrorFolder } from '../../api/types';
import { notifyError } from '../../components/notify';
import { t, tn } from '../../lib/i18n';

/** What has happened to a folder whose changes are held. */
export function heldText({ path, held }: MirrorFolder): string {
  const count = (held?.changed ?? 0) + (held?.deleted ?? 0);
  return tn('One file of {path} was changed or deleted at once.', '{n} files of {path} were changed or deleted at once.', count, { path });
}

/** The two things that can become of changes that are held. */
export function DecideHeld({ folder, size = 'sm' }: { folder: MirrorFolder; size?: 'sm' | 'compact-sm' }) {
  const client = useQueryClient();
  const decide = useMutation({
    mutationFn: (decision: HeldDecision) => decideHeld(folder.vault_id, decision),
    onSettled: () => client.invalidateQueries({ queryKey: foldersQuery.queryKey }),
    onError: (error) => notifyError(error),
  });
  return (
    <Group gap="xs">
      <Button size={size} loading={decide.isPending} onClick={() => decide.mutate('rollback')}>
        {t('Put the folder back')}
      </Button>
      <Button size={size} variant="default" disabled={decide.isPending} onClick={() => decide.mutate('release')}>
        {t('It was me: let it in')}
      </Button>
    </Group>
  );
}
