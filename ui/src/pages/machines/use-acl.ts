// SPDX-License-Identifier: GPL-3.0-or-later
import { useMutation, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { aclQuery, setAcl } from '../../api/mesh';
import type { PeerAcl } from '../../api/types';
import { notifyUndo } from '../../components/notify';

async function put(client: QueryClient, { mode, peers }: PeerAcl): Promise<void> {
  client.setQueryData(aclQuery.queryKey, await setAcl(mode, peers));
}

interface Change {
  /** Gets the rule of now, which may have changed elsewhere, and gives the next one. */
  change: (rule: PeerAcl) => PeerAcl;
  message: string;
}

/** Changes who may connect, and offers to take it back. */
export function useChangeAcl(done: () => void = () => undefined) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ change }: Change) => {
      const before = await client.query(aclQuery);
      await put(client, change(before));
      return before;
    },
    onSuccess: (before, { message }) => {
      notifyUndo(message, () => put(client, before));
      done();
    },
  });
}
