// SPDX-License-Identifier: GPL-3.0-or-later
import { useLayoutEffect, useState } from 'react';

/** Gives the focus back to where it was when the caller appeared, or to the content when that is gone. */
export function useReturnFocus(): void {
  const [before] = useState(() => document.activeElement);
  useLayoutEffect(
    // in the moment the window goes, so that no key is lost in between
    () => () => {
      const known = before instanceof HTMLElement && before.isConnected && before !== document.body ? before : null;
      const target = known ?? document.querySelector<HTMLElement>('main [role=grid]') ?? document.querySelector('main');
      target?.focus({ preventScroll: true });
    },
    [before],
  );
}
