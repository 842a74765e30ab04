// SPDX-License-Identifier: GPL-3.0-or-later
import { useQuery } from '@tanstack/react-query';
import { localQuery } from '../../api/files';
import { syncListQuery } from '../../api/sync';
import type { File as VaultFile } from '../../api/types';
import { t } from '../../lib/i18n';
import classes from './file-table.module.css';

/** Marks a file that is read through the network. Asks only where a vault has such files at all, and only for rows in sight. */
export function NotHere({ vault, file }: { vault: string; file: VaultFile }) {
  const missing = useQuery({ ...syncListQuery, select: ({ vaults }) => vaults.some((one) => one.vault_id === vault && one.missing_blocks > 0) }).data;
  const { data: local } = useQuery({ ...localQuery(vault, file), enabled: missing === true });
  if (missing !== true || local === undefined || local === null || local === 'full') return null;
  return <span className={`${classes.badge} ${classes.elsewhere}`}>{local === 'none' ? t('not here') : t('partly here')}</span>;
}
