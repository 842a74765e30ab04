// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import type { SyncHeld, Vault } from '../../api/types';
import { othersVaults } from './others';

const vault = (id: string, trusted: boolean): Vault => ({ id, trusted, bytes: 500, peers: 2 }) as Vault;
const held = (vault_id: string, bytes: number): SyncHeld => ({ vault_id, bytes, blocks: 1, unwanted_blocks: 0 });

describe('vaults of others', () => {
  it('are those that are seen, with what is kept of them here', () => {
    expect(othersVaults([vault('own', true), vault('kept', false), vault('seen', false)], [held('kept', 300)])).toEqual([
      { id: 'kept', bytes: 500, machines: 2, kept: 300 },
      { id: 'seen', bytes: 500, machines: 2, kept: 0 },
    ]);
  });

  it('are as large as is known: what others say may be late', () => {
    const late = { ...vault('kept', false), bytes: 0 };
    expect(othersVaults([late], [held('kept', 300)])[0]?.bytes).toBe(300);
    expect(othersVaults([late], [])[0]?.bytes).toBe(null);
  });

  it('include those of which only this machine has something, and none of its own', () => {
    expect(othersVaults([vault('own', true)], [held('lost', 300), held('own', 7)])).toEqual([
      { id: 'lost', bytes: null, machines: 0, kept: 300 },
    ]);
  });

  it('are not said to be kept here while that is not known', () => {
    expect(othersVaults([vault('seen', false)], undefined)).toEqual([{ id: 'seen', bytes: 500, machines: 2, kept: null }]);
  });
});
