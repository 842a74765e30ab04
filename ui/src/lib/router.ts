// SPDX-License-Identifier: GPL-3.0-or-later
import { useSyncExternalStore } from 'react';
import { decodePath, encodePath } from './paths';

export type Route =
  | { page: 'vaults' }
  | { page: 'files'; vault: string; folder: string }
  | { page: 'trash' | 'analytics' | 'keeping'; vault: string }
  | { page: 'transfers' }
  | { page: 'storage' }
  | { page: 'machines' }
  | { page: 'machine'; node: string }
  | { page: 'system' }
  | { page: 'audit' }
  | { page: 'missing' };

/** Reads the part of the address after "#". */
export function parseRoute(hash: string): Route {
  const path = hash.replace(/^#/, '').replace(/\/+$/, '');
  if (path === '' || path === '/vaults') return { page: 'vaults' };
  if (path === '/transfers') return { page: 'transfers' };
  if (path === '/storage') return { page: 'storage' };
  if (path === '/machines') return { page: 'machines' };
  if (path === '/system') return { page: 'system' };
  if (path === '/audit') return { page: 'audit' };
  const machine = /^\/machines\/([1-9A-HJ-NP-Za-km-z]{1,128})$/.exec(path);
  if (machine?.[1] !== undefined) return { page: 'machine', node: machine[1] };
  const own = /^\/(trash|analytics|keeping)\/([a-z2-7]{26})$/.exec(path);
  if (own?.[2] !== undefined) return { page: own[1] as 'trash' | 'analytics' | 'keeping', vault: own[2] };
  const match = /^\/vaults\/([a-z2-7]{26})(\/.*)?$/.exec(path);
  if (match?.[1] === undefined) return { page: 'missing' };
  try {
    return { page: 'files', vault: match[1], folder: decodePath(match[2] ?? '/') };
  } catch {
    return { page: 'missing' };
  }
}

/** The address of a route, as a link can use it. */
export function hrefOf(route: Route): string {
  switch (route.page) {
    case 'files':
      return `#/vaults/${route.vault}${route.folder === '/' ? '' : encodePath(route.folder)}`;
    case 'trash':
    case 'analytics':
    case 'keeping':
      return `#/${route.page}/${route.vault}`;
    case 'machine':
      return `#/machines/${route.node}`;
    case 'transfers':
    case 'machines':
    case 'storage':
    case 'system':
    case 'audit':
      return `#/${route.page}`;
    case 'vaults':
    case 'missing':
      return '#/vaults';
  }
}

export function navigate(route: Route): void {
  window.location.hash = hrefOf(route);
}

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  return () => window.removeEventListener('hashchange', listener);
}

let lastHash: string | null = null;
let lastRoute: Route = { page: 'vaults' };

function current(): Route {
  const { hash } = window.location;
  if (hash !== lastHash) {
    lastHash = hash;
    lastRoute = parseRoute(hash);
  }
  return lastRoute;
}

export function useRoute(): Route {
  return useSyncExternalStore(subscribe, current);
}
