// SPDX-License-Identifier: GPL-3.0-or-later
import type { DragEvent } from 'react';

const TYPE = 'application/x-meshhold-paths';

export type Dragged = 'paths' | 'files' | null;

/** What is being dragged: rows of this page, files from outside, or nothing of interest. */
export function dragged(event: DragEvent): Dragged {
  const { types } = event.dataTransfer;
  if (types.includes(TYPE)) return 'paths';
  return types.includes('Files') ? 'files' : null;
}

export function startDrag(event: DragEvent, paths: string[]): void {
  event.dataTransfer.setData(TYPE, JSON.stringify(paths));
  event.dataTransfer.effectAllowed = 'move';
}

export function droppedPaths(event: DragEvent): string[] {
  return JSON.parse(event.dataTransfer.getData(TYPE)) as string[];
}
