// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { placeMachines } from './map-layout';

const idsOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `peer${String(i).padStart(2, '0')}`);

describe('the map', () => {
  it('gives every machine a place of its own inside, at any width', () => {
    for (const width of [288, 640, 980])
      for (let count = 1; count <= 50; count += 1) {
        const height = Math.min(width, 340);
        const points = [...placeMachines(idsOf(count), 'peer00', width, height).values()];
        expect(points.length).toBe(count);
        for (const [i, { x, y }] of points.entries()) {
          expect(x >= 14 && x <= width - 14 && y >= 14 && y <= height - 14).toBe(true);
          for (const other of points.slice(i + 1)) expect(Math.hypot(x - other.x, y - other.y)).toBeGreaterThan(24);
        }
      }
  });

  it('is the same whatever order the machines come in', () => {
    const ids = idsOf(17);
    expect(placeMachines([...ids].reverse(), 'peer03', 300, 300)).toEqual(placeMachines(ids, 'peer03', 300, 300));
    expect(placeMachines(ids, 'peer03', 300, 300).get('peer03')).toEqual({ x: 150, y: 150, angle: null });
  });
});
