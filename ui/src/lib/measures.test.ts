// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { joinBytes, splitBytes, wholeNumber } from './measures';

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
