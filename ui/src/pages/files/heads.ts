// SPDX-License-Identifier: GPL-3.0-or-later
import type { FileVersion } from '../../api/types';

const MOST_MACHINE = 40;

/** A version that has a content, so no deletion. */
export type Stored = FileVersion & { content_hash: string };

const isStored = (version: FileVersion): version is Stored => version.content_hash !== null;

/** The newest versions, the one that is shown first. More than one is a conflict. */
export function headsOf(versions: FileVersion[]): FileVersion[] {
  return versions.filter(({ head }) => head).sort((a, b) => Number(b.current) - Number(a.current) || b.ts_ms - a.ts_ms);
}

/** One version for each content among them, the one that is shown first. */
export function contentsOf(heads: FileVersion[]): Stored[] {
  return heads.filter(isStored).filter((version, index, all) => all.findIndex((one) => one.content_hash === version.content_hash) === index);
}

/** Whether each content can have a name of its own: there are several, and none was moved away. */
export function canKeepAll(heads: FileVersion[]): boolean {
  return contentsOf(heads).length > 1 && heads.every(({ path }) => path === heads[0]?.path);
}

const two = (value: number): string => String(value).padStart(2, '0');

/** The moment of a version as a file name can have it, in the time of here. */
export function stamp(ms: number): string {
  const at = new Date(ms);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}.${two(at.getMinutes())}`;
}

/** The name of a machine as a file name can have it. */
export function plainName(machine: string): string {
  return Array.from(machine.replaceAll(/[/\\\p{C}]+/gu, ' ').trim()).slice(0, MOST_MACHINE).join('');
}

/** What the work needs from the daemon; the tests give their own. */
export interface Resolver {
  /** Lets one of the newest versions survive. */
  resolve: (version: Stored) => Promise<unknown>;
  /** Makes a version the current one when there is no conflict any more. */
  restore: (version: Stored) => Promise<unknown>;
  /** Copies what is current now under a name that tells of the version; gives its path. */
  copy: (version: Stored) => Promise<string>;
}

/**
 * Keeps all contents: the first head under the name of the file, the others beside it. Nothing is copied through the page; each becomes the
 * current one for a moment instead, and whatever fails on the way leaves all of them in the history.
 */
export async function keepAll({ resolve, restore, copy }: Resolver, heads: FileVersion[]): Promise<string[]> {
  const [kept, ...others] = contentsOf(heads);
  const paths: string[] = [];
  if (kept === undefined) return paths;
  let resolved = false;
  try {
    for (const other of others) {
      await (resolved ? restore(other) : resolve(other));
      resolved = true;
      paths.push(await copy(other));
    }
  } finally {
    if (resolved) await restore(kept);
  }
  return paths;
}
