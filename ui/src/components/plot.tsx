// SPDX-License-Identifier: GPL-3.0-or-later
import { useState, type PointerEvent } from 'react';
import { Text, Title } from '@mantine/core';
import { t } from '../lib/i18n';
import { average, linePath, nearest, peak, scaleFor, type Series } from './plot-data';
import classes from './plot.module.css';

const WIDTH = 560;
const HEIGHT = 170;
const LEFT = 4;
const BOTTOM = 20;
const TOP = 8;
const colors = ['var(--mh-plot-1)', 'var(--mh-plot-2)'];

interface PlotProps {
  title: string;
  /** Level of its heading. */
  order?: 2 | 3;
  times: number[];
  /** Both ends of the time axis. */
  start: number;
  end: number;
  /** Times below the axis; the first and the last stand at its ends. */
  marks: number[];
  formatTime: (time: number) => string;
  /** A longer time without a value is a gap in the line. */
  maxGapMs: number;
  series: Series[];
  format: (value: number) => string;
  step: 'decimal' | 'binary';
  /** Whether the values are also there as a table. */
  table?: boolean;
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

/** What the picture shows, for those who would rather read, newest first. */
function Values({ title, times, series, format, formatTime }: Pick<PlotProps, 'title' | 'times' | 'series' | 'format' | 'formatTime'>) {
  return (
    <details className={classes.values}>
      <summary>{t('As a table')}</summary>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, so the keyboard must reach it */}
      <div tabIndex={0} role="region" aria-label={t('{title} as a table', { title })}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('Time')}</th>
              {series.map(({ label }) => (
                <th key={label} scope="col">
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {times
              .map((time, index) => (
                <tr key={time}>
                  <th scope="row">{formatTime(time)}</th>
                  {series.map(({ label, values }) => (
                    <td key={label}>{format(values[index] ?? 0)}</td>
                  ))}
                </tr>
              ))
              .reverse()}
          </tbody>
        </table>
      </div>
    </details>
  );
}

/** Lines over a time. The legend below says in words what the picture shows. */
export function Plot(props: PlotProps) {
  const { title, order = 3, times, start, end, marks, formatTime, maxGapMs, series, format, step, table = false } = props;
  const [hover, setHover] = useState<number | null>(null);
  const span = Math.max(1, end - start);
  const scale = scaleFor(Math.max(...series.map(({ values }) => peak(values))), step);
  const place = (time: number, value: number): [number, number] => [
    LEFT + ((time - start) / span) * (WIDTH - LEFT),
    TOP + (1 - value / scale.max) * (HEIGHT - TOP - BOTTOM),
  ];
  const onPointerMove = (event: PointerEvent<SVGSVGElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    setHover(nearest(times, start + ((event.clientX - box.left) / box.width) * span));
  };
  const hoverTime = hover === null ? undefined : times[hover];
  return (
    <figure className={`mh-card ${classes.figure}`}>
      <figcaption className={classes.caption}>
        <Title order={order} size="h5">
          {title}
        </Title>
        <Text size="sm" c="dimmed" aria-hidden className={classes.reading}>
          {hover === null || hoverTime === undefined
            ? ' '
            : `${formatTime(hoverTime)} · ${series.map(({ values }) => format(values[hover] ?? 0)).join(' / ')}`}
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
        {marks.map((mark, index) => {
          const anchor = index === 0 ? 'start' : index === marks.length - 1 ? 'end' : 'middle';
          return (
            <text key={mark} className={classes.tick} x={place(mark, 0)[0]} y={HEIGHT - 4} textAnchor={anchor}>
              {formatTime(mark)}
            </text>
          );
        })}
        {series.map(({ label, values }, index) => (
          <path key={label} className={classes.line} stroke={colors[index]} d={linePath(times, values, place, maxGapMs)} />
        ))}
        {hoverTime === undefined ? null : (
          <line className={classes.cursor} x1={place(hoverTime, 0)[0]} x2={place(hoverTime, 0)[0]} y1={TOP} y2={HEIGHT - BOTTOM} />
        )}
      </svg>
      <Legend series={series} format={format} />
      {table ? <Values {...{ title, times, series, format, formatTime }} /> : null}
    </figure>
  );
}
