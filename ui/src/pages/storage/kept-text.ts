// SPDX-License-Identifier: GPL-3.0-or-later
import type { MeshNode, SyncNewcomers } from '../../api/types';
import { formatBytes } from '../../lib/format';
import { t, tn } from '../../lib/i18n';
import { nameList, nameOfId } from '../machines/names';

/** No block is larger; the one that does not fit any more ends what is kept for new machines. */
const LARGEST_BLOCK = 4 * 1024 ** 2;

/** Of whom a vault is whose key is not here. */
export function ownerText(vault: string, nodes: MeshNode[]): string {
  const names = nodes.filter(({ vaults }) => vaults.some(({ id }) => id === vault)).map(({ node_id: id }) => nameOfId(id, nodes));
  return names.length === 0 ? t('For a vault of which no machine speaks') : t('For a vault of {names}', { names: nameList(names) });
}

/** How much new machines have had of what is theirs, and what comes of that; null where there is nothing to say. */
export function newcomersText({ machines, bytes, limit }: SyncNewcomers): string | null {
  if (machines === 0 || limit === 0) return null;
  const had = tn(
    '{n} machine that is new here has used {used} of the {limit} that new machines have in their first week.',
    '{n} machines that are new here have used {used} of the {limit} that new machines have in their first week.',
    machines,
    { used: formatBytes(bytes), limit: formatBytes(limit) },
  );
  const isUsedUp = limit - bytes < Math.min(LARGEST_BLOCK, limit / 4);
  return isUsedUp ? `${had} ${t('Hardly anything is left of it: more is kept for them only later, when that week is over.')}` : had;
}
