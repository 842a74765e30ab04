// SPDX-License-Identifier: GPL-3.0-or-later
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UploadQueue } from './queue';
import type { File as VaultFile } from '../api/types';
import type { NewUpload, Transport } from './types';

interface Sent {
  path: string;
  onlyNew: boolean;
  finish: () => void;
  fail: (status: number) => void;
  progress: (bytes: number) => void;
  aborted: boolean;
}

class FakeWorld implements Transport {
  sent: Sent[] = [];
  stored_: string[] = [];
  present = new Set<string>();
  up = true;

  start: Transport['start'] = ({ path, onlyNew, onProgress }) => {
    let sent!: Sent;
    let abort!: () => void;
    const done = new Promise<VaultFile>((resolve, reject) => {
      sent = {
        path,
        onlyNew,
        aborted: false,
        finish: () => resolve({ path } as VaultFile),
        fail: (status) => reject(Object.assign(new Error(`status ${status}`), { status })),
        progress: onProgress,
      };
      abort = () => {
        sent.aborted = true;
        reject(new DOMException('', 'AbortError'));
      };
    });
    this.sent.push(sent);
    return { done, abort };
  };
  exists: Transport['exists'] = (_vault, path) => Promise.resolve(this.present.has(path));
  discarded: string[] = [];
  discard: Transport['discard'] = ({ path }) => this.discarded.push(path);
  reachable = (): boolean => this.up;
  stored: Transport['stored'] = (_vault, { path }) => this.stored_.push(path);

  last(): Sent {
    return this.sent.at(-1)!;
  }
}

const files = (count: number, bytes = 10): NewUpload[] =>
  Array.from({ length: count }, (_, i) => ({ path: `/f${i}.txt`, file: new Blob(['x'.repeat(bytes)]) }));

let world: FakeWorld;
let queue: UploadQueue;
const settle = (): Promise<void> => vi.advanceTimersByTimeAsync(250).then(() => undefined);
const states = (): string[] => queue.items().map(({ state }) => state);

beforeEach(() => {
  vi.useFakeTimers();
  world = new FakeWorld();
  queue = new UploadQueue(world);
});
afterEach(() => {
  vi.useRealTimers();
});

describe('UploadQueue', () => {
  it('sends four at a time, in order, and tells what is stored', async () => {
    queue.add('v', files(6));
    expect(world.sent.map(({ path }) => path)).toEqual(['/f0.txt', '/f1.txt', '/f2.txt', '/f3.txt']);
    world.sent[1]!.finish();
    await settle();
    expect(world.sent.map(({ path }) => path)).toEqual(['/f0.txt', '/f1.txt', '/f2.txt', '/f3.txt', '/f4.txt']);
    expect(world.stored_).toEqual(['/f1.txt']);
    expect(queue.summary().counts).toMatchObject({ done: 1, sending: 4, waiting: 1 });
  });

  it('adds up the progress and ends at one', async () => {
    queue.add('v', files(2, 100));
    world.sent[0]!.progress(50);
    await settle();
    expect(queue.summary()).toMatchObject({ bytes: 200, sentBytes: 50, busy: true });
    expect(queue.summary().fraction).toBeLessThan(0.5);
    world.sent.forEach(({ finish }) => finish());
    await settle();
    expect(queue.summary()).toMatchObject({ sentBytes: 200, fraction: 1, busy: false });
  });

  it('asks about a name that is taken and does as it is told', async () => {
    queue.add('v', files(3));
    world.sent.slice().forEach(({ fail }) => fail(412));
    await settle();
    expect(states()).toEqual(['asking', 'asking', 'asking']);
    expect(queue.summary().question?.path).toBe('/f0.txt');

    queue.answer('replace', false);
    expect(world.last()).toMatchObject({ path: '/f0.txt', onlyNew: false });
    queue.answer('keep', false);
    expect(world.last()).toMatchObject({ path: '/f1 (2).txt', onlyNew: true });
    world.last().fail(412);
    await settle();
    expect(world.last()).toMatchObject({ path: '/f1 (3).txt', onlyNew: true });
    queue.answer('skip', false);
    await settle();
    expect(states()).toEqual(['sending', 'sending', 'skipped']);
    expect(queue.summary().question).toBeNull();
  });

  it('remembers an answer for all until the queue is empty', async () => {
    queue.add('v', files(6));
    world.sent.slice().forEach(({ fail }) => fail(412));
    await settle();
    queue.answer('skip', true);
    world.sent.slice(4).forEach(({ fail }) => fail(412));
    await settle();
    expect(states()).toEqual(Array(6).fill('skipped'));
    queue.add('v', files(1));
    world.last().fail(412);
    await settle();
    expect(states().at(-1)).toBe('asking');
  });

  it('asks before it sends a large file', async () => {
    world.present.add('/big');
    queue.add('v', [{ path: '/big', file: new Blob([new Uint8Array(5 * 1024 * 1024)]) }]);
    await settle();
    expect(world.sent).toEqual([]);
    expect(states()).toEqual(['asking']);
    queue.answer('replace', false);
    expect(world.last()).toMatchObject({ path: '/big', onlyNew: false });
  });

  it('cancels one and all, and a cancelled one can be sent again', async () => {
    queue.add('v', files(6));
    queue.cancel(queue.items()[0]!.id);
    await settle();
    expect(world.sent[0]!.aborted).toBe(true);
    expect(states()).toEqual(['cancelled', 'sending', 'sending', 'sending', 'sending', 'waiting']);
    queue.cancelAll();
    await settle();
    expect(states()).toEqual(Array(6).fill('cancelled'));
    expect(queue.summary().busy).toBe(false);
    queue.retry(queue.items()[2]!.id);
    expect(world.last().path).toBe('/f2.txt');
  });

  it('holds one, sends the others meanwhile, and goes on with it', async () => {
    queue.add('v', files(5, 100));
    world.sent[0]!.progress(60);
    queue.hold(queue.items()[0]!.id);
    await settle();
    expect(world.sent[0]!.aborted).toBe(true);
    expect(states()).toEqual(['held', 'sending', 'sending', 'sending', 'sending']);
    expect(queue.items()[0]!.sent).toBe(60);
    world.sent.slice(1).forEach(({ finish }) => finish());
    await settle();
    expect(queue.summary()).toMatchObject({ busy: false, counts: { held: 1, done: 4 } });
    queue.release(queue.items()[0]!.id);
    expect(world.last().path).toBe('/f0.txt');
    queue.cancel(queue.items()[0]!.id);
    expect(world.discarded).toEqual(['/f0.txt']);
  });

  it('reports what the daemon refuses and sends it again on demand', async () => {
    queue.add('v', files(2));
    world.sent[0]!.fail(507);
    world.sent[1]!.fail(500);
    await settle();
    expect(queue.items()[0]).toMatchObject({ state: 'failed', error: { status: 507 }, sent: 0 });
    queue.retryFailed();
    expect(world.sent.length).toBe(4);
    world.sent.slice(2).forEach(({ finish }) => finish());
    await settle();
    expect(states()).toEqual(['done', 'done']);
  });

  it('tries a file three times while the daemon answers otherwise', async () => {
    queue.add('v', files(1));
    for (const tries of [1, 2, 3]) {
      expect(world.sent.length).toBe(tries);
      world.last().fail(0);
      await settle();
    }
    expect(states()).toEqual(['failed']);
  });

  it('waits, ever longer, while the daemon is away, and loses nothing', async () => {
    world.up = false;
    queue.add('v', files(8));
    world.sent.slice().forEach(({ fail }) => fail(0));
    await settle();
    expect(queue.summary()).toMatchObject({ paused: true, counts: { waiting: 8 } });
    await vi.advanceTimersByTimeAsync(1000);
    expect(world.sent.length).toBe(8);
    world.sent.slice(4).forEach(({ fail }) => fail(0));
    await vi.advanceTimersByTimeAsync(1500);
    expect(world.sent.length).toBe(8);
    world.up = true;
    queue.resume();
    while (queue.summary().counts.done < 8) {
      world.sent.forEach(({ finish }) => finish());
      await settle();
    }
    expect(states()).toEqual(Array(8).fill('done'));
  });

  it('holds everything when the session is over, and goes on after the next', async () => {
    queue.add('v', files(5));
    world.sent[0]!.fail(401);
    await settle();
    expect(queue.summary()).toMatchObject({ paused: true, counts: { waiting: 2, sending: 3 } });
    queue.resume();
    expect(queue.summary().counts.failed).toBe(0);
    expect(world.sent.length).toBe(5);
  });

  it('forgets what is over when asked', async () => {
    queue.add('v', files(1, 100));
    world.last().finish();
    await settle();
    queue.clearFinished();
    await settle();
    expect(queue.summary()).toMatchObject({ total: 0, bytes: 0, sentBytes: 0, fraction: 0 });
  });

  it('takes ten thousand files and tells its watchers a few times a second only', async () => {
    const told = vi.fn();
    queue.subscribe(told);
    queue.add('v', files(10_000, 1));
    let at = 0;
    while (at < world.sent.length) {
      world.sent[at++]!.finish();
      if (at % 100 === 0) await vi.advanceTimersByTimeAsync(10);
      else await Promise.resolve();
      if (at === world.sent.length) await vi.advanceTimersByTimeAsync(10);
    }
    await settle();
    expect(queue.summary().counts.done).toBe(10_000);
    expect(told.mock.calls.length).toBeLessThan(400);
  });
});
