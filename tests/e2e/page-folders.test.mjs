// SPDX-License-Identifier: GPL-3.0-or-later
// Changes of a mirrored folder that are held back: said on every page, and decided there.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Browser, done, signedIn } from './lib/browser.mjs';
import { Daemon } from './lib/daemon.mjs';

const FILES = 40;
let daemon;
let browser;
let folder;
let vault;

const names = () => readdirSync(folder).filter((name) => /^\d+$/.test(name));
const stateOf = async () => (await daemon.api('GET', `/vaults/${vault}/folder`)).json();

async function until(condition) {
  for (let left = 600; left > 0; left--) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail('it did not come true within 30 s');
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meshhold-folder-'));
  for (let number = 0; number < FILES; number++) writeFileSync(join(folder, `${number}`), `${number}`);
  [daemon, browser] = await Promise.all([Daemon.start(), Browser.start()]);
  vault = (await (await daemon.api('POST', '/vaults', { name: 'Documents' })).json()).id;
  await daemon.api('PUT', `/vaults/${vault}/folder`, { path: folder, guard_files: 10 });
  await until(async () => (await stateOf()).files === FILES);
});
after(async () => {
  await browser.stop();
  await daemon.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('changes that are held back', () => {
  it('are taken back with one click, and let in with another', async () => {
    const page = await signedIn(browser, daemon);
    const banner = page.getByRole('group', { name: 'Changes that are held back' });

    for (const name of names().slice(0, 30)) rmSync(join(folder, name));
    await banner.getByText(`30 files of ${folder} were changed or deleted at once.`).waitFor();
    await banner.getByRole('button', { name: 'Put the folder back' }).click();
    await banner.waitFor({ state: 'detached' });
    await until(() => names().length === FILES);

    for (const name of names().slice(0, 30)) rmSync(join(folder, name));
    await banner.getByText('30 files of').waitFor();
    await banner.getByRole('button', { name: 'It was me: let it in' }).click();
    await banner.waitFor({ state: 'detached' });
    await until(async () => (await stateOf()).files === FILES - 30);
    assert.equal(names().length, FILES - 30);
    await done(browser, page);
  });
});
