// SPDX-License-Identifier: GPL-3.0-or-later
import { Text } from '@mantine/core';
import { ShieldExclamationIcon } from '@heroicons/react/24/outline';
import { useQuery } from '@tanstack/react-query';
import { foldersQuery } from '../api/folders';
import type { MirrorFolder } from '../api/types';
import { t } from '../lib/i18n';
import { DecideHeld, heldText } from '../pages/keeping/decide-held';
import classes from './offline-banner.module.css';

function Held({ folder }: { folder: MirrorFolder }) {
  return (
    <div className={classes.banner} role="group" aria-label={t('Changes that are held back')}>
      <ShieldExclamationIcon width={20} height={20} aria-hidden />
      <Text size="sm" fw={500}>
        {heldText(folder)} {t('Nothing of it has left this folder.')}
      </Text>
      <DecideHeld folder={folder} size="compact-sm" />
    </div>
  );
}

/** Says that changes of a folder are held back, and asks what is to become of them. */
export function HeldBanner() {
  const { data } = useQuery(foldersQuery);
  const held = (data ?? []).filter((folder) => folder.held !== null);
  return (
    <div role="status">
      {held.map((folder) => (
        <Held key={folder.vault_id} folder={folder} />
      ))}
    </div>
  );
}
