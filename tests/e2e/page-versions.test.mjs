// SPDX-License-Identifier: GPL-3.0-or-later
// The versions of a file on their time line, and the search over a whole vault.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Browser, done, openVault, row, signedIn } from './lib/browser.mjs';
import { png } from './lib/corpus.mjs';
import { Daemon } from './lib/daemon.mjs';

let daemon;
let browser;

before(async () => {
  [daemon, browser] = await Promise.all([Daemon.start(), Browser.start()]);
});
after(async () => {
  await browser.stop();
  await daemon.stop();
});

async function openVersions(page, name) {
  await row(page, name).getByRole('button').click();
  await page.getByRole('menuitem', { name: 'Versions' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('listitem').first().waitFor();
  return dialog;
}

const historyOf = async (vault, path) => (await (await daemon.api('GET', `/vaults/${vault}/history${path}`)).json()).versions;

describe('versions', () => {
  it('are looked at and compared, any two of them', async () => {
    const lines = (word) => `${Array.from({ length: 30 }, (_, i) => (i === 15 ? word : `line ${i}`)).join('\n')}\n`;
    const { vault, page } = await openVault(browser, daemon, 'Compare', { '/text.md': lines('one') });
    await daemon.put(vault, '/text.md', lines('two <b>'));
    await daemon.put(vault, '/text.md', lines('three'));
    const dialog = await openVersions(page, 'text.md');
    await dialog.getByLabel('Text of text.md').getByText('three').waitFor();
    await dialog.getByRole('listitem').nth(1).getByRole('button', { name: 'Show' }).click();
    await dialog.getByLabel('Text of text.md').getByText('two <b>').waitFor();
    assert.equal(await dialog.getByRole('listitem').nth(1).getByRole('button', { name: 'Show' }).getAttribute('aria-pressed'), 'true');

    const others = dialog.getByLabel('Compare with');
    await others.selectOption({ index: 2 }); // the first one
    const changes = dialog.getByLabel(/^Changes from /);
    await changes.getByText('+ two <b>').waitFor();
    assert.deepEqual(await changes.locator('del').allTextContents(), ['- one\n']);
    assert.deepEqual(await changes.locator('ins').allTextContents(), ['+ two <b>\n']);
    await others.selectOption({ index: 1 }); // the current one
    await changes.getByText('+ three').waitFor();
    assert.doesNotMatch(await changes.textContent(), /line 1\n/, 'only what is near to a change');
    await done(browser, page);
  });

  it('of pictures are seen, and of other files they are not', async () => {
    const { vault, page } = await openVault(browser, daemon, 'Look', { '/a.png': png(10, 10), '/b.bin': Buffer.from([1, 0, 2]) });
    await daemon.put(vault, '/a.png', png(20, 20));
    const dialog = await openVersions(page, 'a.png');
    await dialog.getByRole('listitem').nth(1).getByRole('button', { name: 'Show' }).click();
    await page.waitForFunction(() => document.querySelector('[role=dialog] img')?.naturalWidth === 10);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await (await openVersions(page, 'b.bin')).getByText('There is no preview for this file').waitFor();
    await done(browser, page);
  });

  it('go for ever when asked twice', async () => {
    const { vault, page } = await openVault(browser, daemon, 'Gone', { '/a.txt': 'secret' });
    await daemon.put(vault, '/a.txt', 'harmless');
    const dialog = await openVersions(page, 'a.txt');
    const old = dialog.getByRole('listitem').nth(1);
    await old.getByRole('button', { name: 'Delete for ever …' }).click();
    await old.getByText('This cannot be undone.', { exact: false }).waitFor();
    await old.getByRole('button', { name: 'Cancel' }).click();
    await old.getByRole('button', { name: 'Delete for ever …' }).click();
    await old.getByRole('button', { name: 'Delete for ever', exact: true }).click();
    await page.getByText(/The version is gone for ever/).waitFor();
    await old.waitFor({ state: 'detached' });
    assert.equal((await historyOf(vault, '/a.txt')).length, 1);
    await done(browser, page);
  });

  it('that are in conflict are shown, and one is chosen', async () => {
    const vault = await daemon.newVault('Conflict');
    for (const [path, content] of [['/f.txt', 'base'], ['/f.txt', 'ours'], ['/theirs.txt', 'theirs!']]) await daemon.put(vault, path, content);
    const makeFork = join(process.env.MESHHOLD_BUILD_DIR, 'tests/daemon/modules/store/make-fork');
    await daemon.restart(async () => {
      execFileSync(makeFork, [daemon.home, vault, '/f.txt', '/theirs.txt', '0']);
    });
    const page = await signedIn(browser, daemon, `#/vaults/${vault}`);
    await row(page, 'f.txt').getByText('conflict').waitFor();
    const dialog = await openVersions(page, 'f.txt');
    await dialog.getByText('There are several newest versions').waitFor();
    const keep = dialog.getByRole('button', { name: 'Keep this one' });
    assert.equal(await keep.count(), 2);
    const heads = (await historyOf(vault, '/f.txt')).filter(({ head }) => head);
    const ours = heads.findIndex(({ size }) => size === 'ours'.length);
    await keep.nth(ours).click();
    await dialog.getByText('There are several newest versions').waitFor({ state: 'detached' });
    assert.equal((await daemon.get(vault, '/f.txt')).toString(), 'ours');
    await page.keyboard.press('Escape');
    await row(page, 'f.txt').getByText('conflict').waitFor({ state: 'detached' });
    await done(browser, page);
  });
});

describe('three newest versions', () => {
  it('are shown side by side, and all are kept', async () => {
    const vault = await daemon.newVault('Three');
    for (const [path, content] of [['/f.txt', 'base'], ['/f.txt', 'ours'], ['/a.txt', 'theirs'], ['/b.txt', 'of a third']]) await daemon.put(vault, path, content);
    const makeFork = join(process.env.MESHHOLD_BUILD_DIR, 'tests/daemon/modules/store/make-fork');
    await daemon.restart(async () => {
      for (const like of ['/a.txt', '/b.txt']) execFileSync(makeFork, [daemon.home, vault, '/f.txt', like, '0']);
    });
    await daemon.api('POST', `/vaults/${vault}/delete`, { paths: ['/a.txt', '/b.txt'] });
    const page = await signedIn(browser, daemon, `#/vaults/${vault}`);
    const versions = await openVersions(page, 'f.txt');
    await versions.getByRole('button', { name: 'Side by side …' }).click();
    const dialog = page.getByRole('dialog', { name: 'Conflict of “f.txt”' });
    for (const text of ['ours', 'theirs', 'of a third']) await dialog.getByText(text, { exact: true }).waitFor();
    assert.equal(await dialog.getByRole('region').count(), 3);
    const shown = (await daemon.get(vault, '/f.txt')).toString();
    await dialog.getByRole('button', { name: 'Keep all' }).click();
    await dialog.waitFor({ state: 'detached' });
    assert.equal((await daemon.get(vault, '/f.txt')).toString(), shown);
    const { files } = await (await daemon.api('GET', `/vaults/${vault}/files`)).json();
    const contents = await Promise.all(files.map(async ({ path }) => (await daemon.get(vault, path)).toString()));
    assert.deepEqual(contents.sort(), ['of a third', 'ours', 'theirs']);
    assert.ok(files.every(({ conflict }) => !conflict));
    await done(browser, page);
  });
});

describe('the search', () => {
  it('finds as one types, by the keyboard alone, and shows the file in its folder', async () => {
    const { page } = await openVault(browser, daemon, 'Find', {
      '/a/Übung one.txt': '1', '/b/c/übung two.txt': '2', '/other.txt': '3',
    });
    await row(page, 'other.txt').waitFor();
    await page.getByRole('grid').focus();
    await page.keyboard.press('/');
    const field = page.getByRole('combobox', { name: 'Search the whole vault' });
    await page.waitForFunction(() => document.activeElement.getAttribute('role') === 'combobox');
    await page.keyboard.type('ubung');
    const options = page.getByRole('option');
    await options.nth(1).waitFor();
    assert.equal(await options.count(), 2);
    await page.keyboard.type(' two');
    await page.waitForFunction(() => document.querySelectorAll('[role=option]').length === 1);
    await page.keyboard.press('Enter');
    await row(page, 'übung two.txt').waitFor();
    assert.match(decodeURIComponent(page.url()), /\/b\/c$/);
    await page.waitForFunction(() => document.querySelector('[role=row][aria-selected=true] [data-open]')?.textContent === 'übung two.txt');
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('role')), 'grid');

    await page.keyboard.press('/');
    await page.keyboard.type('ubung');
    await options.nth(1).waitFor();
    const first = await field.getAttribute('aria-activedescendant');
    await page.keyboard.press('ArrowDown');
    await page.waitForFunction((before) => document.activeElement.getAttribute('aria-activedescendant') !== before, first);
    await page.keyboard.press('Escape');
    assert.equal(await field.inputValue(), '');
    await page.keyboard.type('nowhere to be found');
    await page.getByText('Nothing has such a name.').waitFor();
    await done(browser, page);
  });

  it('drops requests that are out of date', async () => {
    const { page } = await openVault(browser, daemon, 'Type', { '/abc.txt': '1' });
    let held;
    const under = new Promise((resolve) => (held = resolve));
    await page.route((url) => url.pathname.endsWith('/search') && url.searchParams.get('q') === 'a', () => held());
    const cancelled = page.waitForEvent('requestfailed', (request) => request.url().endsWith('q=a'));
    await page.getByRole('combobox', { name: 'Search the whole vault' }).fill('a');
    await under;
    await page.getByRole('combobox', { name: 'Search the whole vault' }).fill('abc');
    await page.getByRole('option', { name: /^abc\.txt/ }).click();
    await cancelled;
    await page.waitForFunction(() => document.querySelector('[role=row][aria-selected=true] [data-open]')?.textContent === 'abc.txt');
    await done(browser, page);
  });
});
