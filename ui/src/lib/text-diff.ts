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

/** Whether bytes are text that people can read. */
export function isText(bytes: Uint8Array): boolean {
  return !bytes.subarray(0, 8192).includes(0);
}
