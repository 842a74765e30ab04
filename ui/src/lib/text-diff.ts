// SPDX-License-Identifier: GPL-3.0-or-later

export interface DiffLine {
  kind: 'same' | 'added' | 'removed' | 'gap';
  text: string;
}

const CONTEXT = 3;
const PATIENCE_MS = 2000;

const kinds = { ' ': 'same', '+': 'added', '-': 'removed' } as const;

/** What has changed from one text to the other, with a few lines around; null when they differ too much to tell. */
export async function diffText(before: string, after: string): Promise<DiffLine[] | null> {
  const { structuredPatch } = await import('diff');
  const patch = structuredPatch('', '', before, after, '', '', { context: CONTEXT, timeout: PATIENCE_MS });
  if (patch === undefined) return null; // its time was up
  return patch.hunks.flatMap((hunk, index) => [
    ...(index > 0 || hunk.oldStart > 1 ? [{ kind: 'gap', text: '' } as const] : []),
    ...hunk.lines
      .filter((line) => !line.startsWith('\\'))
      .map((line): DiffLine => ({ kind: kinds[line.charAt(0) as keyof typeof kinds], text: line.slice(1) })),
  ]);
}

/** A line as it stands beside the other text; "other" is room for lines that only the other one has. */
export interface SideLine {
  kind: 'same' | 'own' | 'other' | 'gap';
  text: string;
}

const blank = (count: number): SideLine[] => Array.from({ length: Math.max(0, count) }, () => ({ kind: 'other', text: '' }));

/** The two texts of a difference, so that equal lines are at the same height. */
export function sideBySide(lines: DiffLine[]): [SideLine[], SideLine[]] {
  const left: SideLine[] = [];
  const right: SideLine[] = [];
  const level = (): void => {
    left.push(...blank(right.length - left.length));
    right.push(...blank(left.length - right.length));
  };
  for (const { kind, text } of lines) {
    if (kind === 'removed') left.push({ kind: 'own', text });
    else if (kind === 'added') right.push({ kind: 'own', text });
    else {
      level();
      left.push({ kind, text });
      right.push({ kind, text });
    }
  }
  level();
  return [left, right];
}

/** Whether bytes are text that people can read. */
export function isText(bytes: Uint8Array): boolean {
  return !bytes.subarray(0, 8192).includes(0);
}
