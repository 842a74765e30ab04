// SPDX-License-Identifier: GPL-3.0-or-later

export interface Point {
  x: number;
  y: number;
  /** Radians; null in the middle. */
  angle: number | null;
}

/** Least pixels between the middles of two machines, so that a finger meets one of them. */
export const SPACING = 28;

const FEW = 13;
const LABEL = 140;
const EDGE = 16;

/** The angle of one of some places on a ring, from its top. */
const angleOf = (index: number, count: number): number => (index / count) * 2 * Math.PI - Math.PI / 2;

/** How many of some machines stand on each ring, the outermost first. */
function ringsFor(count: number, outer: number): { radius: number; count: number }[] {
  const radii: number[] = [];
  let room = 0;
  for (let radius = outer; radius >= SPACING && room < count; radius -= SPACING) {
    radii.push(radius);
    room += Math.floor((2 * Math.PI * radius) / SPACING);
  }
  const whole = radii.reduce((sum, radius) => sum + radius, 0);
  let left = count;
  return radii.map((radius, index) => {
    const share = index === radii.length - 1 ? left : Math.min(left, Math.round((count * radius) / whole));
    left -= share;
    return { radius, count: share };
  });
}

/** Pixels for a name beside the outermost machines. */
export const labelRoom = (width: number): number => Math.min(LABEL, width / 4);

/** Whether there is room for every name. */
export const isSparse = (count: number): boolean => count <= FEW;

/**
 * Where machines stand. A few stand on one ring, this one at its top, so that no link crosses a
 * machine; of many, this one is in the middle, and the others on rings around it. They are in the
 * order of their ids, so that the same machines are always in the same places.
 */
export function placeMachines(ids: string[], self: string | null, width: number, height: number): Map<string, Point> {
  const middle = { x: width / 2, y: height / 2 };
  const others = ids.filter((id) => id !== self).sort((a, b) => (a < b ? -1 : 1));
  const own = self !== null && ids.includes(self) ? [self] : [];
  const points = new Map<string, Point>();
  const put = (id: string, angle: number, rx: number, ry: number): unknown =>
    points.set(id, { x: middle.x + Math.cos(angle) * rx, y: middle.y + Math.sin(angle) * ry, angle });
  if (isSparse(ids.length)) {
    [...own, ...others].forEach((id, index) =>
      put(id, angleOf(index, ids.length), middle.x - labelRoom(width), middle.y - 2 * EDGE),
    );
    return points;
  }
  own.forEach((id) => points.set(id, { ...middle, angle: null }));
  let next = 0;
  ringsFor(others.length, Math.min(middle.x, middle.y) - EDGE).forEach(({ radius, count }, ring) => {
    for (let i = 0; i < count; i += 1, next += 1) put(others[next]!, angleOf(i + (ring % 2) / 2, count), radius, radius);
  });
  return points;
}
