// SPDX-License-Identifier: GPL-3.0-or-later
import { useState } from 'react';
import { Button, Group, Stack, Text } from '@mantine/core';
import { NoSymbolIcon } from '@heroicons/react/24/outline';
import { useQuery } from '@tanstack/react-query';
import { aclQuery } from '../../api/mesh';
import type { MeshNode } from '../../api/types';
import { Card } from '../../components/card';
import { Confirm } from '../../components/confirm';
import { Dialog } from '../../components/dialog';
import { Failure } from '../../components/failure';
import { errorText } from '../../lib/errors';
import { t } from '../../lib/i18n';
import { admitting, blocking, mayConnect } from './acl';
import { machineName } from './names';
import { useChangeAcl } from './use-acl';

function Fault({ error }: { error: Error | null }) {
  if (error === null) return null;
  return (
    <Text role="alert" c="var(--mh-bad)" size="sm">
      {errorText(error)}
    </Text>
  );
}

function BlockDialog({ node, close }: { node: MeshNode; close: () => void }) {
  const name = machineName(node);
  const change = useChangeAcl(close);
  return (
    <Dialog title={t('Block “{name}”?', { name })} onClose={close}>
      <Stack>
        <Text>
          {t(
            'This machine ends the connection to it at once, and takes no new one. It still has the key of the network and whatever it got before, and other machines may still speak to it.',
          )}
        </Text>
        <Confirm
          action={t('Block')}
          pending={change.isPending}
          error={change.error}
          run={() => change.mutate({ change: (rule) => blocking(rule, node.node_id), message: t('“{name}” is blocked.', { name }) })}
          close={close}
        />
      </Stack>
    </Dialog>
  );
}

/** Whether a machine may connect to this one, and the way to change that. */
export function Access({ node }: { node: MeshNode }) {
  const [asking, setAsking] = useState(false);
  const name = machineName(node);
  const query = useQuery(aclQuery);
  const change = useChangeAcl();
  const allowed = query.data === undefined || mayConnect(query.data, node.node_id);
  return (
    <Card title={t('Access')}>
      {query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
      {query.data === undefined ? null : (
        <>
          <Text role="status">{allowed ? t('It may connect to this machine.') : t('It is blocked: this machine takes no connection from it.')}</Text>
          <Fault error={change.error} />
          <Group>
            {allowed ? (
              <Button variant="default" leftSection={<NoSymbolIcon width={18} aria-hidden />} onClick={() => setAsking(true)}>
                {t('Block …')}
              </Button>
            ) : (
              <Button
                variant="default"
                loading={change.isPending}
                onClick={() =>
                  change.mutate({ change: (rule) => admitting(rule, node.node_id), message: t('“{name}” may connect again.', { name }) })
                }
              >
                {t('Let it connect again')}
              </Button>
            )}
          </Group>
        </>
      )}
      {asking ? <BlockDialog node={node} close={() => setAsking(false)} /> : null}
    </Card>
  );
}
