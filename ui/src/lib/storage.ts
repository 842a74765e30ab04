// SPDX-License-Identifier: GPL-3.0-or-later

/** Reads a remembered JSON value; null when there is none or the browser refuses storage. */
export function recall(area: 'local' | 'session', key: string): unknown {
  try {
    const text = areaOf(area).getItem(key);
    return text === null ? null : (JSON.parse(text) as unknown);
  } catch {
    return null;
  }
}

/** Remembers a JSON value, or forgets it when null. Storage that is full or refused is ignored. */
export function remember(area: 'local' | 'session', key: string, value: unknown): void {
  try {
    if (value === null) areaOf(area).removeItem(key);
    else areaOf(area).setItem(key, JSON.stringify(value));
  } catch {
    // private windows may refuse storage; the page then forgets at reload, nothing else is lost
  }
}

function areaOf(area: 'local' | 'session'): Storage {
  return area === 'local' ? window.localStorage : window.sessionStorage;
}
