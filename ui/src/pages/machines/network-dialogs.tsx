// SPDX-License-Identifier: GPL-3.0-or-later
import { useState } from 'react';
import { Button, Group, Skeleton, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient, type UseQueryResult } from '@tanstack/react-query';
import { forgetNetwork, rotateKey } from '../../api/mesh';
import type { MeshNode, Network, NetworkRotation } from '../../api/types';
import { Confirm } from '../../components/confirm';
import { Dialog } from '../../components/dialog';
import { Failure } from '../../components/failure';
import { notifyDone } from '../../components/notify';
import { sentence } from '../../lib/errors';
import { t, tn } from '../../lib/i18n';
import { presence } from './machine-list';
import classes from './machines.module.css';
import { machineName, nameList, nameOfId, shortId, sortedMachines } from './names';

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

/** Who stays outside if the key changes now; the list follows machines that come and go. */
function LeftBehind({ nodes }: { nodes: MeshNode[] }) {
  const others = nodes.filter(({ self }) => !self);
  const away = sortedMachines(others.filter(({ online }) => !online));
  if (others.length === 0) return <Text>{t('No other machine is known.')}</Text>;
  if (away.length === 0) return <Text>{t('All other machines that are known are on.')}</Text>;
  return (
    <>
      <Text c="var(--mh-warn)">
        {tn('{n} machine is off now, and has to be invited again:', '{n} machines are off now, and have to be invited again:', away.length)}
      </Text>
      <ul className={classes.failed}>
        {away.map((node) => (
          <li key={node.node_id}>
            {machineName(node)}{' '}
            <Text span size="sm" c="dimmed">
              {[...(node.display_name === '' ? [] : [shortId(node.node_id)]), presence(node)].join(' · ')}
            </Text>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Says that, or why it is not known. */
function Consequence({ isOn, nodes, error, retry }: { isOn: boolean; nodes: MeshNode[] | undefined; error: Error | null; retry: () => void }) {
  if (!isOn)
    return (
      <Text c="var(--mh-warn)">
        {t('The network is not connected now: no other machine would get the key, and all would have to be invited again.')}
      </Text>
    );
  if (nodes !== undefined) return <LeftBehind nodes={nodes} />;
  return error === null ? <Skeleton h={48} role="status" aria-label={t('Loading')} /> : <Failure error={error} retry={retry} />;
}

interface RotateProps extends DialogProps {
  /** Whether the network is connected. */
  isOn: boolean;
  /** Its machines. */
  query: Pick<UseQueryResult<MeshNode[]>, 'data' | 'error' | 'refetch'>;
}

/** Says who would be left behind, gives a network another key, and tells who has it. */
export function RotateDialog({ network, name, isOn, query, close }: RotateProps) {
  /** Those of when it was asked for: with the new key nobody is there for a moment. */
  const [before, setBefore] = useState<MeshNode[] | null>(null);
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: () => rotateKey(network.id),
    onSuccess: () => client.invalidateQueries({ queryKey: ['networks'] }),
    onError: () => setBefore(null),
  });
  const nodes = before ?? query.data;
  const isReady = before !== null || (isOn && nodes !== undefined);
  const run = (): void => {
    setBefore(query.data ?? []);
    change.mutate();
  };
  return (
    <Dialog title={t('Change the key of “{name}”?', { name })} onClose={close}>
      {change.data === undefined ? (
        <Stack>
          <Text>
            {t(
              'Machines that are on get the new key, and go on. Machines that are off stay outside until you invite them again, and old join URLs are worth nothing.',
            )}
          </Text>
          <div aria-live="polite">
            <Consequence isOn={isOn || before !== null} nodes={nodes} error={query.error} retry={() => void query.refetch()} />
          </div>
          <Confirm
            action={t('Change the key')}
            pending={change.isPending}
            error={change.error}
            disabled={!isReady}
            run={run}
            close={close}
          />
        </Stack>
      ) : (
        <Result result={change.data} nodes={before ?? []} close={close} />
      )}
    </Dialog>
  );
}
