// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import type { MeshNode, Network } from '../../api/types';
import { countryName, machineName, nameOfId, networkTitle, roundTrip, sortedMachines } from './names';

const node = (node_id: string, display_name: string, more: Partial<MeshNode> = {}): MeshNode =>
  ({ node_id, display_name, online: true, self: false, ...more }) as MeshNode;

describe('machines', () => {
  it('are called as they say, or by the end of their id', () => {
    expect(machineName(node('12D3KooWabcdefgh12345678', 'Attic'))).toBe('Attic');
    expect(machineName(node('12D3KooWabcdefgh12345678', ''))).toBe('…12345678');
    expect(nameOfId('12D3KooWabcdefgh87654321', [])).toBe('…87654321');
  });

  it('are in networks, of which those of one name have their ids beside it', () => {
    const network = (id: string, name: string): Network => ({ id, name }) as Network;
    const all = [network('3f2a000000000001', 'home'), network('9b00000000000002', 'home'), network('3f2a000000000003', 'work')];
    expect(all.map((one) => networkTitle(one, all))).toEqual(['home (3f2a)', 'home (9b00)', 'work']);
    expect(networkTitle(network('7700000000000004', 'home'), [])).toBe('home');
  });

  it('come with this one first, those that are away last', () => {
    const nodes = [node('a', 'Zoo', { online: false }), node('b', 'Beta'), node('c', 'Own', { self: true }), node('d', 'Alpha')];
    expect(sortedMachines(nodes).map(({ node_id }) => node_id)).toEqual(['c', 'd', 'b', 'a']);
  });

  it('may claim any country', () => {
    expect(countryName('DE')).toBe('Germany');
    expect(countryName('')).toBe('–');
    expect(countryName('<b>')).toBe('<b>');
  });

  it('are near or far', () => {
    expect([0.25, 9.96, 140.4, null].map(roundTrip)).toEqual(['0.3 ms', '10.0 ms', '140 ms', '–']);
  });
});
