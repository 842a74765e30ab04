// SPDX-License-Identifier: GPL-3.0-or-later
import { useEffect, useRef } from 'react';
import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { EventStream, type DaemonEvent } from '../api/events';
import { attachFolders, noteFileEvent } from './folders';
import { noteTransfer } from './transfers';

const VAULTS_MS = 1000;

class Dispatcher {
  readonly #client: QueryClient;
  #timer: number | undefined;

  constructor(client: QueryClient) {
    this.#client = client;
    attachFolders(client);
  }

  dispatch = (event: DaemonEvent): void => {
    if (event.type === 'reset') {
      void this.#client.invalidateQueries();
      return;
    }
    if (event.transfer !== undefined) {
      noteTransfer(this.#client, event.transfer);
      return;
    }
    if (event.type === 'storage_changed') {
      void this.#client.invalidateQueries({ queryKey: ['storage'] });
      return;
    }
    if (event.type === 'status_changed') {
      void this.#client.invalidateQueries({ queryKey: ['system', 'status'] });
      return;
    }
    if (event.type === 'file_changed') {
      noteFileEvent(event);
      void this.#client.invalidateQueries({ queryKey: ['history', event.vault_id, event.path] });
    }
    if (this.#timer !== undefined) return;
    this.#timer = window.setTimeout(() => {
      this.#timer = undefined;
      void this.#client.invalidateQueries({ queryKey: ['vaults'] });
      void this.#client.invalidateQueries({ queryKey: ['audit'] });
      void this.#client.invalidateQueries({ queryKey: ['trash'] });
      void this.#client.invalidateQueries({ queryKey: ['upload-sessions'] });
      void this.#client.invalidateQueries({ queryKey: ['analytics'] });
    }, VAULTS_MS);
  };
}

/** Holds the event stream open while the caller is shown. Gives a function that tries again at once. */
export function useLive(): () => void {
  const client = useQueryClient();
  const stream = useRef<EventStream | null>(null);
  useEffect(() => {
    const opened = new EventStream(new Dispatcher(client).dispatch);
    stream.current = opened;
    return () => opened.close();
  }, [client]);
  return () => stream.current?.retryNow();
}
