// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import type { SyncHealth } from '../../api/types';
import { copiesVerdict } from './copies-text';

const health = (counts: Partial<SyncHealth>): SyncHealth => ({
  checked_ms: 1, ok: 0, under: 0, over: 0, lost: 0, evicted: 0, repaired: 0, ...counts,
});
const saying = (counts: Partial<SyncHealth>, wanted = 2): string => {
  const { mood, sentences } = copiesVerdict(health(counts), wanted);
  return `${mood}: ${sentences.join('; ')}`;
};

describe('copiesVerdict', () => {
  it('says that all is well, and how well', () => {
    expect(saying({ ok: 1204 })).toBe('good: All 1,204 blocks have 2 copies');
    expect(saying({ ok: 1204 }, 1)).toBe('good: All 1,204 blocks have 1 copy');
    expect(saying({ ok: 1 })).toBe('good: The only block has 2 copies');
    expect(saying({ ok: 2, over: 3 })).toBe('good: All 5 blocks have at least 2 copies');
    expect(saying({ over: 1 })).toBe('good: The only block has at least 2 copies');
  });

  it('says what is wrong, the worst first', () => {
    expect(saying({ ok: 5, under: 37 })).toBe('warn: 37 blocks have too few copies');
    expect(saying({ ok: 5, lost: 3 })).toBe('bad: 3 blocks are on no machine that is there');
    expect(saying({ under: 1, lost: 1 })).toBe('bad: 1 block is on no machine that is there; 1 block has too few copies');
  });

  it('does not call well what nobody has counted', () => {
    expect(saying({ checked_ms: null, ok: 7 })).toBe('unknown: Not counted yet');
    expect(saying({})).toBe('good: There are no blocks yet');
  });
});
