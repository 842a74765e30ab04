// SPDX-License-Identifier: GPL-3.0-or-later
import { useState, type SubmitEvent } from 'react';
import { Button, Group, Text, Textarea, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { setUp, statusQuery } from '../../api/system';
import { notifyDone } from '../../components/notify';
import { errorText } from '../../lib/errors';
import { t } from '../../lib/i18n';
import { newSwarmKey, normaliseSwarmKey } from './swarm-key';
import classes from './system-page.module.css';

/** Joins a network of machines, or begins one. Nothing here needs it, so it waits to be asked for. */
export function Setup() {
  const [open, setOpen] = useState(false);
  return (
    <section className={`mh-card ${classes.setup}`} aria-labelledby="setup-title">
      <div className={classes.invitation}>
        <div>
          <Title order={2} size="h4" id="setup-title">
            {t('Join your machines')}
          </Title>
          <Text size="sm" c="dimmed">
            {t('Machines that share a swarm key form one private network. Your vaults work without it, too.')}
          </Text>
        </div>
        {open ? null : (
          <Button variant="default" onClick={() => setOpen(true)}>
            {t('Set it up')}
          </Button>
        )}
      </div>
      {open ? <SetupForm /> : null}
    </section>
  );
}

function SetupForm() {
  const [key, setKey] = useState('');
  const [peers, setPeers] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: (swarmKey: string) =>
      setUp(swarmKey, peers.split('\n').map((line) => line.trim()).filter((line) => line !== '')),
    onSuccess: async () => {
      notifyDone(t('The swarm key is set.'));
      await client.invalidateQueries({ queryKey: statusQuery.queryKey });
    },
  });
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const normal = normaliseSwarmKey(key);
    setProblem(normal === null ? t('This is not a swarm key: it has three lines, the last one of 64 hexadecimal digits.') : null);
    if (normal !== null) change.mutate(normal);
  };
  return (
    <form className={classes.form} onSubmit={submit} noValidate>
      <Textarea
        label={t('Swarm key')}
        description={t('Paste the key of your other machines, or make a new one')}
        value={key}
        onChange={(event) => setKey(event.currentTarget.value)}
        error={problem ?? (change.error === null ? null : errorText(change.error))}
        rows={3}
        spellCheck={false}
        autoComplete="off"
      />
      <Textarea
        label={t('Addresses of other machines')}
        description={t('One in each line; may stay empty')}
        value={peers}
        onChange={(event) => setPeers(event.currentTarget.value)}
        rows={2}
        spellCheck={false}
        autoComplete="off"
      />
      <Group>
        <Button type="submit" loading={change.isPending}>
          {t('Set the swarm key')}
        </Button>
        <Button variant="default" onClick={() => setKey(newSwarmKey())}>
          {t('Make a new key')}
        </Button>
      </Group>
    </form>
  );
}
