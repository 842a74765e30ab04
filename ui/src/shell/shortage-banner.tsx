// SPDX-License-Identifier: GPL-3.0-or-later
import { Text } from '@mantine/core';
import { ExclamationTriangleIcon } from '@heroicons/react/24/outline';
import { useQuery } from '@tanstack/react-query';
import { statusQuery } from '../api/system';
import { sentence } from '../lib/errors';
import classes from './offline-banner.module.css';

/** Says what the machine is short of, such as disk space, as long as it is. */
export function ShortageBanner() {
  const { data } = useQuery(statusQuery);
  const shortage = data?.attention ?? null;
  return (
    <div role="status">
      {shortage === null ? null : (
        <div className={classes.banner}>
          <ExclamationTriangleIcon width={20} height={20} aria-hidden />
          <Text size="sm" fw={500}>
            {sentence(shortage)}
          </Text>
        </div>
      )}
    </div>
  );
}
