// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { hrefOf, parseRoute, type Route } from './router';

const vault = 'abcdefghijklmnopqrstuvwxyz'.replace(/[^a-z2-7]/g, 'a');

describe('router', () => {
  it('gives every route an address that leads back to it', () => {
    const routes: Route[] = [
      { page: 'vaults' },
      { page: 'system' },
      { page: 'audit' },
      { page: 'storage' },
      { page: 'transfers' },
      { page: 'machines' },
      { page: 'machine', node: '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp' },
      { page: 'trash', vault },
      { page: 'analytics', vault },
      { page: 'keeping', vault },
      { page: 'files', vault, folder: '/' },
      { page: 'files', vault, folder: '/a b/100%2F/#?/ü' },
    ];
    for (const route of routes) expect(parseRoute(hrefOf(route))).toEqual(route);
  });

  it('does not guess', () => {
    expect(parseRoute('')).toEqual({ page: 'vaults' });
    expect(parseRoute('#/nowhere')).toEqual({ page: 'missing' });
    expect(parseRoute('#/machines/0OIl')).toEqual({ page: 'missing' });
    expect(parseRoute('#/vaults/short')).toEqual({ page: 'missing' });
    expect(parseRoute(`#/vaults/${vault}/%E0%A4`)).toEqual({ page: 'missing' });
  });
});
