// SPDX-License-Identifier: GPL-3.0-or-later
import { queryOptions } from '@tanstack/react-query';
import { endSession, session as login } from '../lib/session';
import { ApiError, apiUrl, authorization, errorOf, fetchJson, send } from './client';
import type { File as VaultFile, UploadProgress, UploadSession, UploadSessionList } from './types';

export const listSessions = async (vault: string, signal?: AbortSignal): Promise<UploadSession[]> =>
  (await fetchJson<UploadSessionList>(`/vaults/${vault}/upload-sessions`, signal === undefined ? {} : { signal })).sessions;

export const sessionsQuery = (vault: string) =>
  queryOptions({ queryKey: ['upload-sessions', vault], queryFn: ({ signal }) => listSessions(vault, signal) });

export interface NewSession {
  vault: string;
  path: string;
  size: number;
  mtimeMs: number;
  /** Fail with 412 when there is such a file already. */
  onlyNew: boolean;
}

export const beginSession = ({ vault, path, size, mtimeMs, onlyNew }: NewSession): Promise<UploadSession> =>
  fetchJson(`/vaults/${vault}/upload-sessions`, {
    method: 'POST',
    json: { path, size, mtime_ms: mtimeMs, ...(onlyNew ? { if_none_match: '*' } : {}) },
  });

export const finishSession = (vault: string, id: string): Promise<VaultFile> =>
  fetchJson(`/vaults/${vault}/upload-sessions/${id}/finish`, { method: 'POST' });

export async function dropSession(vault: string, id: string): Promise<void> {
  await send(`/vaults/${vault}/upload-sessions/${id}`, { method: 'DELETE' });
}

export interface Piece {
  vault: string;
  id: string;
  offset: number;
  body: Blob;
  onProgress: (sentBytes: number) => void;
  signal: AbortSignal;
}

/** Sends the next bytes of an upload. XMLHttpRequest, because fetch tells nothing about what has been sent. */
export function sendPiece({ vault, id, offset, body, onProgress, signal }: Piece): Promise<UploadProgress> {
  const request = new XMLHttpRequest();
  const token = login.get()?.token;
  const abort = (): void => request.abort();
  return new Promise<UploadProgress>((resolve, reject) => {
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onload = () => {
      if (request.status === 200) {
        resolve(JSON.parse(request.responseText) as UploadProgress);
        return;
      }
      if (request.status === 401 && token === login.get()?.token) endSession('expired');
      reject(errorOf(request.status, request.responseText, request.getResponseHeader('Retry-After')));
    };
    request.onerror = () => reject(new ApiError(0, ''));
    request.onabort = () => reject(new DOMException('', 'AbortError'));
    request.open('PATCH', apiUrl(`/vaults/${vault}/upload-sessions/${id}`, { offset, finish: true }));
    for (const [name, value] of Object.entries(authorization())) request.setRequestHeader(name, value);
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    signal.addEventListener('abort', abort);
    request.send(body);
  }).finally(() => signal.removeEventListener('abort', abort));
}
