// SPDX-License-Identifier: GPL-3.0-or-later
import type { File as VaultFile, UploadProgress, UploadSession } from '../api/types';
import type { NewSession, Piece } from '../api/upload-sessions';

/** From here on an upload comes in pieces, so that it goes on where it was after a break. */
export const RESUMABLE_BYTES = 64 * 1024 * 1024;
const PIECE_BYTES = 64 * 1024 * 1024;
const MOST_CONFLICTS = 10;

export interface Upload {
  vault: string;
  path: string;
  body: Blob;
  mtimeMs: number;
  onlyNew: boolean;
  onProgress: (sentBytes: number) => void;
}

/** What it needs from the daemon; the tests give their own. */
export interface Sessions {
  list: (vault: string) => Promise<UploadSession[]>;
  begin: (session: NewSession) => Promise<UploadSession>;
  send: (piece: Piece) => Promise<UploadProgress>;
  finish: (vault: string, id: string) => Promise<VaultFile>;
  drop: (vault: string, id: string) => Promise<void>;
  /** A moment, until a request that was broken off has ended at the daemon too. */
  pause: () => Promise<void>;
}

/** Whether a session waits for the rest of this file. */
export function belongs(session: UploadSession, file: { path: string; size: number; mtimeMs: number }): boolean {
  return session.path === file.path && session.size === file.size && session.mtime_ms === Math.round(file.mtimeMs);
}

const statusOf = (error: unknown): number =>
  typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : -1;

/** Where the daemon says to go on; null when it does not. */
function offsetIn(error: unknown): number | null {
  const { details } = error as { details?: { offset?: unknown } };
  return typeof details?.offset === 'number' ? details.offset : null;
}

class ResumableUpload {
  readonly #sessions: Sessions;
  readonly #upload: Upload;
  readonly #abort = new AbortController();

  constructor(sessions: Sessions, upload: Upload) {
    this.#sessions = sessions;
    this.#upload = upload;
  }

  abort = (): void => this.#abort.abort();

  async run(): Promise<VaultFile> {
    const { vault } = this.#upload;
    const session = await this.#find();
    try {
      return await this.#sendFrom(session.id, session.offset);
    } catch (error) {
      // the name is taken meanwhile: what is decided then may need other conditions
      if (statusOf(error) === 412) await this.#sessions.drop(vault, session.id).catch(() => undefined);
      throw error;
    }
  }

  async #find(): Promise<UploadSession> {
    const { vault, path, body, mtimeMs, onlyNew } = this.#upload;
    const wanted = { path, size: body.size, mtimeMs: Math.round(mtimeMs) };
    const found = (await this.#sessions.list(vault)).find((session) => belongs(session, wanted));
    this.#abort.signal.throwIfAborted();
    return found ?? (await this.#sessions.begin({ ...wanted, vault, onlyNew }));
  }

  async #sendFrom(id: string, start: number): Promise<VaultFile> {
    const { vault, body, onProgress } = this.#upload;
    let offset = start;
    for (let conflicts = 0; offset < body.size; ) {
      this.#abort.signal.throwIfAborted();
      const from = offset;
      onProgress(from);
      try {
        const piece = body.slice(from, from + PIECE_BYTES);
        const sent = await this.#sessions.send({
          vault, id, offset: from, body: piece, signal: this.#abort.signal, onProgress: (bytes) => onProgress(from + bytes),
        });
        if (sent.file !== null) return sent.file;
        offset = sent.offset;
      } catch (error) {
        if (statusOf(error) !== 409 || ++conflicts > MOST_CONFLICTS) throw error;
        const told = offsetIn(error);
        if (told === null) await this.#sessions.pause();
        offset = told ?? offset;
      }
    }
    return this.#sessions.finish(vault, id);
  }
}

/** Starts or goes on with an upload in pieces. What has arrived stays when it breaks off. */
export function startResumable(sessions: Sessions, upload: Upload): { done: Promise<VaultFile>; abort: () => void } {
  const resumable = new ResumableUpload(sessions, upload);
  return { done: resumable.run(), abort: resumable.abort };
}
