// SPDX-License-Identifier: GPL-3.0-or-later
import { useEffect, useState } from 'react';

/** Gives the focus back to where it was when the caller appeared, or to the content when that is gone. */
export function useReturnFocus(): void {
  const [before] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      // after the window is gone: its focus trap would take the focus back
      window.setTimeout(() => {
        const { activeElement } = document;
        if (activeElement !== null && activeElement !== document.body) return;
        const target = before instanceof HTMLElement && before.isConnected && before !== document.body ? before : document.querySelector('main');
        target?.focus({ preventScroll: true });
      }, 0);
    },
    [before],
  );
}
