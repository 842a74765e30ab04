// SPDX-License-Identifier: GPL-3.0-or-later
import { useMantineColorScheme, type MantineColorScheme } from '@mantine/core';

/** The chosen theme; Mantine remembers it in the browser. */
export function useThemeChoice(): { scheme: MantineColorScheme; choose: (scheme: MantineColorScheme) => void } {
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  return { scheme: colorScheme, choose: setColorScheme };
}
