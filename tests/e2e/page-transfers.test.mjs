// SPDX-License-Identifier: GPL-3.0-or-later
// Importing and exporting folders of the machine: chosen in the page, followed by events.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Browser, done, openVault, row } from './lib/browser.mjs';
import { hashTree, writeCorpus } from './lib/corpus.mjs';
import { Daemon } from './lib/daemon.mjs';

const GIB = 1024 ** 3;
let daemon;
let browser;
let folder;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meshhold-host-'));
  [daemon, browser] = await Promise.all([Daemon.start(), Browser.start()]);
});
after(async () => {
  await browser.stop();
  await daemon.stop();
  rmSync(folder, { recursive: true, force: true });
});

const item = (page, name) => page.getByRole('main').getByRole('listitem').filter({ has: page.getByRole('heading', { name }) });

async function openDialog(page, vault, entry) {
  await page.getByRole('button', { name: `Actions for ${vault}` }).click();
  await page.getByRole('menuitem', { name: entry }).click();
  return page.getByRole('dialog');
}

describe('transfers', () => {
  it('bring a folder into a vault and back, chosen by mouse and typed', { timeout: 120_000 }, async () => {
    const source = join(folder, 'source');
    mkdirSync(source);
    writeCorpus(source, 60);
    const { vault, page } = await openVault(browser, daemon, 'Both ways', { '/here/x.txt': 'x' });
    await row(page, 'here').locator('[data-open]').click();
    await row(page, 'x.txt').waitFor();

    const dialog = await openDialog(page, 'Both ways', 'Import a folder …');
    await dialog.getByRole('button', { name: 'Import' }).click();
    await dialog.getByText('Choose a folder, or type a whole path.').waitFor();
    await dialog.getByLabel('Folder of this machine', { exact: true }).fill(folder);
    await dialog.getByRole('button', { name: 'source', exact: true }).click();
    assert.equal(await dialog.getByLabel('Folder of this machine', { exact: true }).inputValue(), source);
    await dialog.getByRole('button', { name: 'plain', exact: true }).waitFor();
    assert.equal(await dialog.getByLabel('Into this folder of the vault').inputValue(), '/here');
    await dialog.getByRole('button', { name: 'Import' }).click();

    const imported = item(page, `Import of ${source} into Both ways/here`);
    await imported.getByText(/^done /).waitFor();
    const count = hashTree(source).size;
    await imported.getByText(`${count} of ${count} files`, { exact: false }).waitFor();
    await page.goto(`${page.url().split('#')[0]}#/vaults/${vault}/here`);
    await row(page, 'large.bin').waitFor();

    const back = join(folder, 'back');
    const exporting = await openDialog(page, 'Both ways', 'Export to a folder …');
    await exporting.getByLabel('To this folder of this machine').fill(back);
    await exporting.getByRole('button', { name: 'Export' }).click();
    await item(page, `Export of Both ways/here to ${back}`).getByText(/^done /).waitFor();
    const there = hashTree(back);
    assert.equal(there.get('x.txt') !== undefined, true);
    there.delete('x.txt');
    assert.deepEqual(there, hashTree(source));

    await imported.getByRole('button', { name: /^Take off the list/ }).click();
    await imported.waitFor({ state: 'detached' });
    await done(browser, page);
  });

  it('are stopped, and go on where they were', { timeout: 120_000 }, async () => {
    const source = join(folder, 'huge');
    mkdirSync(source);
    for (const name of ['a', 'b', 'c']) {
      writeFileSync(join(source, name), '');
      truncateSync(join(source, name), 2 * GIB); // takes seconds, but no place on the disk
    }
    const { page } = await openVault(browser, daemon, 'Stopped');
    const dialog = await openDialog(page, 'Stopped', 'Import a folder …');
    await dialog.getByLabel('Folder of this machine', { exact: true }).fill(source);
    await dialog.getByRole('button', { name: 'Import' }).click();
    const card = item(page, `Import of ${source} into Stopped`);
    await card.getByText(/per second/).waitFor();
    await card.getByText(/ left$/).waitFor();
    await card.getByRole('button', { name: /^Stop/ }).click();
    await card.getByText(/^stopped /).waitFor();
    for (const name of ['a', 'b', 'c']) truncateSync(join(source, name), 1);
    await card.getByRole('button', { name: /^Go on/ }).click();
    await card.getByText(/^done /).waitFor();
    await card.getByText('3 of 3 files', { exact: false }).waitFor();
    await done(browser, page);
  });

  it('name what could not be copied', async () => {
    const { vault, page } = await openVault(browser, daemon, 'Partly', { '/ok.txt': 'ok', '/both/x.txt': 'x' });
    const target = join(folder, 'partly');
    mkdirSync(target);
    writeFileSync(join(target, 'both'), 'a file where a folder is needed');
    await daemon.api('POST', `/vaults/${vault}/export`, { host_path: target });
    await page.getByRole('link', { name: 'Transfers' }).click();
    const card = item(page, `Export of Partly to ${target}`);
    await card.getByText('1 file could not be copied').click();
    await card.getByText('/both/x.txt').waitFor();
    assert.equal(readFileSync(join(target, 'ok.txt'), 'utf8'), 'ok');
    await done(browser, page);
  });
});
