// SPDX-License-Identifier: GPL-3.0-or-later
import { useMemo } from 'react';
import { Button, Group, Text } from '@mantine/core';
import { ExclamationTriangleIcon } from '@heroicons/react/24/outline';
import { tn, t } from '../../lib/i18n';
import type { FileRow, Row } from './rows';

/** Says how many files of a folder were changed in several places, and leads to the first of them. */
export function ConflictNotice({ rows, resolve }: { rows: Row[]; resolve: (row: FileRow) => void }) {
  const found = useMemo(() => rows.filter((row): row is FileRow => row.kind === 'file' && row.file.conflict), [rows]);
  const [first] = found;
  if (first === undefined) return null;
  return (
    <Group gap="sm">
      <ExclamationTriangleIcon width={20} aria-hidden color="var(--mh-warn)" />
      <Text size="sm" role="status">
        {tn('{n} file here has a conflict', '{n} files here have a conflict', found.length)}
      </Text>
      <Button size="xs" variant="default" onClick={() => resolve(first)}>
        {t('Side by side …')}
      </Button>
    </Group>
  );
}
