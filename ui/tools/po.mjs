// SPDX-License-Identifier: GPL-3.0-or-later
// Brings locales/*.po up to date with the strings in src/. `--check` only reports what is missing.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { po } from 'gettext-parser';
import { collectMessages } from './messages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

function merged(messages, old) {
  const translations = {};
  for (const { id, plural, references } of messages.values()) {
    const before = old[id];
    const count = plural === undefined ? 1 : 2;
    const kept = before !== undefined && before.msgid_plural === plural && before.msgstr.length === count;
    translations[id] = {
      msgid: id,
      ...(plural === undefined ? {} : { msgid_plural: plural }),
      msgstr: kept ? before.msgstr : Array(count).fill(''),
      comments: { reference: [...new Set(references)].sort().join('\n') },
    };
  }
  return translations;
}

/** What is wrong with a catalogue, one sentence each. */
export function catalogueFaults(messages, parsed) {
  const known = parsed.translations[''];
  const faults = [];
  for (const { id, plural } of messages.values()) {
    const entry = known[id];
    if (entry === undefined) faults.push(`missing: ${id}`);
    else if (entry.comments?.flag?.includes('fuzzy')) faults.push(`fuzzy: ${id}`);
    else if (entry.msgstr.length !== (plural === undefined ? 1 : 2) || !entry.msgstr.every(Boolean))
      faults.push(`untranslated: ${id}`);
    else faults.push(...placeholderFaults(id, plural, entry.msgstr));
  }
  for (const id of Object.keys(known)) if (id !== '' && !messages.has(id)) faults.push(`unused: ${id}`);
  return faults;
}

function placeholderFaults(id, plural, translations) {
  const names = (text) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort().join();
  const wanted = names(plural ?? id);
  return translations
    .filter((text, index) => names(text) !== wanted && !(plural !== undefined && index === 0 && names(text) === names(id)))
    .map((text) => `placeholders differ: ${id} / ${text}`);
}

export function readCatalogues(folder = join(root, 'locales')) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.po'))
    .map((name) => ({ path: join(folder, name), parsed: po.parse(readFileSync(join(folder, name))) }));
}

function main() {
  const messages = collectMessages(root);
  let failed = false;
  for (const { path, parsed } of readCatalogues()) {
    if (process.argv.includes('--check')) {
      const faults = catalogueFaults(messages, parsed);
      for (const fault of faults) console.error(`${path}: ${fault}`);
      failed ||= faults.length > 0;
      continue;
    }
    const header = parsed.translations[''][''];
    parsed.translations = { '': { '': header, ...merged(messages, parsed.translations['']) } };
    writeFileSync(path, po.compile(parsed, { foldLength: 100, sort: true }));
    console.log(`${path}: ${messages.size} strings, ${catalogueFaults(messages, parsed).length} to do`);
  }
  process.exitCode = failed ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
