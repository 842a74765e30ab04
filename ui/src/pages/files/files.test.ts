// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import type { Listing } from '../../api/files';
import type { File as VaultFile, Folder } from '../../api/types';
import { withFiles } from '../../live/folders';
import { previewKind } from './preview-kind';
import { arrange, sortFrom } from './rows';
import { extend, nothingSelected, prune, selectAll, selectOne, step, toggle } from './selection';

const file = (name: string, size = 1, time = 1, deleted = false): VaultFile =>
  ({ path: `/${name}`, name, size, mtime_ms: time, deleted }) as VaultFile;
const folder = (name: string): Folder => ({ path: `/${name}`, name, files: 1, bytes: 5, changed_ms: 1 });
const listing = (files: VaultFile[], folders: Folder[] = []): Listing => ({ files, folders, complete: true });
const names = (...args: Parameters<typeof arrange>): string[] => arrange(...args).map(({ name }) => name);
const byName = { field: 'name', down: false } as const;

describe('rows', () => {
  const all = listing([file('b10', 3, 1), file('b9', 1, 3), file('A', 2, 2), file('gone', 9, 9, true)], [folder('z'), folder('y')]);

  it('puts folders first and numbers in their order', () => {
    expect(names(all, byName, '', false)).toEqual(['y', 'z', 'A', 'b9', 'b10']);
    expect(names(all, { field: 'name', down: true }, '', false)).toEqual(['z', 'y', 'b10', 'b9', 'A']);
    expect(names(all, { field: 'size', down: true }, '', false)).toEqual(['y', 'z', 'b10', 'A', 'b9']);
    expect(names(all, { field: 'time', down: false }, '', false)).toEqual(['y', 'z', 'b10', 'A', 'b9']);
  });

  it('filters by name and shows deleted ones on demand', () => {
    expect(names(all, byName, ' B', false)).toEqual(['b9', 'b10']);
    expect(names(all, byName, 'gone', true)).toEqual(['gone']);
  });

  it('replaces and adds files by their path', () => {
    const next = withFiles(all, [file('b9', 77), file('new')]);
    expect(next.files.map(({ name, size }) => [name, size])).toEqual([['b10', 3], ['b9', 77], ['A', 2], ['gone', 9], ['new', 1]]);
  });

  it('trusts no remembered order', () => {
    expect(sortFrom(null)).toEqual(byName);
    expect(sortFrom({ field: 'path', down: 'yes' })).toEqual(byName);
    expect(sortFrom({ field: 'size', down: true })).toEqual({ field: 'size', down: true });
  });
});

describe('selection', () => {
  const keys = ['a', 'b', 'c', 'd'];

  it('goes up and down and stops at the ends', () => {
    expect(step(nothingSelected, keys, 1, false).active).toBe('a');
    expect(step(nothingSelected, keys, -1, false).active).toBe('d');
    expect(step(selectOne('b'), keys, -5, false)).toEqual(selectOne('a'));
    expect(step(selectOne('b'), keys, 99, false)).toEqual(selectOne('d'));
    expect(step(nothingSelected, [], 1, false)).toBe(nothingSelected);
  });

  it('extends from where the range began', () => {
    let state = step(selectOne('b'), keys, 2, true);
    expect([...state.selected]).toEqual(['b', 'c', 'd']);
    state = step(state, keys, -3, true);
    expect([...state.selected]).toEqual(['a', 'b']);
    expect([...extend(selectOne('d'), keys, 'b').selected]).toEqual(['b', 'c', 'd']);
  });

  it('toggles and selects all', () => {
    expect([...toggle(selectOne('a'), 'c').selected]).toEqual(['a', 'c']);
    expect([...toggle(selectOne('a'), 'a').selected]).toEqual([]);
    expect(selectAll(nothingSelected, keys).selected.size).toBe(4);
  });

  it('follows the rows: the next one becomes active when the active one goes', () => {
    const state = prune(selectOne('b'), keys, ['a', 'c', 'd']);
    expect(state.active).toBe('c');
    expect(state.selected.size).toBe(0);
    expect(prune(selectOne('d'), keys, ['a']).active).toBe('a');
    expect(prune(selectOne('d'), keys, []).active).toBeNull();
    const kept = selectOne('a');
    expect(prune(kept, keys, ['a', 'z'])).toBe(kept);
  });
});

describe('previews', () => {
  it('never shows what could run', () => {
    expect(previewKind('text/html', 'a.html')).toBe('text');
    expect(previewKind('application/xhtml+xml', 'a.xhtml')).toBe('text');
    expect(previewKind('application/pdf', 'a.pdf')).toBeNull();
    expect(previewKind('image/svg+xml', 'a.svg')).toBe('image');
    expect(previewKind('video/mp2t', 'main.ts')).toBe('text');
    expect(previewKind('application/octet-stream', 'a.bin')).toBeNull();
  });
});
