// SPDX-License-Identifier: GPL-3.0-or-later
import { Progress, Stack, Text } from '@mantine/core';
import type { Vault } from '../../api/types';
import { formatBytes } from '../../lib/format';
import { t } from '../../lib/i18n';

const NEARLY_FULL = 0.9;

/** How much of its quota a vault has used. */
export function QuotaBar({ vault }: { vault: Vault }) {
  const { hard_quota: quota, stored_bytes: used } = vault;
  if (quota === 0) return null;
  const part = Math.min(1, used / quota);
  return (
    <Stack gap={6}>
      <Progress
        value={part * 100}
        color={part >= NEARLY_FULL ? 'red.8' : 'mesh'}
        aria-label={t('Used of the quota of {name}', { name: vault.name })}
      />
      <Text size="sm" c={part >= NEARLY_FULL ? 'var(--mh-bad)' : 'dimmed'}>
        {t('{used} of {quota} used', { used: formatBytes(used), quota: formatBytes(quota) })}
      </Text>
    </Stack>
  );
}
