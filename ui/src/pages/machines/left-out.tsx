// SPDX-License-Identifier: GPL-3.0-or-later
import { Alert, Anchor, Text } from '@mantine/core';
import { ShieldExclamationIcon } from '@heroicons/react/24/outline';
import { useQuery } from '@tanstack/react-query';
import { syncListQuery } from '../../api/sync';
import { sentence } from '../../lib/errors';
import { formatTime } from '../../lib/format';
import { t, tn } from '../../lib/i18n';
import { hrefOf } from '../../lib/router';
import classes from './machines.module.css';
import { useMachines } from './use-machines';

/** No event tells that a machine is left out, nor that it is not any more. */
const LOOK_MS = 10_000;

/** Says which machines are not asked for a while because they gave what is wrong; nothing when there are none. */
export function LeftOut() {
  const { data, dataUpdatedAt: now } = useQuery({ ...syncListQuery, refetchInterval: LOOK_MS });
  const { nameOf } = useMachines();
  const suspects = data?.suspects.filter(({ left_out_ms: ms }) => ms > 0) ?? [];
  if (suspects.length === 0) return null;
  return (
    <section aria-label={t('Machines that are left out')}>
      <Alert
        variant="default"
        role="status"
        title={tn('{n} machine is left out, as it gave what is wrong', '{n} machines are left out, as they gave what is wrong', suspects.length)}
        icon={<ShieldExclamationIcon width={20} aria-hidden color="var(--mh-warn)" />}
      >
        <ul className={classes.lines}>
          {suspects.map(({ node_id: id, why, faults, left_out_ms: ms }) => (
            <li key={id} className={classes.rule}>
              <Anchor href={hrefOf({ page: 'machine', node: id })} fw={600}>
                {nameOf(id)}
              </Anchor>{' '}
              <Text span size="sm">
                {sentence(why)} {tn('It did so once within a day.', 'It did such things {n} times within a day.', faults)}{' '}
                {t('Nothing of a vault is asked of it until {time}.', { time: formatTime(now + ms) })}
              </Text>
            </li>
          ))}
        </ul>
      </Alert>
    </section>
  );
}
