// SPDX-License-Identifier: GPL-3.0-or-later
import { ApiError } from '../../api/client';
import { copyFile, deleteMany, moveFile } from '../../api/files';
import { notifyError, notifyUndo } from '../../components/notify';
import { t, tn } from '../../lib/i18n';
import { isWithin, joinPath, nameOf, numberedName, parentOf } from '../../lib/paths';
import { noteGone } from '../../live/folders';

export type Kind = 'move' | 'copy';
/** What becomes of an item whose name is taken: a new version, a name with a number, or nothing. */
export type Choice = 'replace' | 'rename' | 'skip';
export interface Answer {
  choice: Choice;
  forAll: boolean;
}

const MOST_NUMBERS = 100;

/** Whether a path may go into a folder: not into itself, and when moved not where it is already. */
export function canPlace(kind: Kind, path: string, folder: string): boolean {
  return !isWithin(folder, path) && (kind === 'copy' || parentOf(path) !== folder);
}

/** What the work needs from the daemon; the tests give their own. */
export interface Placer {
  move: (from: string, to: string) => Promise<void>;
  /** Gives the path of the copy; null when nothing was copied. */
  copy: (from: string, to: string, existing: Choice | 'refuse') => Promise<string | null>;
  /** Asks what to do about a name that is taken; null to stop. */
  ask: (path: string) => Promise<Answer | null>;
}

export interface Placed {
  from: string;
  to: string;
  /** Whether something was there before, so that it cannot simply be taken back. */
  merged: boolean;
}

const isTaken = (error: unknown): boolean => error instanceof ApiError && error.status === 409;

async function moveNumbered(placer: Placer, from: string, to: string): Promise<string> {
  for (let n = 2; ; n += 1) {
    const path = joinPath(parentOf(to), numberedName(nameOf(to), n));
    try {
      await placer.move(from, path);
      return path;
    } catch (error) {
      if (!isTaken(error) || n > MOST_NUMBERS) throw error;
    }
  }
}

async function placeOne(placer: Placer, kind: Kind, from: string, to: string, how: Choice | 'refuse'): Promise<Placed | null> {
  if (how === 'skip' && kind === 'move') return null;
  if (kind === 'copy') {
    const path = await placer.copy(from, to, how);
    return path === null ? null : { from, to: path, merged: how === 'replace' || how === 'skip' };
  }
  if (how === 'rename') return { from, to: await moveNumbered(placer, from, to), merged: false };
  await placer.move(from, to);
  return { from, to, merged: false };
}

/** Moves or copies into a folder, one after the other, and asks where a name is taken. */
export async function placeAll(placer: Placer, kind: Kind, paths: string[], folder: string, note: (placed: Placed) => void): Promise<void> {
  let always: Choice | null = null;
  for (const from of paths.filter((path) => canPlace(kind, path, folder))) {
    const to = joinPath(folder, nameOf(from));
    // a copy beside the original can only have another name
    let how: Choice | 'refuse' = from === to ? 'rename' : 'refuse';
    for (let asked = false; ; asked = true) {
      try {
        const placed = await placeOne(placer, kind, from, to, how);
        if (placed !== null) note(placed);
        break;
      } catch (error) {
        if (!isTaken(error) || asked) throw error;
        const answer: Answer | null = always === null ? await placer.ask(to) : { choice: always, forAll: true };
        if (answer === null) return;
        if (answer.forAll) always = answer.choice;
        how = answer.choice;
      }
    }
  }
}

async function takeBack(vault: string, kind: Kind, placed: Placed[]): Promise<void> {
  if (kind === 'copy') await deleteMany(vault, placed.map(({ to }) => to));
  else for (const { from, to } of [...placed].reverse()) await moveFile(vault, to, from);
}

/** Moves or copies files and folders into a folder, and offers to take it back. */
export async function placeInto(vault: string, kind: Kind, paths: string[], folder: string, ask: Placer['ask']): Promise<void> {
  const all: Placed[] = [];
  const placer: Placer = {
    ask,
    move: async (from, to) => {
      await moveFile(vault, from, to);
    },
    copy: async (from, to, existing) => {
      const copied = await copyFile(vault, from, to, existing);
      return copied.copied === 0 ? null : copied.to;
    },
  };
  try {
    await placeAll(placer, kind, paths, folder, (placed) => {
      all.push(placed);
      if (kind === 'move') noteGone(vault, [placed.from]);
    });
  } catch (error) {
    notifyError(error, kind === 'move' ? t('Not everything could be moved') : t('Not everything could be copied'));
  }
  if (all.length === 0) return;
  const place = folder === '/' ? t('the top of the vault') : nameOf(folder);
  const message =
    kind === 'move'
      ? tn('{n} item is now in {place}.', '{n} items are now in {place}.', all.length, { place })
      : tn('{n} item is copied to {place}.', '{n} items are copied to {place}.', all.length, { place });
  notifyUndo(message, () => takeBack(vault, kind, all.filter(({ merged }) => !merged)));
}

/** Where nobody can be asked, an item whose name is taken gets a number. */
export const neverAsk: Placer['ask'] = () => Promise.resolve({ choice: 'rename', forAll: true });
