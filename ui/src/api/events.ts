// SPDX-License-Identifier: GPL-3.0-or-later
import { createStore } from '../lib/store';
import { tokenUrl } from './client';
import { whoami } from './system';
import type { Transfer } from './types';

export interface DaemonEvent {
  type: string;
  seq: number;
  ts_ms: number;
  vault_id?: string;
  path?: string;
  op?: string;
  transfer?: Transfer;
}

export type Connection = 'connecting' | 'open' | 'lost';

/** Whether the daemon can be heard. */
export const connection = createStore<Connection>('connecting');

/** When the next attempt comes, Unix milliseconds; 0 while one is under way. */
export const nextAttemptAt = createStore(0);

const TYPES = [
  'vault_changed',
  'file_changed',
  'status_changed',
  'transfer_changed',
  'storage_changed',
  'network_changed',
  'node_online',
  'node_offline',
  'node_changed',
  'sync_changed',
  'folder_changed',
  'reset',
] as const;

/** Seconds before attempt n (1, 2, …) after the stream was lost. */
export function backoffSeconds(attempt: number): number {
  return Math.min(30, 2 ** (attempt - 1));
}

/**
 * The one event stream of the page. A short break is mended by the browser, which then tells the
 * daemon the last id it saw; after a longer one the stream is opened anew and "reset" is reported.
 */
export class EventStream {
  readonly #listener: (event: DaemonEvent) => void;
  #source: EventSource | null = null;
  #timer: number | undefined;
  #failures = 0;
  #closed = false;

  constructor(listener: (event: DaemonEvent) => void) {
    this.#listener = listener;
    this.#open();
    window.addEventListener('online', this.retryNow);
  }

  close(): void {
    this.#closed = true;
    window.removeEventListener('online', this.retryNow);
    window.clearTimeout(this.#timer);
    this.#source?.close();
    connection.set('connecting');
  }

  retryNow = (): void => {
    if (this.#closed || connection.get() !== 'lost') return;
    window.clearTimeout(this.#timer);
    this.#open();
  };

  #open(): void {
    this.#source?.close();
    nextAttemptAt.set(0);
    const source = new EventSource(tokenUrl('/events/stream'));
    this.#source = source;
    source.onopen = () => {
      const missed = this.#failures > 1;
      this.#failures = 0;
      connection.set('open');
      if (missed) this.#listener({ type: 'reset', seq: 0, ts_ms: Date.now() });
    };
    source.onerror = () => this.#onError(source);
    for (const type of TYPES)
      source.addEventListener(type, (message: MessageEvent<string>) =>
        this.#listener(JSON.parse(message.data) as DaemonEvent),
      );
  }

  #onError(source: EventSource): void {
    if (this.#closed || source !== this.#source) return;
    this.#failures += 1;
    connection.set('lost');
    if (this.#failures === 1 && source.readyState === EventSource.CONNECTING) return;
    source.close();
    const seconds = backoffSeconds(Math.max(1, this.#failures - 1));
    nextAttemptAt.set(Date.now() + seconds * 1000);
    this.#timer = window.setTimeout(() => this.#open(), seconds * 1000);
    // EventSource hides the status; 401 ends the session here, everything else is retried
    whoami().catch(() => undefined);
  }
}
