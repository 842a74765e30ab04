// SPDX-License-Identifier: GPL-3.0-or-later
import type { PeerAcl } from '../../api/types';

/** Whether a machine may connect to this one. */
export function mayConnect({ mode, peers }: PeerAcl, id: string): boolean {
  return mode === 'open' || peers.includes(id) === (mode === 'allow');
}

/** The rule that keeps out one machine more. What an open rule names, it does not keep out. */
export function blocking({ mode, peers }: PeerAcl, id: string): PeerAcl {
  if (mode === 'open') return { mode: 'deny', peers: [id] };
  return { mode, peers: mode === 'allow' ? peers.filter((one) => one !== id) : [...peers, id] };
}

/** The rule that lets in one machine more. */
export function admitting({ mode, peers }: PeerAcl, id: string): PeerAcl {
  if (mode === 'allow') return { mode, peers: [...peers, id] };
  const left = peers.filter((one) => one !== id);
  return mode === 'open' || left.length === 0 ? { mode: 'open', peers: [] } : { mode, peers: left };
}
