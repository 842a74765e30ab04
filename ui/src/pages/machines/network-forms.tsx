// SPDX-License-Identifier: GPL-3.0-or-later
import { useState, type SubmitEvent } from 'react';
import { Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { createNetwork, joinNetwork, networksQuery } from '../../api/mesh';
import type { Network } from '../../api/types';
import { FormActions } from '../../components/form-actions';
import { notifyDone } from '../../components/notify';
import { fieldError } from '../../lib/errors';
import { t } from '../../lib/i18n';
import { networkTitle } from './names';

const URL_START = 'meshhold://join/';
const LONGEST_NAME = 128;
const encoder = new TextEncoder();

interface FormProps {
  done?: () => void;
  cancel?: () => void;
  focus?: boolean;
}

function said(network: Network, others: Network[]): string {
  const name = networkTitle(network, others);
  return network.active ? t('This machine is in “{name}” now.', { name }) : t('“{name}” is saved. Connect it to enter it.', { name });
}

function useEnter(run: (text: string) => Promise<Network>, done?: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: run,
    onSuccess: async (network) => {
      notifyDone(said(network, client.getQueryData(networksQuery.queryKey) ?? []));
      await client.invalidateQueries({ queryKey: ['networks'] });
      done?.();
    },
  });
}

/** Makes a network with a key of its own. */
export function CreateForm({ done, cancel, focus = false }: FormProps) {
  const [name, setName] = useState('');
  const [tooLong, setTooLong] = useState(false);
  const change = useEnter(createNetwork, done);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const found = encoder.encode(name.trim()).length > LONGEST_NAME;
    setTooLong(found);
    if (!found) change.mutate(name.trim());
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <TextInput
          {...(focus ? { 'data-autofocus': true } : {})}
          label={t('Name of the network')}
          description={t('May stay empty: then it gets two words that follow from its key')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={tooLong ? t('This name is too long.') : fieldError(change.error, 'name')}
          autoComplete="off"
        />
        <FormActions action={t('Create the network')} pending={change.isPending} cancel={cancel} />
      </Stack>
    </form>
  );
}

/** Saves a network from its join URL. */
export function JoinForm({ done, cancel, focus = false }: FormProps) {
  const [url, setUrl] = useState('');
  const [wrong, setWrong] = useState(false);
  const change = useEnter(joinNetwork, done);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const found = !url.trim().startsWith(URL_START);
    setWrong(found);
    if (!found) change.mutate(url.trim());
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <TextInput
          {...(focus ? { 'data-autofocus': true } : {})}
          label={t('Join URL')}
          description={t('From a machine that is in the network: “Add a machine”')}
          placeholder={`${URL_START}…`}
          value={url}
          onChange={(event) => setUrl(event.currentTarget.value)}
          error={wrong ? t('It begins with {start}', { start: URL_START }) : fieldError(change.error, 'url')}
          autoComplete="off"
          spellCheck={false}
        />
        <FormActions action={t('Join the network')} pending={change.isPending} cancel={cancel} />
      </Stack>
    </form>
  );
}
