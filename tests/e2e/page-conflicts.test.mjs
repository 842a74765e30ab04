// SPDX-License-Identifier: GPL-3.0-or-later
// Files that two machines changed while they were apart, seen side by side.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Browser, done, row, signedIn } from './lib/browser.mjs';
import { png } from './lib/corpus.mjs';
import { endAll, found, joined, json, sees, until } from './lib/mesh.mjs';

let browser;
let one;
let two;

before(async () => {
  browser = await Browser.start();
  one = await found('home', '  display_name: Küche\n');
  two = await joined(one, '  display_name: Attic / roof\n');
});
after(async () => {
  await browser.stop();
  try {
    for (const daemon of [two, one]) await daemon.stop();
  } finally {
    await endAll();
  }
});

const headsOf = async (daemon, vault, path) =>
  (await json(daemon, 'GET', `/vaults/${vault}/history${path}`)).versions.filter(({ head }) => head);
const listOf = async (daemon, vault) => (await json(daemon, 'GET', `/vaults/${vault}/files`)).files;
const namesOf = async (daemon, vault) => (await listOf(daemon, vault)).map(({ name }) => name).sort();

/** A vault that both have, with files that both have changed while they were apart. */
async function forked(name, contents) {
  const vault = await one.newVault(name);
  for (const [path, [base]] of Object.entries(contents)) await one.put(vault, path, base);
  await two.api('POST', '/vaults/join', await json(one, 'GET', `/vaults/${vault}/share-url`));
  await until('the same files', async () => (await listOf(two, vault)).length === Object.keys(contents).length, 60);
  await two.api('POST', '/networks/disconnect');
  for (const [path, [, ofOne, ofTwo]] of Object.entries(contents)) {
    await one.put(vault, path, ofOne);
    if (ofTwo === null) await two.api('DELETE', `/vaults/${vault}/files${path}`);
    else await two.put(vault, path, ofTwo);
  }
  await two.api('POST', `/networks/${two.network}/connect`);
  await sees(one, two);
  for (const path of Object.keys(contents))
    for (const daemon of [one, two]) await until('the conflict', async () => (await headsOf(daemon, vault, path)).length === 2, 60);
  return vault;
}

const conflicts = async (daemon, vault) => (await listOf(daemon, vault)).filter(({ conflict }) => conflict).length;

async function openConflict(page, name) {
  await row(page, name).getByText('conflict', { exact: true }).waitFor();
  await row(page, name).getByRole('button').click();
  await page.getByRole('menuitem', { name: 'Resolve the conflict …' }).click();
  const dialog = page.getByRole('dialog', { name: `Conflict of “${name}”` });
  await dialog.getByRole('region').nth(1).waitFor();
  return dialog;
}

describe('a text that two machines have changed', () => {
  const lines = (word) => `${['a', 'b', 'c', word, 'd', 'e'].join('\n')}\n`;

  it('is seen side by side, and both are kept', { timeout: 180_000 }, async () => {
    const vault = await forked('Both', { '/text.txt': [lines('base'), lines('kitchen'), lines('attic\nroof')] });
    const page = await signedIn(browser, one, `#/vaults/${vault}`);
    await page.getByText('1 file here has a conflict').waitFor();
    const dialog = await openConflict(page, 'text.txt');
    const mine = dialog.getByRole('region', { name: 'Version of this machine' });
    const theirs = dialog.getByRole('region', { name: 'Version of Attic / roof' });
    await mine.locator('mark').first().waitFor();
    assert.deepEqual(await mine.locator('mark').allTextContents(), ['› kitchen\n']);
    assert.deepEqual(await theirs.locator('mark').allTextContents(), ['› attic\n', '› roof\n']);
    const heights = await Promise.all([mine, theirs].map((side) => side.locator('pre').evaluate((node) => node.textContent.split('\n').length)));
    assert.equal(heights[0], heights[1], 'the lines of both stand at the same height');
    assert.equal(await dialog.getByText('shown now', { exact: true }).count(), 1);

    const shown = (await one.get(vault, '/text.txt')).toString();
    const other = shown === lines('kitchen') ? lines('attic\nroof') : lines('kitchen');
    const machine = shown === lines('kitchen') ? 'Attic roof' : 'Küche';
    await dialog.getByText(/^What is shown now keeps the name, and beside it comes: text \(conflict /).waitFor();
    await dialog.getByRole('button', { name: 'Keep both' }).click();
    await page.getByText(/^Beside it is now: /).waitFor();
    await dialog.waitFor({ state: 'detached' });
    const beside = (await namesOf(one, vault)).find((name) => name !== 'text.txt');
    assert.match(beside, new RegExp(`^text \\(conflict ${machine.replace(' ', ' +')} \\d{4}-\\d\\d-\\d\\d \\d\\d\\.\\d\\d\\)\\.txt$`));
    await row(page, beside).waitFor();
    await row(page, 'text.txt').getByText('conflict', { exact: true }).waitFor({ state: 'detached' });
    await page.getByText('1 file here has a conflict').waitFor({ state: 'detached' });
    for (const daemon of [one, two]) {
      await until('both files', async () => (await namesOf(daemon, vault)).length === 2 && (await conflicts(daemon, vault)) === 0, 60);
      await until('the content', async () => (await daemon.get(vault, '/text.txt')).toString() === shown, 60);
      assert.equal((await daemon.get(vault, `/${beside}`)).toString(), other);
    }
    await done(browser, page);
  });

  it('is told on the other machine, too, where one of them is kept', { timeout: 180_000 }, async () => {
    const vault = await forked('One', { '/text.txt': [lines('base'), lines('kitchen'), lines('attic')] });
    const page = await signedIn(browser, two, `#/vaults/${vault}`, { width: 360 });
    await page.getByText('1 file here has a conflict').waitFor();
    await page.getByRole('button', { name: 'Side by side …' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('region', { name: 'Version of this machine' }).getByText('› attic').waitFor();
    await dialog.getByRole('region', { name: 'Version of Küche' }).getByText('› kitchen').waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth), false);

    // what the daemon refuses leaves the choice open
    await page.route('**/resolve-conflict/**', (route) => route.fulfill({ status: 507, json: { error: 'full' } }));
    browser.complaints = [];
    await dialog.getByRole('button', { name: 'Keep this one: Küche' }).click();
    await page.getByText('The disk is full. Free some space, then try again.').waitFor();
    await page.unroute('**/resolve-conflict/**');
    browser.complaints = browser.complaints.filter((text) => !text.includes('507'));
    await dialog.getByRole('button', { name: 'Keep this one: Küche' }).click();
    await dialog.waitFor({ state: 'detached' });
    await row(page, 'text.txt').getByText('conflict', { exact: true }).waitFor({ state: 'detached' });
    for (const daemon of [one, two])
      await until('the choice', async () => (await daemon.get(vault, '/text.txt')).toString() === lines('kitchen') && (await conflicts(daemon, vault)) === 0, 60);
    await done(browser, page);
  });
});

describe('other files', () => {
  it('are seen as pictures, and what was deleted elsewhere is told', { timeout: 180_000 }, async () => {
    const vault = await forked('Others', {
      '/a.png': [png(10, 10), png(20, 20), png(30, 30)],
      '/gone.txt': ['base', 'changed', null],
    });
    const page = await signedIn(browser, one, `#/vaults/${vault}`);
    await row(page, 'a.png').waitFor(); // before, the page may still be put together
    await page.getByLabel('Show deleted').check({ force: true }); // the deletion is the newest
    await page.getByText('2 files here have a conflict').waitFor();
    const pictures = await openConflict(page, 'a.png');
    await page.waitForFunction(() => [...document.querySelectorAll('[role=dialog] img')].map((image) => image.naturalWidth).sort().join() === '20,30');
    await pictures.getByRole('button', { name: 'Keep both' }).waitFor();
    await page.keyboard.press('Escape');
    await pictures.waitFor({ state: 'detached' });

    const dialog = await openConflict(page, 'gone.txt');
    await dialog.getByRole('region', { name: 'Version of Attic / roof' }).getByText('Deleted there.').waitFor();
    assert.equal(await dialog.getByRole('button', { name: 'Keep both' }).count(), 0);
    // somebody else decides meanwhile
    const kept = (await headsOf(one, vault, '/gone.txt')).find(({ content_hash: hash }) => hash !== null);
    await two.api('POST', `/vaults/${vault}/resolve-conflict/gone.txt`, { version_hash: kept.version_hash });
    await dialog.getByText('There is no conflict any more.').waitFor({ timeout: 30_000 });
    await page.keyboard.press('Escape');
    await page.getByText('1 file here has a conflict').waitFor();
    await done(browser, page);
  });
});
