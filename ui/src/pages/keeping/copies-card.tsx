// SPDX-License-Identifier: GPL-3.0-or-later
import { useEffect, useState } from 'react';
import { Button, Group, Skeleton, Text } from '@mantine/core';
import {
  ArrowPathIcon,
  CheckCircleIcon,
  ExclamationTriangleIcon,
  QuestionMarkCircleIcon,
  ShieldExclamationIcon,
} from '@heroicons/react/24/outline';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { syncListQuery, syncNow } from '../../api/sync';
import type { SyncHealth, SyncList, Vault } from '../../api/types';
import { Card, Fact, Facts } from '../../components/card';
import { Failure } from '../../components/failure';
import { notifyError } from '../../components/notify';
import { formatTime, number } from '../../lib/format';
import { t } from '../../lib/i18n';
import { copiesVerdict, type CopiesVerdict } from './copies-text';
import classes from './keeping.module.css';

/** A count that finds what the one before has found is no event. */
const LOOK_MS = 1000;
const FIRST_MS = 5000;
/** It has not come about when it takes longer. */
const MOST_WAIT_MS = 120_000;

const looks = {
  good: { icon: CheckCircleIcon, color: 'var(--mh-good)' },
  warn: { icon: ShieldExclamationIcon, color: 'var(--mh-warn)' },
  bad: { icon: ExclamationTriangleIcon, color: 'var(--mh-bad)' },
  unknown: { icon: QuestionMarkCircleIcon, color: 'var(--mantine-color-dimmed)' },
};

const healthOf = (list: SyncList | undefined, vault: string): SyncHealth | undefined =>
  list?.vaults.find(({ vault_id }) => vault_id === vault)?.health;

function State({ verdict, counting }: { verdict: CopiesVerdict; counting: boolean }) {
  const { icon: Glyph, color } = looks[verdict.mood];
  return (
    <div className={classes.state} role="status">
      <Glyph width={28} aria-hidden color={color} />
      <div>
        {verdict.sentences.map((text) => (
          <Text key={text} fw={600}>
            {text}
          </Text>
        ))}
        {verdict.hint === null ? null : (
          <Text size="sm" c="dimmed">
            {verdict.hint}
          </Text>
        )}
        {counting ? (
          <Text size="sm" c="dimmed">
            {t('They are being counted.')}
          </Text>
        ) : null}
      </div>
    </div>
  );
}

function Figures({ health, wanted }: { health: SyncHealth; wanted: number }) {
  const { checked_ms: checked, ok, under, over, lost, evicted, repaired } = health;
  return (
    <Facts>
      <Fact name={t('Copies that are wanted')}>{number(wanted)}</Fact>
      <Fact name={t('Last count')}>{checked === null ? '–' : formatTime(checked)}</Fact>
      <Fact name={t('Blocks with as many')}>{number(ok)}</Fact>
      <Fact name={t('Blocks with too few')}>{number(under)}</Fact>
      <Fact name={t('Blocks with more')}>{number(over)}</Fact>
      <Fact name={t('Blocks that nobody there has')}>{number(lost)}</Fact>
      <Fact name={t('Taken here for want of copies, since the start')}>{number(repaired)}</Fact>
      <Fact name={t('Given up here as others have them, since the start')}>{number(evicted)}</Fact>
    </Facts>
  );
}

/** How many copies the blocks of a vault have on all machines. */
export function CopiesCard({ vault }: { vault: Vault }) {
  const client = useQueryClient();
  /** What the last count was when another one was asked for. */
  const [before, setBefore] = useState<number | null | undefined>(undefined);
  const isAwaited = (health: SyncHealth | undefined): boolean => before !== undefined && health?.checked_ms === before;
  const query = useQuery({
    ...syncListQuery,
    refetchInterval: ({ state }) => {
      const health = healthOf(state.data, vault.id);
      if (isAwaited(health)) return LOOK_MS;
      return health?.checked_ms === null ? FIRST_MS : false;
    },
  });
  const health = healthOf(query.data, vault.id);
  const counting = isAwaited(health);
  useEffect(() => {
    if (!counting) return undefined;
    const timer = window.setTimeout(() => setBefore(undefined), MOST_WAIT_MS);
    return () => window.clearTimeout(timer);
  }, [counting]);
  const change = useMutation({
    mutationFn: syncNow,
    onSuccess: async () => {
      setBefore(health?.checked_ms);
      await client.invalidateQueries({ queryKey: syncListQuery.queryKey });
    },
    onError: (error) => notifyError(error),
  });
  return (
    <Card title={t('Copies')}>
      {query.isPending ? <Skeleton h={120} radius={14} role="status" aria-label={t('Loading')} /> : null}
      {query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
      {health === undefined ? null : (
        <>
          <State verdict={copiesVerdict(health, vault.replication_factor)} counting={counting} />
          <Figures health={health} wanted={vault.replication_factor} />
          <Group>
            <Button
              variant="default"
              leftSection={<ArrowPathIcon width={18} aria-hidden />}
              loading={change.isPending}
              onClick={() => change.mutate()}
            >
              {t('Count now')}
            </Button>
          </Group>
        </>
      )}
    </Card>
  );
}
