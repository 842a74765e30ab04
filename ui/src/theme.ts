// SPDX-License-Identifier: GPL-3.0-or-later
import { createTheme, type CSSVariablesResolver } from '@mantine/core';

const system =
  "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Cantarell', 'Liberation Sans', sans-serif";

/** The look of the page. vite.config.ts turns it into a static stylesheet at build time. */
export const theme = createTheme({
  primaryColor: 'mesh',
  primaryShade: { light: 7, dark: 7 },
  colors: {
    dark: [
      '#d5dfe2', '#b6c4c9', '#8a9ba1', '#63747a', '#3a484e',
      '#2c383d', '#202b2f', '#182125', '#131b1e', '#0c1214',
    ],
    mesh: [
      '#e8f7f8', '#cfecef', '#a2d8de', '#70c2cb', '#48aebb',
      '#2e9dac', '#1f8a99', '#0f7282', '#0a5c69', '#064853',
    ],
  },
  defaultRadius: 'md',
  fontFamily: system,
  headings: { fontFamily: system, fontWeight: '650' },
  fontFamilyMonospace: "ui-monospace, 'SF Mono', 'DejaVu Sans Mono', 'Liberation Mono', monospace",
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Checkbox: { defaultProps: { radius: 'sm' } },
    Menu: {
      // inside the landmark that opened it, and with nothing but items in it
      defaultProps: {
        withinPortal: false,
        floatingStrategy: 'fixed',
        withInitialFocusPlaceholder: false,
        menuItemTabIndex: 0,
      },
    },
  },
});

/** Colours of our own, and those of Mantine whose contrast is below 4.5:1. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#f6f8f9',
    '--mantine-color-text': '#152125',
    '--mantine-color-dimmed': '#52646b',
    '--mantine-color-placeholder': '#66777e',
    '--mantine-color-anchor': '#0a6270',
    '--mantine-color-error': '#c01c28',
    '--mh-panel': '#ffffff',
    '--mh-sunken': '#eef2f3',
    '--mh-line': '#dbe3e6',
    '--mh-hover': '#f0f5f6',
    '--mh-selected': '#dff2f4',
    '--mh-focus': '#0a6270',
    '--mh-good': '#0b6e43',
    '--mh-warn': '#8a4b00',
    '--mh-bad': '#b3161f',
    '--mh-plot-1': '#0f7282',
    '--mh-plot-2': '#a0480c',
  },
  dark: {
    '--mantine-color-body': '#10171a',
    '--mantine-color-text': '#e4ecee',
    '--mantine-color-dimmed': '#9fb0b6',
    '--mantine-color-placeholder': '#8a9ba1',
    '--mantine-color-anchor': '#70c2cb',
    '--mantine-color-error': '#ffa3a7',
    '--mh-panel': '#182125',
    '--mh-sunken': '#131b1e',
    '--mh-line': '#2a363b',
    '--mh-hover': '#1f2a2e',
    '--mh-selected': '#123a41',
    '--mh-focus': '#70c2cb',
    '--mh-good': '#5fd39a',
    '--mh-warn': '#f5b45c',
    '--mh-bad': '#ffa3a7',
    '--mh-plot-1': '#48aebb',
    '--mh-plot-2': '#f0995a',
  },
});
