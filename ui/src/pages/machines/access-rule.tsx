// SPDX-License-Identifier: GPL-3.0-or-later
import { useState, type SubmitEvent } from 'react';
import { Button, Checkbox, Group, NativeSelect, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { aclQuery, nodesQuery } from '../../api/mesh';
import type { MeshNode, PeerAcl } from '../../api/types';
import { Card } from '../../components/card';
import { Dialog } from '../../components/dialog';
import { Failure } from '../../components/failure';
import { FormActions } from '../../components/form-actions';
import { fieldError } from '../../lib/errors';
import { t } from '../../lib/i18n';
import { mayConnect } from './acl';
import classes from './machines.module.css';
import { nameList, nameOfId, shortId, sortedMachines } from './names';
import { useChangeAcl } from './use-acl';

type Mode = PeerAcl['mode'];

const modes: { value: Mode; label: () => string }[] = [
  { value: 'open', label: () => t('every machine that has the key of the network') },
  { value: 'allow', label: () => t('only the machines that are chosen') },
  { value: 'deny', label: () => t('every machine but those that are chosen') },
];

function ruleText({ mode, peers }: PeerAcl, nodes: MeshNode[]): string {
  const names = nameList(peers.map((id) => nameOfId(id, nodes)));
  if (mode === 'open') return t('Every machine that has the key of the network.');
  if (mode === 'allow') return peers.length === 0 ? t('No other machine.') : t('Only {names}.', { names });
  return peers.length === 0 ? t('Every machine that has the key of the network.') : t('Every machine but {names}.', { names });
}

interface FormProps {
  rule: PeerAcl;
  nodes: MeshNode[];
  close: () => void;
}

/** The machines to choose from: those of the network, and those that only the list has. */
function choices(nodes: MeshNode[], peers: string[]): { id: string; label: string }[] {
  const others = sortedMachines(nodes).filter(({ self }) => !self);
  const known = new Set(others.map(({ node_id }) => node_id));
  return [
    ...others.map(({ node_id: id, display_name: name }) => ({ id, label: name === '' ? shortId(id) : `${name} (${shortId(id)})` })),
    ...peers.filter((id) => !known.has(id)).map((id) => ({ id, label: t('{id}, not known here', { id: shortId(id) }) })),
  ];
}

function Form({ rule, nodes, close }: FormProps) {
  const [mode, setMode] = useState(rule.mode);
  const [chosen, setChosen] = useState(rule.peers);
  const [typed, setTyped] = useState('');
  const change = useChangeAcl(close);
  const other = typed.trim();
  const next: PeerAcl = { mode, peers: mode === 'open' ? [] : [...chosen, ...(other === '' ? [] : [other])] };
  const cut = nodes.filter(({ connected, self, node_id: id }) => connected && !self && !mayConnect(next, id));
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    change.mutate({ change: () => next, message: t('Who may connect is changed.') });
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <NativeSelect
          data-autofocus
          label={t('Who may connect')}
          value={mode}
          onChange={(event) => setMode(event.currentTarget.value as Mode)}
          data={modes.map(({ value, label }) => ({ value, label: label() }))}
        />
        {mode === 'open' ? null : (
          <>
            <Checkbox.Group label={t('Machines')} value={chosen} onChange={setChosen}>
              <Stack gap="xs" mt={4}>
                {choices(nodes, rule.peers).map(({ id, label }) => (
                  <Checkbox key={id} value={id} label={label} />
                ))}
              </Stack>
            </Checkbox.Group>
            <TextInput
              label={t('Another machine, by its id')}
              description={t('It stands on the page of that machine, under “Addresses”')}
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
              error={fieldError(change.error, 'peers')}
              autoComplete="off"
              spellCheck={false}
            />
          </>
        )}
        {change.error !== null && mode === 'open' ? (
          <Text role="alert" c="var(--mh-bad)" size="sm">
            {fieldError(change.error, 'peers')}
          </Text>
        ) : null}
        {cut.length === 0 ? null : (
          <Text role="status" c="var(--mh-warn)" size="sm">
            {t('Disconnected at once: {names}.', { names: nameList(cut.map(({ node_id }) => nameOfId(node_id, nodes))) })}
          </Text>
        )}
        <FormActions action={t('Save')} pending={change.isPending} cancel={close} />
      </Stack>
    </form>
  );
}

/** Which machines of the network this one speaks to. */
export function AccessRule({ network }: { network: string }) {
  const [open, setOpen] = useState(false);
  const query = useQuery(aclQuery);
  const nodes = useQuery(nodesQuery(network)).data ?? [];
  const rule = query.data;
  return (
    <Card title={t('Who may connect')}>
      {query.isPending ? <Skeleton h={60} radius={14} role="status" aria-label={t('Loading')} /> : null}
      {query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
      {rule === undefined ? null : (
        <>
          <Text className={classes.rule}>{ruleText(rule, nodes)}</Text>
          <Text size="sm" c="dimmed">
            {t('This machine keeps to that alone: each of the others has a rule of its own.')}
          </Text>
          <Group>
            <Button variant="default" onClick={() => setOpen(true)}>
              {t('Change who may connect …')}
            </Button>
          </Group>
          {open ? (
            <Dialog title={t('Who may connect to this machine?')} onClose={() => setOpen(false)}>
              <Form rule={rule} nodes={nodes} close={() => setOpen(false)} />
            </Dialog>
          ) : null}
        </>
      )}
    </Card>
  );
}
