// SPDX-License-Identifier: GPL-3.0-or-later
import react from '@vitejs/plugin-react';
import { readFile } from 'node:fs/promises';
import { defineConfig } from 'vitest/config';
import type { Plugin } from 'vite';
import { parseCatalogue } from './tools/catalogue.mjs';
import { themeStylesheet } from './tools/theme-css.mjs';

/** Lets `import messages from './de.po'` give the translated strings. */
function catalogues(): Plugin {
  return {
    name: 'meshhold-po',
    async load(id) {
      if (!id.endsWith('.po')) return null;
      const messages = parseCatalogue(await readFile(id));
      return `export default JSON.parse(${JSON.stringify(JSON.stringify(messages))});`;
    },
  };
}

/**
 * Gives the variables of the theme as a stylesheet, so that nothing is styled by a <style> element
 * and the page can be served with `style-src 'self'`.
 */
function themeCss(): Plugin {
  const id = 'virtual:theme.css';
  return {
    name: 'meshhold-theme',
    resolveId: (source) => (source === id ? `\0${id}` : null),
    load: (source) => (source === `\0${id}` ? themeStylesheet() : null),
  };
}

export default defineConfig({
  base: './',
  plugins: [react(), catalogues(), themeCss()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
    chunkSizeWarningLimit: 900,
  },
  server: {
    proxy: process.env['MESHHOLD_API'] ? { '/api': process.env['MESHHOLD_API'] } : {},
  },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}', 'tools/**/*.test.mjs'],
    restoreMocks: true,
  },
});
