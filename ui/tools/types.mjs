// SPDX-License-Identifier: GPL-3.0-or-later
// npm run types -- OPENAPI.JSON [OUTPUT]: writes the types of the contract.
import { writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { resolve } from 'node:path';
import openapiTS, { astToString } from 'openapi-typescript';

const [input, output = fileURLToPath(new URL('../src/api/schema.d.ts', import.meta.url))] = process.argv.slice(2);
if (input === undefined) {
  console.error('usage: npm run types -- OPENAPI.JSON [OUTPUT]');
  process.exit(2);
}
const ast = await openapiTS(pathToFileURL(resolve(input)), { defaultNonNullable: false });
writeFileSync(output, `// Generated from the contract.\n${astToString(ast)}`);
