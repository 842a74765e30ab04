// SPDX-License-Identifier: GPL-3.0-or-later
import type { SyncHealth } from '../../api/types';
import { t, tn } from '../../lib/i18n';

export interface CopiesVerdict {
  /** bad: something cannot be read now; warn: something is less safe than wanted. */
  mood: 'good' | 'warn' | 'bad' | 'unknown';
  /** What there is to say, the worst first. */
  sentences: string[];
  /** What is going to become of it. */
  hint: string | null;
}

const copiesOf = (n: number): string => tn('{n} copy', '{n} copies', n);

function enough({ ok, over }: SyncHealth, wanted: number): string {
  const all = ok + over;
  return over === 0
    ? tn('The only block has {copies}', 'All {n} blocks have {copies}', all, { copies: copiesOf(wanted) })
    : tn('The only block has at least {copies}', 'All {n} blocks have at least {copies}', all, { copies: copiesOf(wanted) });
}

/** What a count of the copies of a vault means for who has files in it. */
export function copiesVerdict(health: SyncHealth, wanted: number): CopiesVerdict {
  const { checked_ms: checked, ok, under, over, lost } = health;
  if (checked === null)
    return { mood: 'unknown', sentences: [t('Not counted yet')], hint: t('Copies are counted while this machine is in a network.') };
  if (ok + under + over + lost === 0) return { mood: 'good', sentences: [t('There are no blocks yet')], hint: null };
  if (under + lost === 0) return { mood: 'good', sentences: [enough(health, wanted)], hint: null };
  return {
    mood: lost > 0 ? 'bad' : 'warn',
    sentences: [
      ...(lost > 0 ? [tn('{n} block is on no machine that is there', '{n} blocks are on no machine that is there', lost)] : []),
      ...(under > 0 ? [tn('{n} block has too few copies', '{n} blocks have too few copies', under)] : []),
    ],
    hint:
      lost > 0
        ? t('Files with such blocks can be read again when a machine comes that has them.')
        : t('More are made as soon as there are enough machines that are reliable and have room.'),
  };
}
