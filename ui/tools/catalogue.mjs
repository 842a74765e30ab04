// SPDX-License-Identifier: GPL-3.0-or-later
import { po } from 'gettext-parser';

/** Reads a gettext catalogue: source string to its translations, fuzzy and empty ones left out. */
export function parseCatalogue(buffer) {
  const entries = Object.values(po.parse(buffer).translations['']);
  const usable = entries.filter(
    (entry) => entry.msgid !== '' && !entry.comments?.flag?.includes('fuzzy') && entry.msgstr.every(Boolean),
  );
  return Object.fromEntries(usable.map((entry) => [entry.msgid, entry.msgstr]));
}
