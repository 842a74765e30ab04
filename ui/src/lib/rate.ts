// SPDX-License-Identifier: GPL-3.0-or-later

/** Speed over the last seconds and the time that is left, from a running total of bytes. */
export class RateMeter {
  readonly #windowMs: number;
  #points: { at: number; bytes: number }[] = [];

  constructor(windowMs = 8000) {
    this.#windowMs = windowMs;
  }

  /** Notes the total so far. A total that shrinks (a retry) starts the measurement anew. */
  add(bytes: number, nowMs: number): void {
    const last = this.#points.at(-1);
    if (last !== undefined && bytes < last.bytes) this.#points = [];
    this.#points.push({ at: nowMs, bytes });
    while (this.#points.length > 2 && this.#points[0]!.at < nowMs - this.#windowMs) this.#points.shift();
  }

  reset(): void {
    this.#points = [];
  }

  /** Bytes per second; 0 until two points lie at least a quarter of a second apart. */
  speed(): number {
    const first = this.#points[0];
    const last = this.#points.at(-1);
    if (first === undefined || last === undefined || last.at - first.at < 250) return 0;
    return ((last.bytes - first.bytes) * 1000) / (last.at - first.at);
  }

  /** Seconds until the rest is done; null while the speed is unknown. */
  secondsLeft(restBytes: number): number | null {
    const speed = this.speed();
    return speed > 0 ? restBytes / speed : null;
  }
}
