// SPDX-License-Identifier: GPL-3.0-or-later
import { Anchor, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { dropHeld, syncListQuery } from '../../api/sync';
import type { SyncHeld } from '../../api/types';
import { Confirm } from '../../components/confirm';
import { Dialog } from '../../components/dialog';
import { notifyDone } from '../../components/notify';
import { formatBytes } from '../../lib/format';
import { t, tn } from '../../lib/i18n';
import { hrefOf } from '../../lib/router';
import { shortId } from '../machines/names';
import { useMachines } from '../machines/use-machines';
import { ownerText } from './kept-text';

function Loss({ vault: { vault_id: id, blocks, bytes } }: { vault: SyncHeld }) {
  const { nodes } = useMachines();
  return (
    <Stack gap="xs">
      <Text fw={600} style={{ overflowWrap: 'anywhere' }}>
        {ownerText(id, nodes)} <span style={{ whiteSpace: 'nowrap' }}>({shortId(id)})</span>
      </Text>
      <Text>
        {tn('{n} block is deleted here, {bytes} in all.', '{n} blocks are deleted here, {bytes} in all.', blocks, { bytes: formatBytes(bytes) })}{' '}
        {t('This may be the only copy that is left: this machine cannot tell whether there is another one.')}
      </Text>
      <Text size="sm" c="dimmed">
        {t('Copies are kept again as soon as a machine of the vault asks for that and there is room, unless it may not connect any more, or nothing is kept for others.')}{' '}
        <Anchor href={hrefOf({ page: 'machines' })} inherit underline="always">
          {t('Who may connect')}
        </Anchor>
      </Text>
    </Stack>
  );
}

/** Says what will be lost before what is kept for a vault is given up. */
export function GiveUpDialog({ vault, close }: { vault: SyncHeld; close: () => void }) {
  const id = vault.vault_id;
  const client = useQueryClient();
  const drop = useMutation({
    mutationFn: () => dropHeld(id),
    onSuccess: async ({ blocks, bytes }) => {
      // off the list before the dialog goes, so that the focus does not return to a button that is about to go as well
      client.setQueryData(syncListQuery.queryKey, (list) =>
        list === undefined ? undefined : { ...list, held: list.held.filter(({ vault_id: other }) => other !== id) },
      );
      await client.invalidateQueries({ queryKey: syncListQuery.queryKey });
      notifyDone(tn('{n} block is given up; {bytes} become free.', '{n} blocks are given up; {bytes} become free.', blocks, { bytes: formatBytes(bytes) }));
      close();
    },
  });
  return (
    <Dialog title={t('Give up what is kept for this vault?')} onClose={close}>
      <Stack>
        <Loss vault={vault} />
        <Confirm action={t('Give up')} pending={drop.isPending} error={drop.error} run={() => drop.mutate()} close={close} />
      </Stack>
    </Dialog>
  );
}
