// SPDX-License-Identifier: GPL-3.0-or-later
// The trash, quotas and retention on the page, and what it says when space is short.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Browser, done, openVault, row, signedIn } from './lib/browser.mjs';
import { Daemon } from './lib/daemon.mjs';

const MIB = 1024 * 1024;
let daemon;
let browser;

before(async () => {
  [daemon, browser] = await Promise.all([Daemon.start(), Browser.start()]);
});
after(async () => {
  await browser.stop();
  await daemon.stop();
});

const remove = (vault, path) => daemon.api('DELETE', `/vaults/${vault}/files${path}`);
const entriesOf = async (vault) => (await (await daemon.api('GET', `/vaults/${vault}/trash`)).json()).entries;
const vaultOf = async (id) => (await daemon.api('GET', `/vaults/${id}`)).json();

async function openTrash(page, name) {
  await page.getByRole('button', { name: `Actions for ${name}` }).click();
  await page.getByRole('menuitem', { name: 'Trash' }).click();
  await page.getByRole('heading', { level: 1, name: `Trash of “${name}”` }).waitFor({ state: 'attached' });
}

describe('the trash', () => {
  it('lists what was deleted, last first, and gives it back', async () => {
    const { vault, page } = await openVault(browser, daemon, 'Bin', { '/a.txt': 'a', '/deep/b.txt': 'b', '/c.txt': 'c', '/kept.txt': 'k' });
    for (const path of ['/a.txt', '/deep/b.txt', '/c.txt']) await remove(vault, path);
    await openTrash(page, 'Bin');
    await row(page, 'deep/b.txt').waitFor();
    assert.deepEqual(await page.locator('[data-open]').allTextContents(), ['c.txt', 'deep/b.txt', 'a.txt']);

    await row(page, 'deep/b.txt').getByRole('button').click();
    await page.getByRole('menuitem', { name: 'Restore' }).click();
    await page.getByText('1 file is back.').waitFor();
    await row(page, 'deep/b.txt').waitFor({ state: 'detached' });
    assert.equal((await daemon.get(vault, '/deep/b.txt')).toString(), 'b');

    await page.getByRole('grid').focus();
    await page.keyboard.press('Control+a');
    await page.getByRole('toolbar').getByRole('button', { name: 'Restore' }).click();
    await page.getByText('2 files are back.').waitFor();
    await page.getByText('The trash is empty').waitFor();
    await done(browser, page);
  });

  it('follows what others delete', async () => {
    const { vault, page } = await openVault(browser, daemon, 'Followed', { '/x.txt': 'x' });
    await openTrash(page, 'Followed');
    await page.getByText('The trash is empty').waitFor();
    await remove(vault, '/x.txt');
    await row(page, 'x.txt').waitFor();
    await done(browser, page);
  });

  it('gives space back for ever, after saying how much', async () => {
    const files = { '/big.bin': randomBytes(MIB), '/small.txt': 's', '/other.bin': randomBytes(2 * MIB) };
    const { vault, page } = await openVault(browser, daemon, 'Purge', files);
    for (const path of Object.keys(files)) await remove(vault, path);
    await openTrash(page, 'Purge');
    await row(page, 'big.bin').waitFor();
    await page.getByRole('grid').focus();
    await page.keyboard.press('End');
    await page.keyboard.press('Delete');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('1 file is lost for ever. In all 1 version is removed.').waitFor();
    await dialog.getByText('At least 1.00 MiB of the disk become free.').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
    assert.equal((await entriesOf(vault)).length, 3);

    await page.keyboard.press('Delete');
    await dialog.getByRole('button', { name: 'Delete for ever' }).click();
    await page.getByText(/1 file is gone for ever; 1\.00 MiB become free\./).waitFor();
    await row(page, 'big.bin').waitFor({ state: 'detached' });
    assert.deepEqual((await entriesOf(vault)).map(({ path }) => path), ['/other.bin', '/small.txt']);

    await page.getByRole('button', { name: 'Empty the trash …' }).click();
    await dialog.getByText('2 files are lost for ever. In all 2 versions are removed.').waitFor();
    await dialog.getByRole('button', { name: 'Delete for ever' }).click();
    await page.getByText('The trash is empty').waitFor();
    await dialog.waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.activeElement !== document.body); // the button that opened it is not there any more
    assert.deepEqual(await entriesOf(vault), []);
    await done(browser, page);
  });

  it('comes in pages, and emptying it counts them all', { timeout: 120_000 }, async () => {
    const vault = await daemon.newVault('Long');
    const names = Array.from({ length: 1100 }, (_, i) => `/f${i}.txt`);
    for (let i = 0; i < names.length; i += 50) await Promise.all(names.slice(i, i + 50).map((path) => daemon.put(vault, path, path)));
    for (let i = 0; i < names.length; i += 50) await Promise.all(names.slice(i, i + 50).map((path) => remove(vault, path)));
    const page = await signedIn(browser, daemon, `#/trash/${vault}`);
    await page.getByRole('grid').focus();
    assert.ok((await page.getByRole('row').count()) < 80);
    await page.getByRole('button', { name: 'Empty the trash …' }).click();
    await page.getByRole('dialog').getByText('1,100 files are lost for ever.').waitFor();
    await page.getByRole('dialog').getByText('and 1,095 more').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete for ever' }).click();
    await page.getByText('The trash is empty').waitFor();
    await done(browser, page);
  });
});

describe('the settings of a vault', () => {
  it('hold its quota, its copies and how long versions stay', async () => {
    const { vault, page } = await openVault(browser, daemon, 'Settings', { '/a.bin': randomBytes(MIB) });
    await page.getByRole('button', { name: 'Actions for Settings' }).click();
    await page.getByRole('menuitem', { name: 'Settings …' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Limit how much this vault may store').check();
    await dialog.getByLabel('At most').fill('nothing');
    assert.equal(await dialog.getByLabel('Copies of every block').inputValue(), '2');
    await dialog.getByLabel('Copies of every block').fill('17');
    await dialog.getByLabel('Days that every version is kept').fill('7');
    await dialog.getByLabel('Versions that are kept longer').fill('0');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('A number above zero is needed.').waitFor();
    await dialog.getByText('A number from 1 to 100,000 is needed.').waitFor();
    await dialog.getByText('A number from 1 to 16 is needed.').waitFor();
    assert.equal((await vaultOf(vault)).replication_factor, 2);
    await dialog.getByLabel('Copies of every block').fill('3');
    await dialog.getByLabel('At most').fill('1.5');
    await dialog.getByLabel('Unit').selectOption('MiB');
    await dialog.getByLabel('Versions that are kept longer').fill('5');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('The settings of “Settings” are saved.').waitFor();
    const { hard_quota, replication_factor, history_keep_days, history_keep_versions } = await vaultOf(vault);
    assert.deepEqual([hard_quota, replication_factor, history_keep_days, history_keep_versions], [1.5 * MIB, 3, 7, 5]);

    await page.getByRole('link', { name: 'Vaults' }).first().click();
    await page.getByText(/1\.00 MiB of 1\.50 MiB used/).waitFor();
    await page.getByRole('progressbar', { name: 'Used of the quota of Settings' }).waitFor();
    await done(browser, page);
  });

  it('refuse what is too much, with the numbers', async () => {
    const vault = await daemon.newVault('Tight');
    await daemon.api('PATCH', `/vaults/${vault}`, { hard_quota: 64 * 1024 });
    const page = await signedIn(browser, daemon, `#/vaults/${vault}`, { expected: ['507'] });
    await page.getByText('Nothing here yet').waitFor();
    await page.getByTestId('choose-files').setInputFiles([{ name: 'big.bin', mimeType: 'application/octet-stream', buffer: randomBytes(MIB) }]);
    await page.getByText('1 upload has failed').waitFor();
    await page.getByRole('button', { name: 'Show the list of uploads' }).click();
    await page.getByText(/The vault is full: its quota is 64\.0 KiB, and this would make 1\.0\d MiB\./).waitFor();
    await done(browser, page);
  });
});

describe('too little space', () => {
  it('is said on every page', async () => {
    const full = await Daemon.start('  min_free: 1000000TiB\n');
    try {
      const page = await signedIn(browser, full);
      await page.getByText(/^The disk is full: uploads leave .* of it free\.$/).waitFor();
      await page.getByRole('link', { name: 'Audit log' }).click();
      await page.getByText(/^The disk is full/).waitFor();
      await done(browser, page);
    } finally {
      await full.stop();
    }
  });
});
