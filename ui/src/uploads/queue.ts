// SPDX-License-Identifier: GPL-3.0-or-later
import { numberedName, joinPath, nameOf, parentOf } from '../lib/paths';
import { RateMeter } from '../lib/rate';
import { isBusy, summarise } from './summary';
import { isFinal, zeroCounts, type ClashChoice, type Item, type ItemState, type NewUpload, type Summary, type Transport } from './types';

const PARALLEL = 4;
const NOTIFY_MS = 200;
const ASK_FIRST_BYTES = 4 * 1024 * 1024;
const MAX_TRIES = 3;
const MAX_COPIES = 1000;

/** Sends files, a few at a time. Every operation costs the same with ten files and with ten thousand. */
export class UploadQueue {
  readonly #transport: Transport;
  readonly #items = new Map<number, Item>();
  readonly #aborts = new Map<number, () => void>();
  readonly #listeners = new Set<() => void>();
  readonly #meter = new RateMeter();
  #waiting: number[] = [];
  #head = 0;
  #asking: number[] = [];
  #counts = zeroCounts();
  #bytes = 0;
  #sentBytes = 0;
  #nextId = 1;
  #choiceForAll: ClashChoice | null = null;
  #paused = false;
  #resumeTimer: ReturnType<typeof setTimeout> | undefined;
  #pauseMs = 1000;
  #notifyTimer: ReturnType<typeof setTimeout> | undefined;
  #summary: Summary;

  constructor(transport: Transport) {
    this.#transport = transport;
    this.#summary = this.#summarise();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** A new object only when something has changed, at most five times a second. */
  summary = (): Summary => this.#summary;

  items(): Item[] {
    return [...this.#items.values()];
  }

  add(vault: string, uploads: NewUpload[]): void {
    for (const { path, file } of uploads) {
      const id = this.#nextId++;
      this.#items.set(id, {
        id, vault, file, path, wanted: path, state: 'waiting', sent: 0, error: null, choice: null, copy: 1, tries: 0, run: 0,
      });
      this.#counts.waiting += 1;
      this.#bytes += file.size;
      this.#waiting.push(id);
    }
    this.#pump();
  }

  cancel(id: number): void {
    const item = this.#items.get(id);
    if (item === undefined || isFinal(item.state)) return;
    this.#drop(item);
    this.#asking = this.#asking.filter((other) => other !== id);
    this.#pump();
  }

  /** Stops one without losing what has arrived of it, if it is large. */
  hold(id: number): void {
    const item = this.#items.get(id);
    if (item?.state !== 'sending' && item?.state !== 'waiting') return;
    this.#move(item, 'held');
    this.#aborts.get(id)?.();
    this.#pump();
  }

  /** Goes on with one that was held. */
  release(id: number): void {
    const item = this.#items.get(id);
    if (item?.state !== 'held') return;
    this.#move(item, 'waiting');
    this.#waiting.push(id);
    this.#pump();
  }

  cancelAll(): void {
    for (const item of this.#items.values()) {
      if (!isFinal(item.state)) this.#drop(item);
    }
    this.#asking = [];
    this.#pump();
  }

  retry(id: number): void {
    const item = this.#items.get(id);
    if (item === undefined || (item.state !== 'failed' && item.state !== 'cancelled')) return;
    item.tries = 0;
    this.#requeue(item);
    this.#pump();
  }

  retryFailed(): void {
    for (const item of this.#items.values()) {
      if (item.state !== 'failed') continue;
      item.tries = 0;
      this.#requeue(item);
    }
    this.#pump();
  }

  /** Forgets what is over, so that the totals start anew. */
  clearFinished(): void {
    for (const item of [...this.#items.values()]) {
      if (!isFinal(item.state)) continue;
      this.#items.delete(item.id);
      this.#counts[item.state] -= 1;
      this.#bytes -= item.file.size;
      this.#sentBytes -= item.sent;
    }
    this.#meter.reset();
    this.#pump();
  }

  /** Answers the question about a name that is taken. */
  answer(choice: ClashChoice, forAll: boolean): void {
    if (forAll) this.#choiceForAll = choice;
    const ids = forAll ? this.#asking : this.#asking.slice(0, 1);
    this.#asking = forAll ? [] : this.#asking.slice(1);
    for (const id of ids) this.#decide(this.#items.get(id)!, choice);
    this.#pump();
  }

  /** Holds back what waits, for example while nobody is signed in. */
  pause(): void {
    this.#paused = true;
    this.#notify();
  }

  resume(): void {
    clearTimeout(this.#resumeTimer);
    this.#paused = false;
    this.#pump();
  }

  #drop(item: Item): void {
    this.#move(item, 'cancelled');
    this.#aborts.get(item.id)?.();
    this.#transport.discard(item);
  }

  #decide(item: Item, choice: ClashChoice): void {
    item.choice = choice;
    if (choice === 'skip') {
      this.#move(item, 'skipped');
      return;
    }
    if (choice === 'keep') {
      item.copy += 1;
      item.path = joinPath(parentOf(item.wanted), numberedName(nameOf(item.wanted), item.copy));
    }
    this.#requeue(item);
  }

  #requeue(item: Item): void {
    item.error = null;
    this.#setSent(item, 0);
    this.#move(item, 'waiting');
    this.#waiting.push(item.id);
  }

  #pump(): void {
    while (!this.#paused && this.#counts.sending < PARALLEL && this.#head < this.#waiting.length) {
      const item = this.#items.get(this.#waiting[this.#head++]!);
      if (item?.state !== 'waiting') continue;
      this.#move(item, 'sending');
      void this.#run(item);
    }
    if (this.#head > 1000 && this.#head * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    if (!isBusy(this.#counts)) this.#choiceForAll = null;
    this.#notify();
  }

  async #run(item: Item): Promise<void> {
    const run = ++item.run;
    const current = (): boolean => item.run === run && item.state === 'sending';
    try {
      const onlyNew = item.choice !== 'replace';
      if (onlyNew && item.file.size >= ASK_FIRST_BYTES && (await this.#transport.exists(item.vault, item.path))) {
        if (current()) this.#onClash(item);
        return;
      }
      if (!current()) return;
      const { done, abort } = this.#transport.start({
        vault: item.vault,
        path: item.path,
        body: item.file,
        mtimeMs: item.file.lastModified ?? Date.now(),
        onlyNew,
        onProgress: (sent) => current() && this.#onProgress(item, sent),
      });
      this.#aborts.set(item.id, abort);
      const stored = await done;
      this.#transport.stored(item.vault, stored);
      if (current()) this.#onStored(item);
    } catch (error) {
      if (current()) this.#onError(item, error);
    } finally {
      if (item.run === run) this.#aborts.delete(item.id);
      this.#pump();
    }
  }

  #onProgress(item: Item, sent: number): void {
    this.#setSent(item, Math.min(sent, item.file.size));
    this.#notify();
  }

  #onStored(item: Item): void {
    this.#pauseMs = 1000;
    this.#setSent(item, item.file.size);
    this.#move(item, 'done');
  }

  #onClash(item: Item): void {
    const choice = item.choice === 'keep' ? 'keep' : this.#choiceForAll;
    this.#setSent(item, 0);
    if (choice !== null && item.copy < MAX_COPIES) {
      this.#decide(item, choice);
      return;
    }
    this.#move(item, 'asking');
    this.#asking.push(item.id);
  }

  #onError(item: Item, error: unknown): void {
    const status = typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : -1;
    if (status === 412) {
      this.#onClash(item);
    } else if (status === 401) {
      this.pause();
      this.#requeue(item);
    } else if (status === 0 && !this.#transport.reachable()) {
      this.#requeue(item);
      this.#pauseForAWhile();
    } else if (status === 0 && ++item.tries < MAX_TRIES) {
      this.#requeue(item);
    } else {
      this.#setSent(item, 0);
      item.error = error;
      this.#move(item, 'failed');
    }
  }

  #pauseForAWhile(): void {
    if (this.#paused) return;
    this.pause();
    this.#resumeTimer = setTimeout(() => this.resume(), this.#pauseMs);
    this.#pauseMs = Math.min(30_000, this.#pauseMs * 2);
  }

  #setSent(item: Item, sent: number): void {
    this.#sentBytes += sent - item.sent;
    item.sent = sent;
  }

  #move(item: Item, state: ItemState): void {
    this.#counts[item.state] -= 1;
    this.#counts[state] += 1;
    item.state = state;
  }

  #notify(): void {
    if (this.#notifyTimer !== undefined) return;
    this.#notifyTimer = setTimeout(() => {
      this.#notifyTimer = undefined;
      this.#meter.add(this.#sentBytes, Date.now());
      this.#summary = this.#summarise();
      for (const listener of [...this.#listeners]) listener();
    }, NOTIFY_MS);
  }

  #summarise(): Summary {
    const question = this.#items.get(this.#asking[0] ?? 0) ?? null;
    return summarise(
      { counts: this.#counts, total: this.#items.size, bytes: this.#bytes, sentBytes: this.#sentBytes, paused: this.#paused, question },
      this.#meter,
    );
  }
}
