// SPDX-License-Identifier: GPL-3.0-or-later
// The browser's part of the whole way: opens what the tray opened, drops a folder, gets every byte back.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createReadStream, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { after, before, it } from 'node:test';
import { Browser, row } from './lib/browser.mjs';

const url = process.env.MESHHOLD_LOGIN_URL;
const folder = process.env.MESHHOLD_CORPUS;
const MINUTES = 60_000;
let browser;
let downloads;

before(async () => {
  browser = await Browser.start();
  downloads = mkdtempSync(join(tmpdir(), 'meshhold-back-'));
});
after(async () => {
  await browser.stop();
  rmSync(downloads, { recursive: true, force: true });
});

function* filesBelow(path) {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const below = join(path, entry.name);
    if (entry.isDirectory()) yield* filesBelow(below);
    else yield below;
  }
}

async function hashOf(path) {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path)) hash.update(part);
  return hash.digest('hex');
}

async function dropOn(page, paths) {
  const session = await page.context().newCDPSession(page);
  const { width, height } = page.viewportSize();
  const data = { items: [], files: paths, dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'])
    await session.send('Input.dispatchDragEvent', { type, x: width / 2, y: height / 2, data });
}

/** Downloads a file of the open folder through its menu. */
async function download(page, name) {
  await row(page, name).locator('[data-open]').click({ button: 'right' });
  const [got] = await Promise.all([
    page.waitForEvent('download', { timeout: MINUTES }),
    page.getByRole('menuitem', { name: 'Download' }).click(),
  ]);
  const path = join(downloads, 'file');
  await got.saveAs(path);
  return hashOf(path);
}

it('goes the whole way', { timeout: 8 * MINUTES }, async () => {
  // before it sends a large file the page asks whether the name is taken
  const page = await browser.page(url, { expected: ['/files/corpus/large.bin'] });
  await page.goto(url);
  await page.getByRole('button', { name: 'New vault' }).first().waitFor();
  assert.equal(new URL(page.url()).search, '', 'the ticket is gone from the address');

  await page.getByRole('button', { name: 'New vault' }).first().click();
  await page.getByRole('dialog').getByRole('textbox').fill('Whole way');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByText('Nothing here yet').waitFor(); // the page goes to a new vault by itself

  const files = [...filesBelow(folder)];
  assert.ok(files.length >= 200);
  await dropOn(page, [folder]);
  const panel = page.getByTestId('uploads');
  await panel.getByText(/Uploading: \d+ of/).waitFor();
  await panel.getByText(`${files.length} files are uploaded`).waitFor({ timeout: 5 * MINUTES });

  // three through the menu of the page, the one of 1 GiB among them
  await row(page, basename(folder)).locator('[data-open]').click();
  for (const name of ['large.bin', 'three.bin', '100%2Fpercent.txt'])
    assert.equal(await download(page, name), await hashOf(join(folder, name)), name);

  // and every one with the page's own session
  const vault = /vaults\/([a-z2-7]{26})/.exec(page.url())[1];
  for (const file of files) {
    const path = `${basename(folder)}/${relative(folder, file)}`.split('/').map(encodeURIComponent).join('/');
    if (basename(file) === 'large.bin') continue; // seen above
    const hash = await page.evaluate(async (address) => {
      const { token } = JSON.parse(sessionStorage.getItem('meshhold.session'));
      const response = await fetch(address, { headers: { Authorization: `Bearer ${token}` } });
      if (!response.ok) return `status ${response.status}`;
      const digest = await crypto.subtle.digest('SHA-256', await response.arrayBuffer());
      return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    }, `/api/v1/vaults/${vault}/download/${path}`);
    assert.equal(hash, await hashOf(file), file);
  }
  browser.check();
});
