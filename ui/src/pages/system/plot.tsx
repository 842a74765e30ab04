// SPDX-License-Identifier: GPL-3.0-or-later
import { useState, type PointerEvent } from 'react';
import { Text, Title } from '@mantine/core';
import { formatClock } from '../../lib/format';
import { t } from '../../lib/i18n';
import { average, linePath, nearest, peak, scaleFor, type Series } from './plot-data';
import classes from './plot.module.css';

const WIDTH = 560;
const HEIGHT = 170;
const LEFT = 4;
const BOTTOM = 20;
const TOP = 8;
const DAY_MS = 24 * 3600 * 1000;
const colors = ['var(--mh-plot-1)', 'var(--mh-plot-2)'];

interface PlotProps {
  title: string;
  times: number[];
  intervalMs: number;
  series: Series[];
  format: (value: number) => string;
  step: 'decimal' | 'binary';
}

function Legend({ series, format }: Pick<PlotProps, 'series' | 'format'>) {
  return (
    <ul className={classes.legend}>
      {series.map(({ label, values }, index) => (
        <li key={label}>
          <span className={classes.swatch} style={{ background: colors[index] }} />
          {t('{label}: now {now}, mean {mean}, peak {peak}', {
            label,
            now: format(values.at(-1) ?? 0),
            mean: format(average(values)),
            peak: format(peak(values)),
          })}
        </li>
      ))}
    </ul>
  );
}

/** A line over the last 24 hours. The legend below says in words what the picture shows. */
export function Plot({ title, times, intervalMs, series, format, step }: PlotProps) {
  const [hover, setHover] = useState<number | null>(null);
  const end = times.at(-1) ?? Date.now();
  const start = end - DAY_MS;
  const scale = scaleFor(Math.max(...series.map(({ values }) => peak(values))), step);
  const place = (time: number, value: number): [number, number] => [
    LEFT + ((time - start) / DAY_MS) * (WIDTH - LEFT),
    TOP + (1 - value / scale.max) * (HEIGHT - TOP - BOTTOM),
  ];
  const onPointerMove = (event: PointerEvent<SVGSVGElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    setHover(nearest(times, start + ((event.clientX - box.left) / box.width) * DAY_MS));
  };
  const hoverTime = hover === null ? undefined : times[hover];
  return (
    <figure className={`mh-card ${classes.figure}`}>
      <figcaption className={classes.caption}>
        <Title order={3} size="h5">
          {title}
        </Title>
        <Text size="sm" c="dimmed" aria-hidden className={classes.reading}>
          {hover === null || hoverTime === undefined
            ? ' '
            : `${formatClock(hoverTime)} · ${series.map(({ values }) => format(values[hover] ?? 0)).join(' / ')}`}
        </Text>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        className={classes.plot}
        aria-hidden
        onPointerMove={onPointerMove}
        onPointerLeave={() => setHover(null)}
      >
        {scale.ticks.map((tick) => (
          <g key={tick}>
            <line className={classes.grid} x1={LEFT} x2={WIDTH} y1={place(end, tick)[1]} y2={place(end, tick)[1]} />
            <text className={classes.tick} x={LEFT} y={place(end, tick)[1] - 4}>
              {tick === 0 ? '' : format(tick)}
            </text>
          </g>
        ))}
        {[0, 6, 12, 18, 24].map((hour) => {
          const [x] = place(start + (hour / 24) * DAY_MS, 0);
          const anchor = hour === 0 ? 'start' : hour === 24 ? 'end' : 'middle';
          return (
            <text key={hour} className={classes.tick} x={x} y={HEIGHT - 4} textAnchor={anchor}>
              {formatClock(start + (hour / 24) * DAY_MS)}
            </text>
          );
        })}
        {series.map(({ label, values }, index) => (
          <path key={label} className={classes.line} stroke={colors[index]} d={linePath(times, values, place, intervalMs * 3)} />
        ))}
        {hoverTime === undefined ? null : (
          <line className={classes.cursor} x1={place(hoverTime, 0)[0]} x2={place(hoverTime, 0)[0]} y1={TOP} y2={HEIGHT - BOTTOM} />
        )}
      </svg>
      <Legend series={series} format={format} />
    </figure>
  );
}
