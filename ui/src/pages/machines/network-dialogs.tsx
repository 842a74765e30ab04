// SPDX-License-Identifier: GPL-3.0-or-later
import { useState } from 'react';
import { Button, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { forgetNetwork, rotateKey } from '../../api/mesh';
import type { MeshNode, Network, NetworkRotation } from '../../api/types';
import { Confirm } from '../../components/confirm';
import { Dialog } from '../../components/dialog';
import { notifyDone } from '../../components/notify';
import { sentence } from '../../lib/errors';
import { t } from '../../lib/i18n';
import classes from './machines.module.css';
import { nameList, nameOfId } from './names';

interface DialogProps {
  network: Network;
  /** What it was called among the others when the dialog was opened. */
  name: string;
  close: () => void;
}

export function ForgetDialog({ network, name, close }: DialogProps) {
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: () => forgetNetwork(network.id),
    onSuccess: async () => {
      notifyDone(t('“{name}” is forgotten.', { name }));
      await client.invalidateQueries({ queryKey: ['networks'] });
      close();
    },
  });
  return (
    <Dialog title={t('Forget the network “{name}”?', { name })} onClose={close}>
      <Stack>
        <Text>{t('This machine forgets its key. To enter it again, you need a join URL from a machine that is in it. Vaults stay.')}</Text>
        <Confirm action={t('Forget')} pending={change.isPending} error={change.error} run={() => change.mutate()} close={close} />
      </Stack>
    </Dialog>
  );
}

function Result({ result, nodes, close }: { result: NetworkRotation; nodes: MeshNode[]; close: () => void }) {
  const failed = new Set(result.failed.map(({ node_id }) => node_id));
  const absent = result.absent.filter((id) => !failed.has(id));
  const names = (ids: string[]): string => nameList(ids.map((id) => nameOfId(id, nodes)));
  return (
    <Stack>
      <div role="status">
        <Text fw={600}>{t('The network has a new key.')}</Text>
        {result.pushed.length === 0 ? null : <Text>{t('Have it: {names}.', { names: names(result.pushed) })}</Text>}
        {result.pushed.length + result.absent.length > 0 ? null : <Text>{t('No other machine is known.')}</Text>}
        {result.failed.length === 0 ? null : (
          <>
            <Text>{t('Did not take it:')}</Text>
            <ul className={classes.failed}>
              {result.failed.map(({ node_id: id, error }) => (
                <li key={id}>{t('{name}: {error}', { name: nameOfId(id, nodes), error: sentence(error) })}</li>
              ))}
            </ul>
          </>
        )}
        {absent.length === 0 ? null : (
          <Text c="var(--mh-warn)">{t('Outside until they are invited again: {names}.', { names: names(absent) })}</Text>
        )}
      </div>
      <Group justify="flex-end">
        <Button onClick={close}>{t('Close')}</Button>
      </Group>
    </Stack>
  );
}

/** Gives a network another key, and tells who has it. */
export function RotateDialog({ network, name, nodes, close }: DialogProps & { nodes: MeshNode[] }) {
  const [before] = useState(nodes); // with the new key nobody is there for a moment
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: () => rotateKey(network.id),
    onSuccess: () => client.invalidateQueries({ queryKey: ['networks'] }),
  });
  const away = before.filter(({ online, self }) => !online && !self).map(({ node_id }) => nameOfId(node_id, before));
  return (
    <Dialog title={t('Change the key of “{name}”?', { name })} onClose={close}>
      {change.data === undefined ? (
        <Stack>
          <Text>
            {t(
              'Machines that are on get the new key, and go on. Machines that are off stay outside until you invite them again, and old join URLs are worth nothing.',
            )}
          </Text>
          {away.length === 0 ? null : <Text c="var(--mh-warn)">{t('Off now: {names}.', { names: nameList(away) })}</Text>}
          <Confirm action={t('Change the key')} pending={change.isPending} error={change.error} run={() => change.mutate()} close={close} />
        </Stack>
      ) : (
        <Result result={change.data} nodes={before} close={close} />
      )}
    </Dialog>
  );
}
