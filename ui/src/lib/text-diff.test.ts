// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { diffText, isText, sideBySide } from './text-diff';

describe('diffText', () => {
  it('tells what is added and removed, with three lines around', async () => {
    const before = Array.from({ length: 20 }, (_, i) => `line ${i}`).join('\n');
    const lines = await diffText(before, before.replace('line 10', 'changed'));
    expect(lines?.map(({ kind }) => kind)).toEqual(['gap', 'same', 'same', 'same', 'removed', 'added', 'same', 'same', 'same']);
    expect(lines?.[4]?.text).toBe('line 10');
    expect(lines?.[5]?.text).toBe('changed');
  });

  it('says nothing of equal texts, and nothing of a missing end of line', async () => {
    expect(await diffText('same\n', 'same\n')).toEqual([]);
    expect(await diffText('', 'one')).toEqual([{ kind: 'added', text: 'one' }]);
  });
});

describe('sideBySide', () => {
  it('puts equal lines at the same height, and leaves room for those that only the other side has', async () => {
    const lines = await diffText('a\nb\nc\nz\n', 'a\nB\nz\ny\n');
    const [left, right] = sideBySide(lines ?? []);
    expect(left.map(({ kind, text }) => `${kind} ${text}`)).toEqual(['same a', 'own b', 'own c', 'same z', 'other ']);
    expect(right.map(({ kind, text }) => `${kind} ${text}`)).toEqual(['same a', 'own B', 'other ', 'same z', 'own y']);
    expect(sideBySide([])).toEqual([[], []]);
  });
});

describe('isText', () => {
  it('knows bytes that are none', () => {
    expect(isText(new TextEncoder().encode('Übung'))).toBe(true);
    expect(isText(new Uint8Array([1, 0, 2]))).toBe(false);
  });
});
