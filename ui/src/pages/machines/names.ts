// SPDX-License-Identifier: GPL-3.0-or-later
import type { MeshNode, Network } from '../../api/types';
import { number } from '../../lib/format';
import { language, t } from '../../lib/i18n';

const ID_TAIL = 8;
const NETWORK_DIGITS = 4; // the command line takes so many, too

/** The end of a peer id, which tells machines apart; the beginning is the same for all. */
export const shortId = (id: string): string => `…${id.slice(-ID_TAIL)}`;

/** What a machine calls itself, else the end of its id. */
export function machineName({ display_name: name, node_id: id }: Pick<MeshNode, 'display_name' | 'node_id'>): string {
  return name === '' ? shortId(id) : name;
}

/** The name of the machine with an id, also of one that is not known. */
export function nameOfId(id: string, nodes: MeshNode[]): string {
  return machineName(nodes.find((node) => node.node_id === id) ?? { node_id: id, display_name: '' });
}

/** What a network is called, with the first digits of its id where another one of all has the same name. */
export function networkTitle({ id, name }: Pick<Network, 'id' | 'name'>, all: Network[]): string {
  return all.some((other) => other.name === name && other.id !== id) ? `${name} (${id.slice(0, NETWORK_DIGITS)})` : name;
}

/** The name of a country by its two letters; others may say anything there. */
export function countryName(code: string): string {
  if (code === '') return '–';
  try {
    return new Intl.DisplayNames([language.get()], { type: 'region', fallback: 'code' }).of(code) ?? code;
  } catch {
    return code;
  }
}

export const roundTrip = (ms: number | null): string => (ms === null ? '–' : `${number(ms, ms < 10 ? 1 : 0)} ms`);

export function carrierName(carrier: MeshNode['carrier']): string {
  if (carrier === null) return '–';
  return carrier === 'direct' ? t('direct') : t('through a relay');
}

/** This machine first, then those that are there, by name. */
export function sortedMachines(nodes: MeshNode[]): MeshNode[] {
  const rank = (node: MeshNode): number => (node.self ? 0 : node.online ? 1 : 2);
  return [...nodes].sort(
    (a, b) => rank(a) - rank(b) || machineName(a).localeCompare(machineName(b), language.get()) || (a.node_id < b.node_id ? -1 : 1),
  );
}

/** Names in a row, as the language puts them. */
export const nameList = (names: string[]): string =>
  new Intl.ListFormat(language.get(), { type: 'conjunction' }).format(names);
