// SPDX-License-Identifier: GPL-3.0-or-later
import { build } from 'esbuild';
import { convertCssVariables, defaultCssVariablesResolver, mergeMantineTheme, DEFAULT_THEME } from '@mantine/core';
import { fileURLToPath } from 'node:url';

async function loadTheme() {
  const entry = fileURLToPath(new URL('../src/theme.ts', import.meta.url));
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    packages: 'external',
  });
  const source = result.outputFiles[0].text.replaceAll(
    /from\s*"([^".][^"]*)"/g,
    (_, name) => `from ${JSON.stringify(import.meta.resolve(name))}`,
  );
  return import(`data:text/javascript,${encodeURIComponent(source)}`);
}

/** The theme as the text of a stylesheet: the same variables that MantineProvider would inject. */
export async function themeStylesheet() {
  const { theme, cssVariables } = await loadTheme();
  const merged = mergeMantineTheme(DEFAULT_THEME, theme);
  const base = defaultCssVariablesResolver(merged);
  const own = cssVariables(merged);
  const all = Object.fromEntries(
    ['variables', 'light', 'dark'].map((part) => [part, { ...base[part], ...own[part] }]),
  );
  return convertCssVariables(all, ':root');
}
