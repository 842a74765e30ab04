// SPDX-License-Identifier: GPL-3.0-or-later
// Vaults with a password, and what takes their space.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Browser, done, openVault, row, signedIn } from './lib/browser.mjs';
import { Daemon } from './lib/daemon.mjs';

const KIB = 1024;
const SECRET = 'correct horse battery';
let daemon;
let browser;

before(async () => {
  [daemon, browser] = await Promise.all([Daemon.start(), Browser.start()]);
});
after(async () => {
  await browser.stop();
  await daemon.stop();
});

const vaultOf = async (id) => (await daemon.api('GET', `/vaults/${id}`)).json();

async function choose(page, name, entry) {
  await page.getByRole('button', { name: `Actions for ${name}` }).click();
  await page.getByRole('menuitem', { name: entry, exact: true }).click();
}

describe('a vault with a password', () => {
  it('is made, locked and unlocked', async () => {
    const page = await signedIn(browser, daemon, '', { expected: ['403'] });
    await page.getByRole('button', { name: 'New vault' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Name' }).fill('Secret');
    await dialog.getByLabel('Protect it with a password').check();
    await dialog.getByLabel('New password').fill('short');
    await dialog.getByRole('button', { name: 'Create' }).click();
    await dialog.getByText('At least 8 characters are needed.').waitFor();
    await dialog.getByLabel('New password').fill(SECRET);
    await dialog.getByLabel('The same again').fill('another one');
    await dialog.getByText('The two are not the same.').waitFor();
    await dialog.getByLabel('The same again').fill(SECRET);
    await dialog.getByRole('button', { name: 'Create' }).click();
    await page.getByText('Nothing here yet').waitFor();

    await choose(page, 'Secret', 'Lock');
    await page.getByText('“Secret” is locked', { exact: true }).waitFor();
    await page.getByLabel('Password of the vault').fill('a wrong one');
    await page.keyboard.press('Enter');
    await page.getByText('This password opens no locked vault.').waitFor();
    await page.getByLabel('Password of the vault').fill(SECRET);
    await page.keyboard.press('Enter');
    await page.getByText('Nothing here yet').waitFor();
    await done(browser, page);
  });

  it('is one of several that one password opens, and shown as locked until then', async () => {
    for (const name of ['One', 'Two']) await daemon.api('POST', '/vaults', { name, password: SECRET });
    const { vaults } = await (await daemon.api('GET', '/vaults')).json();
    for (const { id } of vaults.filter((vault) => vault.protected)) await daemon.api('POST', `/vaults/${id}/lock`);
    const page = await signedIn(browser, daemon);
    const card = (name) => page.getByRole('listitem').filter({ has: page.getByRole('link', { name }) });
    await card('One').getByText('locked').waitFor();
    await card('Two').getByText('locked').waitFor();
    await page.getByRole('button', { name: 'Unlock …' }).click();
    await page.getByRole('dialog').getByLabel('Password of the vault').fill(SECRET);
    await page.getByRole('dialog').getByRole('button', { name: 'Unlock' }).click();
    await page.getByText('3 vaults are open.').waitFor();
    await card('One').getByText('0 files').waitFor();
    await page.getByRole('button', { name: 'Unlock …' }).waitFor({ state: 'detached' });
    await done(browser, page);
  });

  it('gets its password later, another one, and none', async () => {
    const { vault, page } = await openVault(browser, daemon, 'Later', { '/x.txt': 'x' }, { expected: ['403'] });
    const dialog = page.getByRole('dialog');
    const fill = async (fields) => {
      for (const [label, value] of Object.entries(fields)) await dialog.getByLabel(label, { exact: true }).fill(value);
    };
    await choose(page, 'Later', 'Password …');
    await fill({ 'New password': SECRET, 'The same again': SECRET });
    await dialog.getByRole('button', { name: 'Set the password' }).click();
    await page.getByText('The password of “Later” is set.').waitFor();
    assert.equal((await vaultOf(vault)).protected, true);

    await choose(page, 'Later', 'Password …');
    await fill({ 'Current password': 'not this one', 'New password': 'something else', 'The same again': 'something else' });
    await dialog.getByRole('button', { name: 'Set the password' }).click();
    await dialog.getByText('This password is wrong.').waitFor();
    await fill({ 'Current password': SECRET });
    await dialog.getByLabel('Remove the password instead').check();
    await dialog.getByRole('button', { name: 'Remove the password' }).click();
    await page.getByText('“Later” has no password any more.').waitFor();
    assert.equal((await vaultOf(vault)).protected, false);
    assert.equal((await daemon.get(vault, '/x.txt')).toString(), 'x');
    await done(browser, page);
  });

  it('takes no more passwords after too many wrong ones, and says for how long', async () => {
    const guessed = await Daemon.start(); // afterwards nobody can sign in for a while
    try {
      const { vault, page } = await openVault(browser, guessed, 'Guessed', {}, { expected: ['403', '429'] });
      await guessed.api('PUT', `/vaults/${vault}/password`, { password: SECRET });
      await guessed.api('POST', `/vaults/${vault}/lock`);
      const field = page.getByLabel('Password of the vault');
      const locked = page.getByText('Too many wrong passwords');
      await field.fill('wrong');
      for (let i = 0; i < 30 && !(await locked.isVisible()); i += 1) {
        const [answer] = await Promise.all([
          page.waitForResponse((response) => response.url().endsWith('/vaults/unlock')),
          page.getByRole('button', { name: 'Unlock' }).click(),
        ]);
        if (answer.status() === 429) await locked.waitFor();
      }
      await page.getByText(/^Try again in .*\.$/).waitFor();
      assert.equal(await page.getByRole('button', { name: 'Unlock' }).isDisabled(), true);
      await done(browser, page);
    } finally {
      await guessed.stop();
    }
  });
});

describe('the space of a vault', () => {
  it('is shown in plots and in words', async () => {
    const { page } = await openVault(browser, daemon, 'Space', {
      '/photos/a.jpg': randomBytes(300 * KIB),
      '/photos/b.jpg': randomBytes(200 * KIB),
      '/notes/c.txt': randomBytes(100 * KIB),
      '/README': 'none',
    });
    await choose(page, 'Space', 'What takes the space');
    const kinds = page.getByRole('region', { name: 'Kinds of files' });
    await kinds.getByRole('row', { name: 'jpg 2 500 KiB' }).waitFor();
    await kinds.getByRole('row', { name: /^none 1 4 B/ }).waitFor();
    await page.getByRole('region', { name: 'Largest folders' }).getByRole('row', { name: 'photos 2 500 KiB' }).waitFor();
    await page.getByRole('figure').filter({ hasText: 'Number of files' }).getByText('As a table').click();
    await page.getByRole('region', { name: 'Number of files as a table' }).getByRole('cell', { name: '4' }).waitFor();
    await page.getByRole('region', { name: 'Largest files' }).getByRole('link', { name: 'photos/a.jpg' }).click();
    await row(page, 'a.jpg').waitFor();
    await done(browser, page);
  });
});
