// SPDX-License-Identifier: GPL-3.0-or-later
// Uploads through the page: whole folders, byte for byte, with clashes, failures and interruptions.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Browser, downloadOf, row, signedIn } from './lib/browser.mjs';
import { awkwardNames, sha256, writeCorpus } from './lib/corpus.mjs';
import { Daemon } from './lib/daemon.mjs';

const ORDINARY = 220;
let daemon;
let browser;
let folder;
let corpus;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meshhold-corpus-'));
  corpus = writeCorpus(folder, ORDINARY);
  [daemon, browser] = await Promise.all([Daemon.start(), Browser.start()]);
});
after(async () => {
  await browser.stop();
  await daemon.stop();
  rmSync(folder, { recursive: true, force: true });
});

const panel = (page) => page.getByTestId('uploads');

async function open(name, options = {}) {
  const vault = await daemon.newVault(name);
  const page = await signedIn(browser, daemon, `#/vaults/${vault}`, options);
  await page.getByText('Nothing here yet').waitFor();
  return { vault, page };
}

async function done(page) {
  await page.context().close();
  browser.check();
}

/** Compares what the vault holds below a folder with the files on the disk. */
async function assertSame(vault, prefix) {
  for (const [path, hash] of corpus) {
    const bytes = await daemon.get(vault, `${prefix}/${path}`);
    assert.equal(sha256(bytes), hash, path);
  }
}

/** Lets go of real files and folders over the middle of the page. */
async function dropOn(page, paths) {
  const session = await page.context().newCDPSession(page);
  const { width, height } = page.viewportSize();
  const data = { items: [], files: paths, dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'])
    await session.send('Input.dispatchDragEvent', { type, x: width / 2, y: height / 2, data });
}

describe('uploads', () => {
  it('take a chosen folder with awkward names and give every byte back', { timeout: 120_000 }, async () => {
    const { vault, page } = await open('Chosen');
    await page.getByTestId('choose-folder').setInputFiles(folder);
    await panel(page).getByText(`${corpus.size} files are uploaded`).waitFor({ timeout: 90_000 });
    const top = basename(folder);
    await assertSame(vault, `/${top}`);

    await row(page, top).locator('[data-open]').click();
    for (const name of awkwardNames) await page.getByRole('grid').getByText(name, { exact: true }).waitFor();
    for (const name of [awkwardNames[2], awkwardNames[4]]) {
      await row(page, name).locator('[data-open]').click({ button: 'right' });
      const { bytes } = await downloadOf(page, () => page.getByRole('menuitem', { name: 'Download' }).click());
      assert.equal(sha256(bytes), corpus.get(name));
    }
    await row(page, 'folder 100%2Fpercent.txt').waitFor();
    await done(page);
  });

  it('take a dropped folder', { timeout: 120_000 }, async () => {
    const { vault, page } = await open('Dropped');
    // not in the chosen folder: there Chromium takes the backslash for a separator
    writeFileSync(join(folder, 'back\\slash.txt'), 'x');
    corpus.set('back\\slash.txt', sha256('x'));
    await dropOn(page, [folder]);
    await panel(page).getByText(`${corpus.size} files are uploaded`).waitFor({ timeout: 90_000 });
    await assertSame(vault, `/${basename(folder)}`);
    await row(page, basename(folder)).waitFor();
    await done(page);
  });

  it('ask about names that are taken', async () => {
    const { vault, page } = await open('Clash', { expected: ['412'] });
    const files = ['one.txt', 'two.txt', 'three.txt'];
    for (const name of files) await daemon.put(vault, `/${name}`, `old ${name}`);
    const chosen = files.map((name) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(`new ${name}`) }));
    await page.getByTestId('choose-files').setInputFiles(chosen);
    const dialog = page.getByRole('dialog');
    for (const answer of ['New version', 'Keep both', 'Skip']) {
      await dialog.waitFor();
      await dialog.getByRole('checkbox').uncheck();
      const asked = await dialog.getByText(/^\/.*txt$/).textContent();
      await dialog.getByRole('button', { name: answer }).click();
      await dialog.getByText(asked, { exact: true }).waitFor({ state: 'detached' });
      const content = { 'New version': 'new', 'Keep both': 'old', Skip: 'old' }[answer];
      await panel(page).getByText(/Uploading|uploaded/).waitFor();
      if (answer === 'Keep both') await row(page, asked.slice(1).replace('.txt', ' (2).txt')).waitFor();
      await page.waitForFunction(
        async ([path, wanted]) => {
          const { token } = JSON.parse(sessionStorage.getItem('meshhold.session'));
          const response = await fetch(path, { headers: { Authorization: `Bearer ${token}` } });
          return (await response.text()).startsWith(wanted);
        },
        [`/api/v1/vaults/${vault}/download${asked}`, content],
      );
    }
    await panel(page).getByText('2 files are uploaded').waitFor();
    await done(page);
  });

  it('can be cancelled while they run, and warn before the page is left', async () => {
    const { vault, page } = await open('Cancel');
    await page.route('**/upload/**', () => {}); // never answered: they stay under way
    await page.getByTestId('choose-folder').setInputFiles(folder);
    await panel(page).getByText(`Uploading: 0 of ${corpus.size}`).waitFor();
    const leaving = new Promise((resolve) => page.once('dialog', (dialog) => dialog.dismiss().then(() => resolve(dialog.type()))));
    await page.close({ runBeforeUnload: true });
    assert.equal(await leaving, 'beforeunload');
    await panel(page).getByRole('button', { name: 'Show the list of uploads' }).click();
    await panel(page).getByRole('button', { name: /^Cancel / }).nth(1).waitFor();
    await panel(page).getByRole('button', { name: 'Cancel all' }).click();
    await panel(page).getByText(`Failed (${corpus.size})`).waitFor();
    await panel(page).getByRole('button', { name: 'Close the uploads' }).click();
    await panel(page).waitFor({ state: 'detached' });
    const listing = await (await daemon.api('GET', `/vaults/${vault}/files`)).json();
    assert.deepEqual(listing.files, []);
    await done(page);
  });

  it('say what failed and try it again', async () => {
    const { vault, page } = await open('Retry', { expected: ['507'] });
    let full = true;
    await page.route('**/upload/bad.txt**', (route) =>
      full ? route.fulfill({ status: 507, contentType: 'application/json', body: '{"error":"no space left"}' }) : route.continue(),
    );
    const file = (name) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(name) });
    await page.getByTestId('choose-files').setInputFiles([file('good.txt'), file('bad.txt')]);
    await panel(page).getByText('1 upload has failed').waitFor();
    await panel(page).getByRole('button', { name: 'Show the list of uploads' }).click();
    await panel(page).getByText('The disk is full.').waitFor();
    full = false;
    await panel(page).getByRole('button', { name: 'Upload bad.txt again' }).click();
    await panel(page).getByText('2 files are uploaded').waitFor();
    assert.equal((await daemon.get(vault, '/bad.txt')).toString(), 'bad.txt');
    await done(page);
  });

  it('outlive a restart of the daemon, and the page says that it is away', { timeout: 120_000 }, async () => {
    const { vault, page } = await open('Restart', { expected: ['ERR_', 'Failed to load', '412'] });
    const banner = page.getByText('MeshHold does not answer. What you see may be out of date.');
    await daemon.restart(async () => {
      await banner.waitFor();
      const file = join(folder, 'large.bin');
      await page.getByTestId('choose-files').setInputFiles([file]);
      await panel(page).getByText('Uploads wait for MeshHold').waitFor();
    });
    await panel(page).getByText('1 file is uploaded').waitFor({ timeout: 60_000 });
    await banner.waitFor({ state: 'detached', timeout: 60_000 });
    assert.equal(sha256(await daemon.get(vault, '/large.bin')), corpus.get('large.bin'));
    await row(page, 'large.bin').waitFor();
    await done(page);
  });

  it('go on under the same address after the session has ended', async () => {
    const { vault, page } = await open('Session', { expected: ['401'] });
    daemon.cli(['passwd'], 'correct horse battery\n');
    let first = true;
    await page.route('**/upload/**', async (route) => {
      if (!first) return route.continue();
      first = false;
      return route.fulfill({ status: 401, contentType: 'application/json', body: '{"error":"session ended"}' });
    });
    const file = join(folder, 'note.md');
    writeFileSync(file, 'note');
    await page.getByTestId('choose-files').setInputFiles([file]);
    await page.getByLabel('Password', { exact: true }).fill('correct horse battery');
    await page.keyboard.press('Enter');
    await panel(page).getByText('1 file is uploaded').waitFor();
    rmSync(file);
    assert.equal((await daemon.get(vault, '/note.md')).toString(), 'note');
    await row(page, 'note.md').waitFor();
    await done(page);
  });
});

describe('large uploads', () => {
  const MIB = 1024 * 1024;
  const PIECE = 64 * MIB;
  const SIZE = PIECE + 3 * MIB;
  const isSecond = (url) => url.pathname.includes('/upload-sessions/') && url.searchParams.get('offset') === String(PIECE);
  let large;

  before(() => {
    large = join(folder, '..', `${basename(folder)}-large.bin`);
    const part = randomBytes(MIB);
    writeFileSync(large, Buffer.concat(Array.from({ length: SIZE / MIB }, () => part)));
  });
  after(() => rmSync(large, { force: true }));

  /** A page in which the second piece of the file stays under way until it is let go. */
  async function openHeld(name, options = {}) {
    const { vault, page } = await open(name, { expected: ['404', ...(options.expected ?? [])] }); // whether the name is taken
    let held;
    const second = new Promise((resolve) => (held = resolve));
    await page.route(isSecond, (route) => held(route));
    await page.getByTestId('choose-files').setInputFiles([large]);
    await panel(page).getByText('Uploading: 0 of 1').waitFor();
    return { vault, page, route: await second };
  }

  const letGo = (page) => page.unroute(isSecond);
  const whole = async (vault) => assert.equal(sha256(await daemon.get(vault, `/${basename(large)}`)), sha256(readFileSync(large)));

  it('are paused and go on where they were', { timeout: 120_000 }, async () => {
    const { vault, page } = await openHeld('Paused');
    await panel(page).getByRole('button', { name: 'Show the list of uploads' }).click();
    await panel(page).getByRole('button', { name: /^Pause / }).click();
    await panel(page).getByText('1 upload is paused').waitFor();
    await letGo(page);
    const request = page.waitForRequest((one) => one.method() === 'PATCH');
    await panel(page).getByRole('button', { name: /^Go on with / }).click();
    assert.equal(new URL((await request).url()).searchParams.get('offset'), String(PIECE));
    await panel(page).getByText('1 file is uploaded').waitFor({ timeout: 60_000 });
    await whole(vault);
    await done(page);
  });

  it('outlive a reload of the page: the same file goes on, another is refused', { timeout: 120_000 }, async () => {
    const { vault, page } = await openHeld('Reloaded');
    page.on('dialog', (dialog) => dialog.accept());
    await page.reload();
    await letGo(page);
    await page.getByText(/stopped at 64\.0 MiB of 67\.0 MiB\. Choose or drop the same file/).waitFor();
    await page.getByTestId('choose-again').setInputFiles([join(folder, 'large.bin')]);
    await page.getByText(/This is another file/).waitFor();
    const request = page.waitForRequest((one) => one.method() === 'PATCH');
    await page.getByTestId('choose-again').setInputFiles([large]);
    assert.equal(new URL((await request).url()).searchParams.get('offset'), String(PIECE));
    await panel(page).getByText('1 file is uploaded').waitFor({ timeout: 60_000 });
    await page.getByRole('list', { name: 'Unfinished uploads' }).waitFor({ state: 'detached' });
    await whole(vault);
    await done(page);
  });

  it('go on by themselves after a restart of the daemon', { timeout: 120_000 }, async () => {
    const { vault, page, route } = await openHeld('Restarted', { expected: ['ERR_', 'Failed to load'] });
    await daemon.restart(async () => {
      await route.abort('connectionreset');
      await letGo(page);
      await panel(page).getByText('Uploads wait for MeshHold').waitFor();
    });
    await panel(page).getByText('1 file is uploaded').waitFor({ timeout: 60_000 });
    await whole(vault);
    await done(page);
  });

  it('leave nothing behind when they are cancelled or given up', { timeout: 120_000 }, async () => {
    const { vault, page } = await openHeld('Given up');
    const left = async () => (await (await daemon.api('GET', `/vaults/${vault}/upload-sessions`)).json()).sessions.length;
    const dropped = page.waitForResponse((response) => response.request().method() === 'DELETE' && response.ok());
    await panel(page).getByRole('button', { name: 'Cancel all' }).click();
    await dropped;
    assert.equal(await left(), 0);
    await daemon.api('POST', `/vaults/${vault}/upload-sessions`, { path: '/other.bin', size: 99 });
    await page.reload();
    await page.getByRole('button', { name: 'Give up other.bin' }).click();
    await page.getByRole('list', { name: 'Unfinished uploads' }).waitFor({ state: 'detached' });
    assert.equal(await left(), 0);
    await done(page);
  });
});
