// SPDX-License-Identifier: GPL-3.0-or-later
import type { ReactNode } from 'react';
import { Text } from '@mantine/core';
import { Card, Cards } from '../../components/card';
import { t } from '../../lib/i18n';
import { CreateForm, JoinForm } from './network-forms';

function Choice({ title, text, children }: { title: string; text: string; children: ReactNode }) {
  return (
    <Card title={title}>
      <Text size="sm" c="dimmed">
        {text}
      </Text>
      {children}
    </Card>
  );
}

/** What stands here while this machine knows of no network. */
export function FirstRun() {
  return (
    <>
      <Text maw={640}>
        {t(
          'This machine works alone so far. Machines in one network find each other, keep the vaults that you share among them the same, and talk to nobody else.',
        )}
      </Text>
      <Cards>
        <Choice title={t('Create a network')} text={t('On the first of your machines. You invite the others from here.')}>
          <CreateForm />
        </Choice>
        <Choice title={t('Join a network')} text={t('When another machine is in one already.')}>
          <JoinForm />
        </Choice>
      </Cards>
    </>
  );
}
