// SPDX-License-Identifier: GPL-3.0-or-later

/** What is selected in a list of keys, and where the keyboard is. */
export interface Selection {
  selected: ReadonlySet<string>;
  /** The row that the keys act on. */
  active: string | null;
  /** Where a range with Shift begins. */
  anchor: string | null;
}

export const nothingSelected: Selection = { selected: new Set(), active: null, anchor: null };

const only = (key: string): Selection => ({ selected: new Set([key]), active: key, anchor: key });

/** A plain click or arrow key. */
export function selectOne(key: string): Selection {
  return only(key);
}

/** Ctrl and click, or the space bar. */
export function toggle(state: Selection, key: string): Selection {
  const selected = new Set(state.selected);
  if (!selected.delete(key)) selected.add(key);
  return { selected, active: key, anchor: key };
}

/** Shift and click, or Shift and an arrow key: everything between the anchor and the key. */
export function extend(state: Selection, keys: readonly string[], key: string): Selection {
  const anchor = state.anchor ?? state.active ?? key;
  const from = keys.indexOf(anchor);
  const to = keys.indexOf(key);
  if (from < 0 || to < 0) return only(key);
  return { selected: new Set(keys.slice(Math.min(from, to), Math.max(from, to) + 1)), active: key, anchor };
}

export function selectAll(state: Selection, keys: readonly string[]): Selection {
  return { ...state, selected: new Set(keys), active: state.active ?? keys[0] ?? null };
}

export function clear(state: Selection): Selection {
  return { ...state, selected: new Set(), anchor: state.active };
}

/** Moves the active row by some rows, staying inside the list. */
export function step(state: Selection, keys: readonly string[], by: number, extending: boolean): Selection {
  if (keys.length === 0) return state;
  const at = state.active === null ? -1 : keys.indexOf(state.active);
  const to = at < 0 ? (by > 0 ? Math.min(by, keys.length) - 1 : keys.length - 1) : at + by;
  const key = keys[Math.max(0, Math.min(keys.length - 1, to))]!;
  return extending ? extend(state, keys, key) : only(key);
}

/** Drops what is no longer listed. The active row passes to the one that took its place. */
export function prune(state: Selection, before: readonly string[], after: readonly string[]): Selection {
  const present = new Set(after);
  const selected = new Set([...state.selected].filter((key) => present.has(key)));
  if (state.active === null || present.has(state.active))
    return selected.size === state.selected.size ? state : { ...state, selected };
  const place = before.indexOf(state.active);
  const active = after[Math.min(Math.max(0, place), after.length - 1)] ?? null;
  return { selected, active, anchor: active };
}
