// SPDX-License-Identifier: GPL-3.0-or-later
import type { File as VaultFile } from '../api/types';

export type ItemState = 'waiting' | 'sending' | 'held' | 'asking' | 'done' | 'failed' | 'cancelled' | 'skipped';
export type ClashChoice = 'replace' | 'skip' | 'keep';

export interface NewUpload {
  path: string;
  file: Blob & { lastModified?: number };
}

export interface Item {
  readonly id: number;
  readonly vault: string;
  readonly wanted: string;
  readonly file: Blob & { lastModified?: number };
  /** Where it goes: the wanted path, or a numbered one beside it. */
  path: string;
  state: ItemState;
  sent: number;
  /** Why it failed. */
  error: unknown;
  choice: ClashChoice | null;
  copy: number;
  tries: number;
  /** Counts the attempts, so that the end of an old one cannot touch a new one. */
  run: number;
}

/** What the queue needs from the world; the tests give their own. */
export interface Transport {
  start: (upload: {
    vault: string;
    path: string;
    body: Blob;
    mtimeMs: number;
    onlyNew: boolean;
    onProgress: (sent: number) => void;
  }) => { done: Promise<VaultFile>; abort: () => void };
  exists: (vault: string, path: string) => Promise<boolean>;
  /** Forgets what has arrived of an upload that is not wanted any more. */
  discard: (item: Item) => void;
  /** Whether the daemon answers otherwise, so that a broken upload is the file's own fault. */
  reachable: () => boolean;
  stored: (vault: string, file: VaultFile) => void;
}

export interface Summary {
  counts: Record<ItemState, number>;
  total: number;
  bytes: number;
  sentBytes: number;
  /** 0 … 1; every file weighs a little beside its bytes, so that empty ones count too. */
  fraction: number;
  speed: number;
  secondsLeft: number | null;
  /** Whether anything is waiting, being sent or asked about. */
  busy: boolean;
  paused: boolean;
  question: Item | null;
}

export const zeroCounts = (): Record<ItemState, number> => ({
  waiting: 0, sending: 0, held: 0, asking: 0, done: 0, failed: 0, cancelled: 0, skipped: 0,
});

export function isFinal(state: ItemState): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled' || state === 'skipped';
}
