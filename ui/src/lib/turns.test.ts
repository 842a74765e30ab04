// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { Turns } from './turns';

describe('Turns', () => {
  it('lets only so many go on at once, in their order, and skips those that were given up', async () => {
    const turns = new Turns(2);
    const order: string[] = [];
    const ends = new Map<string, () => void>();
    const gone = new AbortController();
    const work = (name: string) => () => {
      order.push(name);
      return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
    };
    const { signal } = new AbortController();
    const all = ['a', 'b', 'c', 'd'].map((name) => turns.take(work(name), name === 'c' ? gone.signal : signal));
    expect(order).toEqual(['a', 'b']);
    gone.abort();
    ends.get('a')!();
    await expect(all[0]).resolves.toBe('a');
    await expect(all[2]).rejects.toThrow();
    expect(order).toEqual(['a', 'b', 'd']);
    ends.get('b')!();
    ends.get('d')!();
    await expect(all[3]).resolves.toBe('d');
    const last = turns.take(() => Promise.reject(new Error('no')), signal);
    await expect(last).rejects.toThrow('no');
  });
});
