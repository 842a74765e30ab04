// SPDX-License-Identifier: GPL-3.0-or-later
import type { QueryClient } from '@tanstack/react-query';
import { getFile, type Listing } from '../api/files';
import type { File as VaultFile } from '../api/types';
import type { DaemonEvent } from '../api/events';
import { isWithin, parentOf } from '../lib/paths';

/** [ 'files', vault, folder, whether deleted ones are shown ] */
export type FolderKey = readonly ['files', string, string, boolean];

const FLUSH_MS = 300;
const MOST_SINGLE_FILES = 8;
const RELOAD_MIN_MS = 800;
const OWN_PUT_MS = 5000;

/** The listing with some files put in or replaced by path. */
export function withFiles(listing: Listing, changed: VaultFile[]): Listing {
  const fresh = new Map(changed.map((file) => [file.path, file]));
  const files = listing.files.map((file) => {
    const next = fresh.get(file.path);
    fresh.delete(file.path);
    return next ?? file;
  });
  return { ...listing, files: [...files, ...fresh.values()] };
}

/** Keeps the folder on the screen true, without loading 100,000 rows for each change. */
class FolderKeeper {
  #client: QueryClient | null = null;
  #stored: { vault: string; file: VaultFile }[] = [];
  /** Paths that this page has just stored itself, and when: their event says nothing new. */
  #ownPuts = new Map<string, number>();
  #singles = new Map<string, { vault: string; path: string }>();
  #reload = false;
  #timer: number | undefined;
  #lastReload = 0;
  #reloadMs = RELOAD_MIN_MS;

  attach(client: QueryClient): void {
    this.#client = client;
  }

  stored(vault: string, file: VaultFile): void {
    this.#stored.push({ vault, file });
    this.#ownPuts.set(`${vault}${file.path}`, Date.now());
    this.#schedule(FLUSH_MS);
  }

  changed(event: DaemonEvent): void {
    const { vault_id: vault, path, op } = event;
    if (vault === undefined || path === undefined) return;
    for (const key of this.#shown()) {
      if (key[1] !== vault) continue;
      const direct = parentOf(path) === key[2];
      if (op === 'put' && direct) this.#singles.set(`${vault}${path}`, { vault, path });
      else if (op === 'move' || isWithin(path, key[2])) this.#reload = true;
    }
    this.#schedule(FLUSH_MS);
  }

  gone(vault: string, paths: string[]): void {
    const left = new Set(paths);
    const stays = ({ path }: { path: string }): boolean => !left.has(path);
    for (const key of this.#shown()) {
      if (key[1] !== vault || key[3]) continue;
      this.#client?.setQueryData<Listing>(
        key,
        (old) => old && { ...old, files: old.files.filter(stays), folders: old.folders.filter(stays) },
      );
    }
  }

  #shown(): FolderKey[] {
    const cache = this.#client?.getQueryCache();
    return (cache?.findAll({ queryKey: ['files'], type: 'active' }) ?? []).map((query) => query.queryKey as FolderKey);
  }

  #schedule(ms: number): void {
    if (this.#timer !== undefined) return;
    this.#timer = window.setTimeout(() => {
      this.#timer = undefined;
      void this.#flush();
    }, ms);
  }

  async #flush(): Promise<void> {
    const stored = this.#stored;
    const singles = [...this.#singles].filter(([key]) => !this.#ownPuts.delete(key)).map(([, value]) => value);
    this.#stored = [];
    this.#singles.clear();
    const old = Date.now() - OWN_PUT_MS;
    for (const [key, at] of this.#ownPuts) if (at < old) this.#ownPuts.delete(key);
    this.#put(stored);
    if (singles.length > MOST_SINGLE_FILES) this.#reload = true;
    else if (singles.length > 0) await this.#fetchSingles(singles);
    if (this.#reload) await this.#reloadShown();
  }

  #put(stored: { vault: string; file: VaultFile }[]): void {
    for (const key of this.#shown()) {
      const fits = stored.filter(({ vault, file }) => vault === key[1] && parentOf(file.path) === key[2]);
      if (fits.length === 0) continue;
      this.#client?.setQueryData<Listing>(key, (old) => old && withFiles(old, fits.map(({ file }) => file)));
    }
  }

  async #fetchSingles(singles: { vault: string; path: string }[]): Promise<void> {
    try {
      const files = await Promise.all(singles.map(({ vault, path }) => getFile(vault, path)));
      this.#put(files.map((file, index) => ({ vault: singles[index]!.vault, file })));
    } catch {
      this.#reload = true; // gone again meanwhile: the whole folder tells
    }
  }

  async #reloadShown(): Promise<void> {
    const wait = this.#lastReload + this.#reloadMs - Date.now();
    if (wait > 0) {
      this.#schedule(wait);
      return;
    }
    this.#reload = false;
    const before = Date.now();
    this.#lastReload = before;
    await this.#client?.invalidateQueries({ queryKey: ['files'], refetchType: 'active' });
    this.#lastReload = Date.now();
    this.#reloadMs = Math.max(RELOAD_MIN_MS, 5 * (this.#lastReload - before));
  }
}

const keeper = new FolderKeeper();

export const attachFolders = (client: QueryClient): void => keeper.attach(client);
export const noteStored = (vault: string, file: VaultFile): void => keeper.stored(vault, file);
/** Takes files and folders off the screen at once, when this page itself has deleted or moved them. */
export const noteGone = (vault: string, paths: string[]): void => keeper.gone(vault, paths);
export const noteFileEvent = (event: DaemonEvent): void => keeper.changed(event);
