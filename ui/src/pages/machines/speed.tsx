// SPDX-License-Identifier: GPL-3.0-or-later
import { Button, Group, Progress, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { measureSpeed, speedtestsQuery } from '../../api/mesh';
import type { MeshNode, Speedtest } from '../../api/types';
import { Card } from '../../components/card';
import { Failure } from '../../components/failure';
import { Plot } from '../../components/plot';
import { marksOf } from '../../components/plot-data';
import { errorText } from '../../lib/errors';
import { formatBytes, formatClock, formatDay, formatTime } from '../../lib/format';
import { t } from '../../lib/i18n';
import { carrierName, machineName, roundTrip } from './names';

const DAY_MS = 24 * 3600 * 1000;
const LEAST_SPAN_MS = 3600 * 1000;

const perSecond = (bytes: number): string => t('{bytes}/s', { bytes: formatBytes(bytes) });

function Last({ result }: { result: Speedtest }) {
  return (
    <Text size="sm" role="status">
      {t('{time}: {up} there, {down} back, round trip {rtt}, {carrier}', {
        time: formatTime(result.ts_ms),
        up: perSecond(result.up_bps),
        down: perSecond(result.down_bps),
        rtt: roundTrip(result.rtt_ms),
        carrier: carrierName(result.carrier),
      })}
    </Text>
  );
}

function History({ results }: { results: Speedtest[] }) {
  const oldestFirst = [...results].reverse();
  const times = oldestFirst.map(({ ts_ms }) => ts_ms);
  const end = times.at(-1) ?? Date.now();
  const start = Math.min(times[0] ?? end, end - LEAST_SPAN_MS);
  const common = {
    times,
    start,
    end,
    marks: marksOf(start, end),
    formatTime: end - start > DAY_MS ? formatDay : formatClock,
    maxGapMs: Infinity,
    table: true,
  };
  return (
    <>
      <Plot
        {...common}
        title={t('Throughput')}
        step="binary"
        format={perSecond}
        series={[
          { label: t('There'), values: oldestFirst.map(({ up_bps }) => up_bps) },
          { label: t('Back'), values: oldestFirst.map(({ down_bps }) => down_bps) },
        ]}
      />
      <Plot
        {...common}
        title={t('Round trip')}
        step="decimal"
        format={roundTrip}
        series={[
          { label: t('Mean'), values: oldestFirst.map(({ rtt_ms }) => rtt_ms) },
          { label: t('Jitter'), values: oldestFirst.map(({ jitter_ms }) => jitter_ms) },
        ]}
      />
    </>
  );
}

/** Measures the way to a machine, and shows what was measured before. */
export function Speed({ node }: { node: MeshNode }) {
  const client = useQueryClient();
  const query = useQuery(speedtestsQuery(node.node_id));
  const name = machineName(node);
  const change = useMutation({
    mutationFn: () => measureSpeed(node.node_id),
    onSuccess: () => client.invalidateQueries({ queryKey: ['speedtests', node.node_id] }),
  });
  const last = query.data?.[0];
  return (
    <Card title={t('Speed')}>
      {query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
      {change.isPending ? (
        <>
          <Progress animated value={100} aria-label={t('The way to {name} is measured', { name })} />
          <Text size="sm" c="dimmed">
            {t('The round trip first, then each direction for about two seconds.')}
          </Text>
        </>
      ) : last === undefined ? (
        <Text size="sm" c="dimmed">
          {t('Not measured yet.')}
        </Text>
      ) : (
        <Last result={last} />
      )}
      {change.isError ? (
        <Text size="sm" c="var(--mh-bad)" role="alert">
          {errorText(change.error)}
        </Text>
      ) : null}
      <Group>
        <Button variant="default" loading={change.isPending} disabled={!node.online} onClick={() => change.mutate()}>
          {t('Measure the speed')}
        </Button>
      </Group>
      {query.data === undefined || query.data.length === 0 ? null : <History results={query.data} />}
    </Card>
  );
}
