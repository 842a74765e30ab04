// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import type { PeerAcl } from '../../api/types';
import { admitting, blocking, mayConnect } from './acl';

const open: PeerAcl = { mode: 'open', peers: ['x'] };
const allow: PeerAcl = { mode: 'allow', peers: ['a', 'b'] };
const deny: PeerAcl = { mode: 'deny', peers: ['a', 'b'] };

describe('who may connect', () => {
  it('follows from the mode and the list', () => {
    expect([open, allow, deny].map((rule) => mayConnect(rule, 'a'))).toEqual([true, true, false]);
    expect([open, allow, deny].map((rule) => mayConnect(rule, 'z'))).toEqual([true, false, true]);
  });

  it('does not hold for a machine that is blocked, and holds again after it is admitted', () => {
    for (const rule of [open, allow, deny])
      for (const id of ['a', 'z']) {
        const out = mayConnect(rule, id) ? blocking(rule, id) : rule;
        expect(mayConnect(out, id)).toBe(false);
        expect(mayConnect(admitting(out, id), id)).toBe(true);
      }
  });

  it('stays as it was for every other machine', () => {
    for (const rule of [open, allow, deny])
      for (const id of ['b', 'x', 'y']) {
        expect(mayConnect(blocking(rule, 'a'), id)).toBe(mayConnect(rule, id));
        expect(mayConnect(admitting(rule, 'a'), id)).toBe(mayConnect(rule, id));
      }
  });
});
