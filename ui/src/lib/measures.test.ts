// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { joinAmount, joinBytes, splitAmount, splitBytes, wholeNumber } from './measures';

describe('bytes in a form', () => {
  it('come apart without a loss and go together again', () => {
    for (const bytes of [1024, 1536, 5 * 1024 ** 2, 1.5 * 1024 ** 3, 2 ** 40, 123 * 1024 ** 2, 1000]) {
      const { figure, unit } = splitBytes(bytes);
      expect(joinBytes(figure, unit)).toBe(bytes);
    }
    expect(splitBytes(1.5 * 1024 ** 3)).toEqual({ figure: '1.5', unit: 'GiB' });
  });

  it('are refused when they are none', () => {
    for (const text of ['', '0', '-1', 'x', '1e3', '1 2']) expect(joinBytes(text, 'MiB')).toBeNull();
    expect(joinBytes('1,5', 'MiB')).toBe(1.5 * 1024 ** 2);
  });
});

describe('whole numbers', () => {
  it('keep their limits', () => {
    expect(wholeNumber(' 30 ', 1, 100)).toBe(30);
    for (const text of ['0', '101', '1.5', '', '-3']) expect(wholeNumber(text, 1, 100)).toBeNull();
  });
});

describe('amounts in a unit', () => {
  it('come apart and go together', () => {
    expect(splitAmount(1_500_000, 1e6)).toBe('1.5');
    expect(splitAmount(4000, 60_000)).toBe('0.0666667');
    expect(joinAmount(' 2,5 ', 1e6, 1, 1e9)).toBe(2_500_000);
    expect(joinAmount('0', 1000, 0, 10)).toBe(0);
  });

  it('are refused out of their bounds, and when they are none', () => {
    for (const text of ['', 'x', '-1', '1e3', '0', '11']) expect(joinAmount(text, 1, 1, 10)).toBeNull();
  });
});
