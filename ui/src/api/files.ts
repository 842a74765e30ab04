// SPDX-License-Identifier: GPL-3.0-or-later
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { encodePath } from '../lib/paths';
import { Turns } from '../lib/turns';
import { apiUrl, authorization, errorOf, fetchJson, send, tokenUrl, ApiError } from './client';
import { endSession, session } from '../lib/session';
import type { ArchiveTicket, Cached, File as VaultFile, FileCopied, FileHistory, FileInfo, FileList, FileMoved, FilesChanged, FilesFound, FileVersion, Folder, Purged, Trash } from './types';

const PAGE = 1000;
/** Most paths of one request. */
const BATCH = 10_000;
const PURGE_BATCH = 1000;

export interface Listing {
  files: VaultFile[];
  folders: Folder[];
  /** Whether the last page has come. */
  complete: boolean;
}

const route = (vault: string, verb: string, path: string): string => `/vaults/${vault}/${verb}${encodePath(path)}`;

interface ListOptions {
  includeDeleted?: boolean;
  signal?: AbortSignal;
  /** Gets what is there so far each time it has doubled, so that the work stays linear. */
  onPartial?: (listing: Listing) => void;
}

/** What lies directly in a folder, page after page until the end. */
export async function listFolder(vault: string, path: string, options: ListOptions = {}): Promise<Listing> {
  const listing: Listing = { files: [], folders: [], complete: false };
  let cursor: string | null = null;
  let next = PAGE;
  do {
    const page: FileList = await fetchJson<FileList>(`/vaults/${vault}/files`, {
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      query: {
        path: path === '/' ? undefined : path,
        shallow: true,
        limit: PAGE,
        cursor,
        include_deleted: options.includeDeleted ? true : undefined,
      },
    });
    for (const file of page.files) listing.files.push(file);
    for (const folder of page.folders) listing.folders.push(folder);
    cursor = page.cursor;
    if (cursor !== null && listing.files.length + listing.folders.length >= next) {
      next = 2 * (listing.files.length + listing.folders.length);
      options.onPartial?.({ files: [...listing.files], folders: [...listing.folders], complete: false });
    }
  } while (cursor !== null);
  return { ...listing, complete: true };
}

export const getFile = (vault: string, path: string): Promise<VaultFile> => fetchJson(route(vault, 'files', path));

export const restoreFile = (vault: string, path: string, contentHash: string): Promise<VaultFile> =>
  fetchJson(route(vault, 'restore', path), { method: 'POST', json: { content_hash: contentHash } });

export const moveFile = (vault: string, from: string, to: string): Promise<FileMoved> =>
  fetchJson(`/vaults/${vault}/move`, { method: 'POST', json: { from, to } });

/** Asks for the paths a piece at a time and adds the answers up. */
async function inPieces<T>(paths: string[], most: number, ask: (piece: string[]) => Promise<T>, add: (sum: T, more: T) => T): Promise<T> {
  let sum: T = await ask(paths.slice(0, most));
  for (let at = most; at < paths.length; at += most) sum = add(sum, await ask(paths.slice(at, at + most)));
  return sum;
}

const changed = (sum: FilesChanged, more: FilesChanged): FilesChanged => ({
  files: sum.files + more.files,
  bytes: sum.bytes + more.bytes,
  at_ms: Math.min(sum.at_ms, more.at_ms),
  failures: [...sum.failures, ...more.failures],
});

/** Deletes files, and folders with all that is in them. */
export const deleteMany = (vault: string, paths: string[]): Promise<FilesChanged> =>
  inPieces(paths, BATCH, (piece) => fetchJson(`/vaults/${vault}/delete`, { method: 'POST', json: { paths: piece } }), changed);

export type Existing = 'refuse' | 'replace' | 'skip' | 'rename';

export const copyFile = (vault: string, from: string, to: string, existing: Existing): Promise<FileCopied> =>
  fetchJson(`/vaults/${vault}/copy`, { method: 'POST', json: { from, to, existing } });

/** A download of files and folders as one zip: its address works once. */
export const archive = (vault: string, paths: string[], name: string): Promise<ArchiveTicket> =>
  fetchJson(`/vaults/${vault}/archive`, { method: 'POST', json: { paths, name } });

/** Gives deleted files and folders back what they had; with the time of a deletion, what that took. */
export const undelete = (vault: string, paths: string[], sinceMs = 0): Promise<FilesChanged> =>
  inPieces(
    paths,
    BATCH,
    (piece) => fetchJson(`/vaults/${vault}/undelete`, { method: 'POST', json: { paths: piece, since_ms: sinceMs } }),
    changed,
  );

export const trashQuery = (vault: string) =>
  infiniteQueryOptions({
    queryKey: ['trash', vault],
    queryFn: ({ signal, pageParam }) =>
      fetchJson<Trash>(`/vaults/${vault}/trash`, { signal, query: { limit: PAGE, cursor: pageParam } }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.cursor,
  });

/** Removes deleted files for good. */
export const purge = (vault: string, paths: string[]): Promise<Purged> =>
  inPieces(
    paths,
    PURGE_BATCH,
    (piece) => fetchJson(`/vaults/${vault}/trash/purge`, { method: 'POST', json: { paths: piece } }),
    (sum, more) => ({ files: sum.files + more.files, versions: sum.versions + more.versions, bytes: sum.bytes + more.bytes }),
  );

export const purgeAll = (vault: string): Promise<Purged> =>
  fetchJson(`/vaults/${vault}/trash/purge`, { method: 'POST', json: { all: true } });

export const fileHistory = async (vault: string, path: string, signal?: AbortSignal): Promise<FileVersion[]> =>
  (await fetchJson<FileHistory>(route(vault, 'history', path), signal === undefined ? {} : { signal })).versions;

/** For <img>, <video>, <audio> and <a download>, which cannot send a header. */
export const streamUrl = (vault: string, path: string): string => tokenUrl(route(vault, 'stream', path));

/** The first bytes of a file. */
export async function readStart(vault: string, path: string, bytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const headers = { Range: `bytes=0-${bytes - 1}` };
  const response = await send(route(vault, 'stream', path), { headers, signal });
  return new Uint8Array(await response.arrayBuffer());
}

/** The first bytes of an older version. */
export async function readVersion(vault: string, path: string, contentHash: string, bytes: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const headers = { Range: `bytes=0-${bytes - 1}` };
  const response = await send(route(vault, 'version', path), { query: { content_hash: contentHash }, headers, signal });
  return new Uint8Array(await response.arrayBuffer());
}

/** Removes the older versions with a content for good. */
export const purgeVersion = (vault: string, path: string, contentHash: string): Promise<Purged> =>
  fetchJson(route(vault, 'version', path), { method: 'DELETE', query: { content_hash: contentHash } });

/** Who has a file. Asks the machines that are there, so it takes a moment. */
export const infoQuery = (vault: string, path: string) =>
  queryOptions({
    queryKey: ['info', vault, path],
    queryFn: ({ signal }) => fetchJson<FileInfo>(route(vault, 'info', path), { signal }),
    staleTime: 0,
  });

const LOCAL_STALE_MS = 300_000;
const MOST_LOCAL_AT_ONCE = 2;
const localTurns = new Turns(MOST_LOCAL_AT_ONCE);

/** How much of a file is on this machine; lists do not always tell. Its content is part of the key, so an answer stays true. */
export const localQuery = (vault: string, { path, content_hash: hash }: VaultFile) =>
  queryOptions({
    queryKey: ['local', vault, path, hash],
    queryFn: async ({ signal }) =>
      (await localTurns.take(() => fetchJson<VaultFile>(route(vault, 'files', path), { signal }), signal)).local,
    staleTime: LOCAL_STALE_MS,
  });

/** Has the whole of a file on this machine; waits until it is here. */
export const cacheFile = (vault: string, path: string): Promise<Cached> => fetchJson(route(vault, 'cache', path), { method: 'POST' });

/** Chooses which of several newest versions survives. */
export const resolveConflict = (vault: string, path: string, versionHash: string): Promise<VaultFile> =>
  fetchJson(route(vault, 'resolve-conflict', path), { method: 'POST', json: { version_hash: versionHash } });

export const searchQuery = (vault: string, words: string) =>
  queryOptions({
    queryKey: ['search', vault, words],
    queryFn: ({ signal }) => fetchJson<FilesFound>(`/vaults/${vault}/search`, { signal, query: { q: words } }),
    staleTime: 0,
    gcTime: 10_000,
  });

export const openVersion = (vault: string, path: string, contentHash: string): Promise<Response> =>
  send(route(vault, 'version', path), { query: { content_hash: contentHash } });

export interface Upload {
  vault: string;
  path: string;
  body: Blob;
  mtimeMs: number;
  /** Fail with 412 when there is such a file already. */
  onlyNew: boolean;
  onProgress: (sentBytes: number) => void;
}

/** Starts to send a file. XMLHttpRequest, because fetch tells nothing about what has been sent. */
export function startUpload(upload: Upload): { done: Promise<VaultFile>; abort: () => void } {
  const request = new XMLHttpRequest();
  const token = session.get()?.token;
  const done = new Promise<VaultFile>((resolve, reject) => {
    request.upload.onprogress = (event) => upload.onProgress(event.loaded);
    request.onload = () => {
      if (request.status === 200) {
        resolve(JSON.parse(request.responseText) as VaultFile);
        return;
      }
      if (request.status === 401 && token === session.get()?.token) endSession('expired');
      reject(errorOf(request.status, request.responseText, request.getResponseHeader('Retry-After')));
    };
    request.onerror = () => reject(new ApiError(0, ''));
    request.onabort = () => reject(new DOMException('', 'AbortError'));
    request.open('POST', apiUrl(route(upload.vault, 'upload', upload.path), { mtime_ms: Math.round(upload.mtimeMs) }));
    for (const [name, value] of Object.entries(authorization())) request.setRequestHeader(name, value);
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    if (upload.onlyNew) request.setRequestHeader('If-None-Match', '*');
    request.send(upload.body);
  });
  return { done, abort: () => request.abort() };
}
