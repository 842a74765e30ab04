// SPDX-License-Identifier: GPL-3.0-or-later
import { useEffect, useRef } from 'react';
import { useQueryClient, type InvalidateQueryFilters, type QueryClient } from '@tanstack/react-query';
import { EventStream, type DaemonEvent } from '../api/events';
import { attachFolders, noteFileEvent } from './folders';
import { noteTransfer } from './transfers';

const VAULTS_MS = 1000;
const NODES_MS = 500;

/** Files that are all here stay here; whether others are has changed, perhaps. */
const notHere: InvalidateQueryFilters = { queryKey: ['local'], predicate: ({ state }) => state.data !== 'full' };

/** Loads some queries anew, once for all events of a while. */
class Refresher {
  readonly #client: QueryClient;
  readonly #filters: InvalidateQueryFilters[];
  readonly #waitMs: number;
  #timer: number | undefined;

  constructor(client: QueryClient, which: (string[] | InvalidateQueryFilters)[], waitMs: number) {
    this.#client = client;
    this.#filters = which.map((one) => (Array.isArray(one) ? { queryKey: one } : one));
    this.#waitMs = waitMs;
  }

  wake(): void {
    if (this.#timer !== undefined) return;
    this.#timer = window.setTimeout(() => {
      this.#timer = undefined;
      for (const filters of this.#filters) void this.#client.invalidateQueries(filters);
    }, this.#waitMs);
  }
}

class Dispatcher {
  readonly #client: QueryClient;
  readonly #vaults: Refresher;
  readonly #byType: Record<string, Refresher>;

  constructor(client: QueryClient) {
    this.#client = client;
    this.#vaults = new Refresher(
      client,
      [['vaults'], ['audit'], ['trash'], ['upload-sessions'], ['analytics']],
      VAULTS_MS,
    );
    // which vaults others have is part of what they say
    const nodes = new Refresher(client, [['nodes'], ['acl'], ['topology'], ['sync'], ['info'], ['system', 'status'], ['vaults']], NODES_MS);
    this.#byType = {
      storage_changed: new Refresher(client, [['storage']], 0),
      status_changed: new Refresher(client, [['system', 'status'], ['networks']], 0), // their states are part of it
      network_changed: new Refresher(client, [['networks'], ['system', 'status'], ['nat'], ['vaults']], 0),
      node_online: nodes,
      node_offline: nodes,
      node_changed: nodes,
      sync_changed: new Refresher(client, [['sync'], ['info'], notHere], NODES_MS),
      folder_changed: new Refresher(client, [['folders']], NODES_MS),
    };
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
    if (event.type === 'file_changed') {
      noteFileEvent(event);
      void this.#client.invalidateQueries({ queryKey: ['history', event.vault_id, event.path] });
    }
    (this.#byType[event.type] ?? this.#vaults).wake();
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
