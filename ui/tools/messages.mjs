// SPDX-License-Identifier: GPL-3.0-or-later
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else if (/\.tsx?$/.test(entry.name) && !/\.(test|d)\.tsx?$/.test(entry.name)) yield path;
  }
}

function literal(node, where) {
  if (node !== undefined && ts.isStringLiteralLike(node)) return node.text;
  throw new Error(`${where}: the text of t() and tn() must be a string literal`);
}

function collectFile(path, root, found) {
  const tree = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const visit = (node) => {
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
      const name = node.expression.text;
      if (name === 't' || name === 'tn') {
        const { line } = tree.getLineAndCharacterOfPosition(node.getStart());
        const where = `${relative(root, path)}:${line + 1}`;
        const id = literal(node.arguments[0], where);
        const entry = found.get(id) ?? { id, plural: undefined, references: [] };
        if (name === 'tn') entry.plural = literal(node.arguments[1], where);
        entry.references.push(where.replace(/:\d+$/, ''));
        found.set(id, entry);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
}

/** Every string that the page passes to t() and tn(): a map from source string to its entry. */
export function collectMessages(root) {
  const found = new Map();
  for (const path of [...sources(join(root, 'src'))].sort()) collectFile(path, root, found);
  return found;
}
