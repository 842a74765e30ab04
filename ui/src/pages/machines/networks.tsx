// SPDX-License-Identifier: GPL-3.0-or-later
import { useState } from 'react';
import { Button, Group, Menu, Text } from '@mantine/core';
import { EllipsisVerticalIcon, KeyIcon, PlusIcon, TrashIcon } from '@heroicons/react/24/outline';
import { useMutation, useQuery, useQueryClient, type UseQueryResult } from '@tanstack/react-query';
import { connectNetwork, disconnectNetwork, nodesQuery } from '../../api/mesh';
import { statusQuery } from '../../api/system';
import type { MeshNode, Network } from '../../api/types';
import { Card } from '../../components/card';
import { Dialog } from '../../components/dialog';
import { IconButton } from '../../components/icon-button';
import { notifyError } from '../../components/notify';
import { sentence } from '../../lib/errors';
import { formatTime } from '../../lib/format';
import { t } from '../../lib/i18n';
import { ForgetDialog, RotateDialog } from './network-dialogs';
import { CreateForm, JoinForm } from './network-forms';
import classes from './machines.module.css';
import { nameOfId, nameList, networkTitle } from './names';

type Open = { what: 'create' | 'join' } | { what: 'forget' | 'rotate'; network: Network; name: string } | null;

function stateText({ state }: Network, failure: string | null): string {
  switch (state) {
    case 'online':
      return t('connected');
    case 'starting':
      return t('connecting');
    case 'failed':
      return failure === null ? t('not connected') : t('not connected: {error}', { error: sentence(failure) });
    case 'offline':
    case 'saved':
      return t('not connected');
  }
}

/** The last change of the key, and who has not got it. */
function Rotated({ network, nodes }: { network: Network; nodes: MeshNode[] }) {
  if (network.rotated === null) return null;
  const { ts_ms: time, by, absent } = network.rotated;
  return (
    <Text size="sm" c="dimmed">
      {t('Key changed {time} by {name}.', { time: formatTime(time), name: nameOfId(by, nodes) })}{' '}
      {absent.length === 0 ? null : (
        <Text span c="var(--mh-warn)">
          {t('Still without it: {names}. Invite them again.', { names: nameList(absent.map((id) => nameOfId(id, nodes))) })}
        </Text>
      )}
    </Text>
  );
}

interface RowProps {
  network: Network;
  /** What it is called among the others. */
  name: string;
  nodes: MeshNode[];
  setOpen: (open: Open) => void;
}

function Row({ network, name, nodes, setOpen }: RowProps) {
  const client = useQueryClient();
  const failure = useQuery(statusQuery).data?.network?.error ?? null;
  const { state } = network;
  const isOn = state === 'online' || state === 'starting';
  const change = useMutation({
    mutationFn: () => (isOn ? disconnectNetwork() : connectNetwork(network.id)),
    onSuccess: () => client.invalidateQueries({ queryKey: ['networks'] }),
    onError: (error) => notifyError(error),
  });
  return (
    <li className={classes.network} aria-label={name}>
      <div className={classes.names}>
        <Text fw={600}>{name}</Text>
        <Text size="sm" c={state === 'failed' ? 'var(--mh-bad)' : isOn ? 'var(--mh-good)' : 'dimmed'} role="status">
          {stateText(network, failure)}
        </Text>
        <Rotated network={network} nodes={nodes} />
      </div>
      <Group gap="xs" wrap="nowrap">
        <Button
          size="xs"
          variant="default"
          loading={change.isPending}
          aria-label={isOn ? t('Disconnect {name}', { name }) : t('Connect {name}', { name })}
          onClick={() => change.mutate()}
        >
          {isOn ? t('Disconnect') : t('Connect')}
        </Button>
        <Menu position="bottom-end" width={230}>
          <Menu.Target>
            <IconButton icon={EllipsisVerticalIcon} label={t('Actions for {name}', { name })} />
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              disabled={state !== 'online'}
              leftSection={<KeyIcon width={18} aria-hidden />}
              onClick={() => setOpen({ what: 'rotate', network, name })}
            >
              {t('Change the key …')}
            </Menu.Item>
            <Menu.Item
              disabled={isOn}
              c={isOn ? undefined : 'var(--mh-bad)'}
              leftSection={<TrashIcon width={18} aria-hidden />}
              onClick={() => setOpen({ what: 'forget', network, name })}
            >
              {t('Forget …')}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Group>
    </li>
  );
}

interface OpenDialogProps {
  open: Open;
  /** The network that is connected, and its machines. */
  current: Network | undefined;
  query: UseQueryResult<MeshNode[]>;
  close: () => void;
}

function OpenDialog({ open, current, query, close }: OpenDialogProps) {
  switch (open?.what) {
    case 'create':
      return (
        <Dialog title={t('Create a network')} onClose={close}>
          <CreateForm focus done={close} cancel={close} />
        </Dialog>
      );
    case 'join':
      return (
        <Dialog title={t('Join a network')} onClose={close}>
          <JoinForm focus done={close} cancel={close} />
        </Dialog>
      );
    case 'forget':
      return <ForgetDialog network={open.network} name={open.name} close={close} />;
    case 'rotate':
      return <RotateDialog network={open.network} name={open.name} isOn={current?.id === open.network.id} query={query} close={close} />;
    case undefined:
      return null;
  }
}

/** Every saved network; this machine is in one at most. */
export function Networks({ networks }: { networks: Network[] }) {
  const [open, setOpen] = useState<Open>(null);
  const current = networks.find(({ state }) => state === 'online');
  const query = useQuery({ ...nodesQuery(current?.id ?? ''), enabled: current !== undefined });
  const nodes = query.data ?? [];
  return (
    <Card title={t('Networks')}>
      <ul className={classes.lines}>
        {networks.map((network) => (
          <Row key={network.name + network.created_ms.toString()} name={networkTitle(network, networks)} {...{ network, nodes, setOpen }} />
        ))}
      </ul>
      <Group>
        <Button variant="default" leftSection={<PlusIcon width={18} aria-hidden />} onClick={() => setOpen({ what: 'create' })}>
          {t('Create a network')}
        </Button>
        <Button variant="default" onClick={() => setOpen({ what: 'join' })}>
          {t('Join a network')}
        </Button>
      </Group>
      <OpenDialog open={open} current={current} query={query} close={() => setOpen(null)} />
    </Card>
  );
}
