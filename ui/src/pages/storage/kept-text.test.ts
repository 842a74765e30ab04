// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import type { MeshNode } from '../../api/types';
import { newcomersText, ownerText } from './kept-text';

const MIB = 1024 ** 2;
const isUsedUp = (bytes: number, limit: number): boolean | undefined =>
  newcomersText({ machines: 1, bytes, limit })?.endsWith('only later, when that week is over.');

describe('newcomersText', () => {
  it('says what new machines have used of what is theirs', () => {
    expect(newcomersText({ machines: 1, bytes: 3 * MIB, limit: 512 * MIB })).toBe(
      '1 machine that is new here has used 3.00 MiB of the 512 MiB that new machines have in their first week.',
    );
    expect(newcomersText({ machines: 1024, bytes: 0, limit: 512 * MIB })).toBe(
      '1,024 machines that are new here have used 0 B of the 512 MiB that new machines have in their first week.',
    );
  });

  it('says nothing where no machine is new, or nothing is kept', () => {
    expect(newcomersText({ machines: 0, bytes: 0, limit: 512 * MIB })).toBe(null);
    expect(newcomersText({ machines: 2, bytes: 3 * MIB, limit: 0 })).toBe(null);
  });

  it('says that there is no more for them where a block may not fit', () => {
    expect(isUsedUp(508 * MIB, 512 * MIB)).toBe(false);
    expect(isUsedUp(508 * MIB + 1, 512 * MIB)).toBe(true);
    expect(isUsedUp(512 * MIB, 512 * MIB)).toBe(true);
    expect(isUsedUp(900 * MIB, 512 * MIB)).toBe(true); // the limit was higher
    expect(isUsedUp(1 * MIB, 4 * MIB)).toBe(false); // of a small one, the largest block is all
    expect(isUsedUp(3 * MIB + 1, 4 * MIB)).toBe(true);
  });
});

describe('ownerText', () => {
  const node = (id: string, name: string, ...vaults: string[]): MeshNode =>
    ({ node_id: id, display_name: name, vaults: vaults.map((vault) => ({ id: vault })) }) as MeshNode;
  const nodes = [node('12D3KooWaaaaaaaaaa', 'Attic', 'films'), node('12D3KooWbbbbbbbbbb', '', 'films', 'series')];

  it('names all machines that have the vault', () => {
    expect(ownerText('films', nodes)).toBe('For a vault of Attic and …bbbbbbbb');
    expect(ownerText('series', nodes)).toBe('For a vault of …bbbbbbbb');
    expect(ownerText('photos', nodes)).toBe('For a vault of which no machine speaks');
  });
});
