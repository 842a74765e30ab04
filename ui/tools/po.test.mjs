// SPDX-License-Identifier: GPL-3.0-or-later
// @vitest-environment node
import { fileURLToPath } from 'node:url';
import { po } from 'gettext-parser';
import { describe, expect, it } from 'vitest';
import { collectMessages } from './messages.mjs';
import { catalogueFaults, readCatalogues } from './po.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

describe('translations', () => {
  const messages = collectMessages(root);

  it('finds the strings of the page', () => {
    expect(messages.size).toBeGreaterThan(150);
    expect(messages.get('{n} file')?.plural).toBe('{n} files');
  });

  for (const { path, parsed } of readCatalogues())
    it(`are complete in ${path.slice(root.length)}`, () => {
      expect(catalogueFaults(messages, parsed)).toEqual([]);
    });

  it('would be found incomplete otherwise', () => {
    const sample = new Map([['Save {n}', { id: 'Save {n}', references: [] }]]);
    const read = (text) => catalogueFaults(sample, po.parse(Buffer.from(`msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n${text}`)));
    expect(read('')).toEqual(['missing: Save {n}']);
    expect(read('msgid "Save {n}"\nmsgstr ""\n')).toEqual(['untranslated: Save {n}']);
    expect(read('#, fuzzy\nmsgid "Save {n}"\nmsgstr "S {n}"\n')).toEqual(['fuzzy: Save {n}']);
    expect(read('msgid "Save {n}"\nmsgstr "Sichern"\n')).toEqual(['placeholders differ: Save {n} / Sichern']);
    expect(read('msgid "Save {n}"\nmsgstr "S {n}"\n\nmsgid "Old"\nmsgstr "Alt"\n')).toEqual(['unused: Old']);
  });
});
