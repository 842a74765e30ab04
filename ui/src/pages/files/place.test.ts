// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../api/client';
import { canPlace, placeAll, type Answer, type Placed, type Placer } from './place';

class FakePlacer implements Placer {
  present: Set<string>;
  asked: string[] = [];
  answers: (Answer | null)[] = [];

  constructor(present: string[]) {
    this.present = new Set(present);
  }

  #check(to: string): void {
    if (this.present.has(to)) throw new ApiError(409, 'taken');
    this.present.add(to);
  }

  move: Placer['move'] = (_from, to) => Promise.resolve().then(() => this.#check(to));
  copy: Placer['copy'] = (_from, to, existing) =>
    Promise.resolve().then(() => {
      if (existing === 'skip') return null;
      if (existing === 'rename') return `${to} (2)`;
      if (existing === 'refuse') this.#check(to);
      return to;
    });
  ask: Placer['ask'] = (path) => {
    this.asked.push(path);
    return Promise.resolve(this.answers.shift() ?? null);
  };
}

async function run(placer: Placer, kind: 'move' | 'copy', paths: string[]): Promise<Placed[]> {
  const all: Placed[] = [];
  await placeAll(placer, kind, paths, '/to', (placed) => all.push(placed));
  return all;
}

describe('placing files', () => {
  it('goes nowhere it may not', () => {
    expect(canPlace('move', '/a/b', '/a')).toBe(false);
    expect(canPlace('copy', '/a/b', '/a')).toBe(true);
    expect(canPlace('copy', '/a', '/a/b')).toBe(false);
    expect(canPlace('move', '/a', '/ab')).toBe(true);
    expect(canPlace('move', '/a/b', '/')).toBe(true);
  });

  it('asks about each name that is taken, and does as it is told', async () => {
    const placer = new FakePlacer(['/to/a', '/to/b']);
    placer.answers = [{ choice: 'replace', forAll: false }, { choice: 'skip', forAll: false }];
    expect(await run(placer, 'copy', ['/a', '/b', '/c'])).toEqual([
      { from: '/a', to: '/to/a', merged: true },
      { from: '/c', to: '/to/c', merged: false },
    ]);
    expect(placer.asked).toEqual(['/to/a', '/to/b']);
  });

  it('asks once when the answer is for all, and numbers what is moved', async () => {
    const placer = new FakePlacer(['/to/a.txt', '/to/a (2).txt', '/to/b']);
    placer.answers = [{ choice: 'rename', forAll: true }];
    expect((await run(placer, 'move', ['/a.txt', '/b'])).map(({ to }) => to)).toEqual(['/to/a (3).txt', '/to/b (2)']);
    expect(placer.asked).toEqual(['/to/a.txt']);
  });

  it('stops when told, and numbers a copy beside the original without asking', async () => {
    const placer = new FakePlacer(['/to/a']);
    expect(await run(placer, 'move', ['/a', '/b'])).toEqual([]);
    expect((await run(placer, 'copy', ['/to/x'])).map(({ to }) => to)).toEqual(['/to/x (2)']);
  });
});
