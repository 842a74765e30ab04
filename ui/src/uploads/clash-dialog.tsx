// SPDX-License-Identifier: GPL-3.0-or-later
import { useState } from 'react';
import { Button, Checkbox, Group, Stack, Text } from '@mantine/core';
import { Dialog } from '../components/dialog';
import { t, tn } from '../lib/i18n';
import type { ClashChoice, Item } from './types';

interface ClashDialogProps {
  item: Item;
  others: number;
  answer: (choice: ClashChoice, forAll: boolean) => void;
}

/** There is a file of this name already: what now? */
export function ClashDialog({ item, others, answer }: ClashDialogProps) {
  const [forAll, setForAll] = useState(others > 0);
  return (
    <Dialog title={t('There is a file of this name already')} onClose={() => answer('skip', false)} size="lg">
      <Stack>
        <Text style={{ overflowWrap: 'anywhere' }} fw={600}>
          {item.wanted}
        </Text>
        <Text size="sm" c="dimmed">
          {t('The new file can become the next version of the old one: nothing is lost, the old version stays in its history.')}
        </Text>
        <Checkbox
          checked={forAll}
          onChange={(event) => setForAll(event.currentTarget.checked)}
          label={others > 0 ? tn('Do the same for {n} other file', 'Do the same for {n} other files', others) : t('Do the same for the rest of these uploads')}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={() => answer('skip', forAll)}>
            {t('Skip')}
          </Button>
          <Button variant="default" onClick={() => answer('keep', forAll)}>
            {t('Keep both')}
          </Button>
          <Button data-autofocus onClick={() => answer('replace', forAll)}>
            {t('New version')}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
