// SPDX-License-Identifier: GPL-3.0-or-later

const KEY = /^\/key\/swarm\/psk\/1\.0\.0\/\n\/base16\/\n[0-9a-fA-F]{64}$/;

/** The three lines of a swarm key without stray spaces, or null when it is none. */
export function normaliseSwarmKey(text: string): string | null {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const key = lines.join('\n');
  return KEY.test(key) ? key : null;
}

/** A new random swarm key. */
export function newSwarmKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `/key/swarm/psk/1.0.0/\n/base16/\n${hex}`;
}
