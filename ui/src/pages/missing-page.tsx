// SPDX-License-Identifier: GPL-3.0-or-later
import { Anchor } from '@mantine/core';
import { MapIcon } from '@heroicons/react/24/outline';
import { Empty } from '../components/empty';
import { Page } from '../components/page';
import { hrefOf } from '../lib/router';
import { t } from '../lib/i18n';

export function MissingPage() {
  return (
    <Page title={t('Not found')}>
      <Empty icon={MapIcon} title={t('There is no such page')}>
        <Anchor href={hrefOf({ page: 'vaults' })}>{t('Go to your vaults')}</Anchor>
      </Empty>
    </Page>
  );
}
