// SPDX-License-Identifier: GPL-3.0-or-later
import { useRef, useState, type DragEvent } from 'react';
import { notifyError } from '../../components/notify';
import { t } from '../../lib/i18n';
import { uploads } from '../../uploads';
import { entriesOf, walk } from '../../uploads/walk';
import { dragged, droppedPaths } from './drag';
import { neverAsk, placeInto } from './place';

interface DropProps {
  onDragEnter: (event: DragEvent) => void;
  onDragOver: (event: DragEvent) => void;
  onDragLeave: (event: DragEvent) => void;
  onDrop: (event: DragEvent) => void;
}

function receive(event: DragEvent, vault: string, folder: string): void {
  if (dragged(event) === 'paths') {
    void placeInto(vault, 'move', droppedPaths(event), folder, neverAsk);
    return;
  }
  walk(entriesOf(event.dataTransfer), folder, (batch) => uploads.add(vault, batch)).catch((error: unknown) =>
    notifyError(error, t('Not everything could be read')),
  );
}

/** Makes an element take what is dropped on it into a folder: files from outside, or rows that move. */
export function useDrop(vault: string, folder: string, takes: 'files' | 'both'): { over: boolean; props: DropProps } {
  const [over, setOver] = useState(false);
  const depth = useRef(0);
  const wanted = (event: DragEvent): boolean => {
    const what = dragged(event);
    return what === 'files' || (what === 'paths' && takes === 'both');
  };
  const leave = (): void => {
    depth.current = 0;
    setOver(false);
  };
  return {
    over,
    props: {
      onDragEnter(event) {
        if (!wanted(event)) return;
        depth.current += 1;
        setOver(true);
      },
      onDragOver(event) {
        if (!wanted(event)) return;
        event.preventDefault();
        if (takes === 'both') event.stopPropagation();
        event.dataTransfer.dropEffect = dragged(event) === 'paths' ? 'move' : 'copy';
      },
      onDragLeave(event) {
        if (!wanted(event)) return;
        depth.current -= 1;
        if (depth.current <= 0) leave();
      },
      onDrop(event) {
        leave();
        if (!wanted(event) || event.defaultPrevented) return;
        event.preventDefault();
        receive(event, vault, folder);
      },
    },
  };
}
