// SPDX-License-Identifier: GPL-3.0-or-later

/** A path inside a vault as the segments of a URL, each encoded on its own: "/a b/c%2F" gives "/a%20b/c%252F". */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

/** The opposite of encodePath. Throws URIError when the text is not a valid encoding. */
export function decodePath(encoded: string): string {
  return encoded.split('/').map(decodeURIComponent).join('/');
}

/** Joins a folder ("/" or "/a/b") and a relative path. */
export function joinPath(folder: string, rest: string): string {
  return folder === '/' || folder === '' ? `/${rest}` : `${folder}/${rest}`;
}

/** The folder that holds a path; "/" for what lies at the top. */
export function parentOf(path: string): string {
  const at = path.lastIndexOf('/');
  return at <= 0 ? '/' : path.slice(0, at);
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Every folder from the top down to this one, without the top itself. */
export function ancestors(folder: string): { name: string; path: string }[] {
  const names = folder.split('/').filter((part) => part !== '');
  return names.map((name, index) => ({ name, path: `/${names.slice(0, index + 1).join('/')}` }));
}

/** Whether path is the folder or lies below it. */
export function isWithin(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}

const encoder = new TextEncoder();

export type NameFault = 'empty' | 'slash' | 'dots' | 'nul' | 'long';

/** What is wrong with a file name, or null. The limits are those of the daemon. */
export function nameFault(name: string): NameFault | null {
  if (name === '') return 'empty';
  if (name.includes('/')) return 'slash';
  if (name === '.' || name === '..') return 'dots';
  if (name.includes('\0')) return 'nul';
  return encoder.encode(name).length > 255 ? 'long' : null;
}

/** The name with " (mark)" before its extension, shortened so that it stays within 255 bytes. */
export function markedName(name: string, mark: string): string {
  const dot = name.lastIndexOf('.');
  const cut = dot > 0 && name.length - dot <= 16 ? dot : name.length;
  const tail = ` (${mark})${name.slice(cut)}`;
  const room = 255 - encoder.encode(tail).length;
  const stem = Array.from(name.slice(0, cut));
  while (encoder.encode(stem.join('')).length > room) stem.pop();
  return stem.join('') + tail;
}

export const numberedName = (name: string, n: number): string => markedName(name, String(n));
