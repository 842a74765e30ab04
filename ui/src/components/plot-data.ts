// SPDX-License-Identifier: GPL-3.0-or-later

export interface Series {
  label: string;
  /** One value for each time, in the unit that the plot formats. */
  values: number[];
}

export interface PlotScale {
  max: number;
  ticks: number[];
}

/** A round upper end at or above the largest value, and the lines below it. */
export function scaleFor(largest: number, step: 'decimal' | 'binary'): PlotScale {
  if (largest <= 0) return { max: 1, ticks: [0, 1] };
  const base = step === 'binary' ? 2 ** (10 * Math.floor(Math.log2(largest) / 10)) : 10 ** Math.floor(Math.log10(largest));
  const nice = step === 'binary' ? [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] : [1, 2, 5, 10];
  const max = base * (nice.find((factor) => factor * base >= largest) ?? 10);
  return { max, ticks: [0, max / 2, max] };
}

/** An SVG path through the points; a gap in time longer than maxGapMs begins a new line. A lone point is a dot. */
export function linePath(
  times: number[],
  values: number[],
  place: (time: number, value: number) => [number, number],
  maxGapMs: number,
): string {
  let path = '';
  times.forEach((time, index) => {
    const [x, y] = place(time, values[index] ?? 0);
    const before = times[index - 1];
    const after = times[index + 1];
    const begins = before === undefined || time - before > maxGapMs;
    const ends = after === undefined || after - time > maxGapMs;
    path += `${begins ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}${begins && ends ? 'h0' : ''}`;
  });
  return path;
}

export function average(values: number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function peak(values: number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

/** The index of the time next to the wanted one; the times ascend. */
export function nearest(times: number[], wanted: number): number {
  let low = 0;
  let high = times.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low > 0 && wanted - times[low - 1]! < times[low]! - wanted ? low - 1 : low;
}

/** Five moments from start to end, evenly spread. */
export function marksOf(start: number, end: number): number[] {
  return [0, 1, 2, 3, 4].map((quarter) => start + ((end - start) * quarter) / 4);
}
