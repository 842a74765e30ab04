// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import type { Transfer } from '../api/types';
import { withTransfer } from './transfers';

const transfer = (id: string, state: Transfer['state'], started_ms: number): Transfer => ({ id, state, started_ms }) as Transfer;

describe('withTransfer', () => {
  it('replaces, adds, and keeps those under way on top and the newest first', () => {
    const list = [transfer('a', 'running', 1), transfer('b', 'done', 3), transfer('c', 'failed', 2)];
    expect(withTransfer(list, transfer('a', 'done', 1)).map(({ id }) => id)).toEqual(['b', 'c', 'a']);
    expect(withTransfer(list, transfer('d', 'waiting', 4)).map(({ id }) => id)).toEqual(['d', 'a', 'b', 'c']);
    expect(list.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });
});
