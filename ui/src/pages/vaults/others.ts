// SPDX-License-Identifier: GPL-3.0-or-later
import type { SyncHeld, Vault } from '../../api/types';

/** What is known of a vault whose key is not here. */
export interface OthersVault {
  id: string;
  /** Sealed bytes on the machine that has the most of it, this one included; null when nothing is said of that. */
  bytes: number | null;
  /** Other machines that have something of it. */
  machines: number;
  /** Sealed bytes that are kept here; null while that is not known. */
  kept: number | null;
}

/** Vaults that others speak of, then those that only this machine still keeps something of. */
export function othersVaults(vaults: Vault[], held: SyncHeld[] | undefined): OthersVault[] {
  const known = new Set(vaults.map(({ id }) => id));
  const seen = vaults.filter(({ trusted }) => !trusted).map(({ id, bytes: said, peers }) => {
    const kept = held?.find(({ vault_id }) => vault_id === id)?.bytes ?? 0;
    const bytes = Math.max(said, kept); // machines say only once in a while what has come to a vault
    return { id, bytes: bytes === 0 ? null : bytes, machines: peers, kept: held === undefined ? null : kept };
  });
  const left = (held ?? []).filter(({ vault_id: id }) => !known.has(id)).map(({ vault_id: id, bytes }) => ({
    id,
    bytes: null,
    machines: 0,
    kept: bytes,
  }));
  return [...seen, ...left];
}
