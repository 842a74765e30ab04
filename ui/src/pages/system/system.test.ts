// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { average, linePath, nearest, peak, scaleFor } from '../../components/plot-data';
import { newSwarmKey, normaliseSwarmKey } from './swarm-key';

describe('plot', () => {
  it('ends at a round number at or above the peak', () => {
    expect(scaleFor(0, 'decimal').max).toBe(1);
    expect(scaleFor(7, 'decimal').max).toBe(10);
    expect(scaleFor(120, 'decimal').max).toBe(200);
    expect(scaleFor(3 * 1024, 'binary').max).toBe(4096);
    expect(scaleFor(1000 * 1024, 'binary').max).toBe(1024 * 1024);
    expect(scaleFor(1024, 'binary').max).toBe(1024);
  });

  it('breaks the line where samples are missing', () => {
    const path = linePath([0, 60, 600], [1, 2, 3], (x, y) => [x, y], 180);
    expect(path).toBe('M0.0 1.0L60.0 2.0M600.0 3.0h0');
  });

  it('finds the nearest sample', () => {
    expect(nearest([0, 10, 20], 14)).toBe(1);
    expect(nearest([0, 10, 20], 16)).toBe(2);
    expect(nearest([0, 10, 20], 999)).toBe(2);
    expect(average([1, 3])).toBe(2);
    expect(average([])).toBe(0);
    expect(peak([1, 9, 3])).toBe(9);
  });
});

describe('swarm key', () => {
  it('accepts a pasted key with stray spaces and nothing else', () => {
    const key = newSwarmKey();
    expect(normaliseSwarmKey(key)).toBe(key);
    expect(normaliseSwarmKey(`  ${key.replaceAll('\n', ' \r\n')}\r\n\r\n`)).toBe(key);
    expect(normaliseSwarmKey(key.slice(0, -1))).toBeNull();
    expect(normaliseSwarmKey(key.replace('base16', 'base64'))).toBeNull();
    expect(newSwarmKey()).not.toBe(key);
  });
});
