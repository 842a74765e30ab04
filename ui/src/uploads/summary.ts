// SPDX-License-Identifier: GPL-3.0-or-later
import type { RateMeter } from '../lib/rate';
import type { Item, ItemState, Summary } from './types';

const FILE_WEIGHT = 64 * 1024;

export const isBusy = (counts: Record<ItemState, number>): boolean => counts.waiting + counts.sending + counts.asking > 0;

interface Totals {
  counts: Record<ItemState, number>;
  total: number;
  bytes: number;
  sentBytes: number;
  paused: boolean;
  question: Item | null;
}

/** What the panel shows. */
export function summarise({ counts, total, bytes, sentBytes, paused, question }: Totals, meter: RateMeter): Summary {
  const over = counts.done + counts.failed + counts.cancelled + counts.skipped;
  const weight = bytes + total * FILE_WEIGHT;
  const busy = isBusy(counts);
  return {
    counts: { ...counts },
    total,
    bytes,
    sentBytes,
    fraction: weight === 0 ? 0 : Math.min(1, (sentBytes + over * FILE_WEIGHT) / weight),
    speed: busy ? meter.speed() : 0,
    secondsLeft: busy ? meter.secondsLeft(bytes - sentBytes) : null,
    busy,
    paused: paused && counts.waiting > 0,
    question,
  };
}
