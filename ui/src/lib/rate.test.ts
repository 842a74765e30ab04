// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { RateMeter } from './rate';

describe('RateMeter', () => {
  it('knows nothing before there is something to know', () => {
    const meter = new RateMeter();
    expect(meter.speed()).toBe(0);
    meter.add(0, 0);
    meter.add(100, 100);
    expect(meter.speed()).toBe(0);
    expect(meter.secondsLeft(10)).toBeNull();
  });

  it('gives bytes per second and the time left', () => {
    const meter = new RateMeter();
    for (let s = 0; s <= 4; s += 1) meter.add(s * 1000, s * 1000);
    expect(meter.speed()).toBe(1000);
    expect(meter.secondsLeft(5000)).toBe(5);
  });

  it('looks at the last seconds only', () => {
    const meter = new RateMeter(2000);
    for (let s = 0; s <= 10; s += 1) meter.add(s * 100, s * 1000);
    for (let s = 11; s <= 14; s += 1) meter.add(1000 + (s - 10) * 5000, s * 1000);
    expect(meter.speed()).toBe(5000);
  });

  it('starts anew when the total shrinks', () => {
    const meter = new RateMeter();
    meter.add(0, 0);
    meter.add(9000, 1000);
    meter.add(0, 2000);
    meter.add(1000, 3000);
    expect(meter.speed()).toBe(1000);
  });
});
