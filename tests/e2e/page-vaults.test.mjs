// SPDX-License-Identifier: GPL-3.0-or-later
// Vaults with a password, what a machine does with them, their names for S3, what takes their space, and vaults of others.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Browser, done, openVault, row, signedIn } from './lib/browser.mjs';
import { Daemon } from './lib/daemon.mjs';
import { endAll, found, joined, json, sees, until } from './lib/mesh.mjs';

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

/** What the page sends to change things of vaults, as "METHOD route body". */
function sentOf(page) {
  const sent = [];
  page.on('request', (request) => {
    const [, route] = /\/vaults\/[a-z2-7]{26}(.*)$/.exec(request.url()) ?? [];
    if (route !== undefined && request.method() !== 'GET') sent.push(`${request.method()} ${route} ${request.postData()}`);
  });
  return sent;
}

async function openSettings(page, name) {
  await choose(page, name, 'Settings …');
  const dialog = page.getByRole('dialog', { name: `Settings of “${name}”` });
  return { dialog, alias: dialog.getByLabel('S3 alias'), save: () => dialog.getByRole('button', { name: 'Save' }).click() };
}

async function saved(page, name) {
  const notice = page.getByText(`The settings of “${name}” are saved.`);
  await notice.waitFor();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('alert').filter({ has: notice }).getByRole('button', { name: 'Close' }).click();
  await notice.waitFor({ state: 'detached' });
}

describe('what this machine does with a vault', () => {
  const rolesOf = async (vault) => (await vaultOf(vault)).roles;
  const boxesIn = (dialog) => dialog.getByRole('group', { name: 'What this machine does with it' }).getByRole('checkbox');

  it('is chosen in its settings, and nothing else is sent', async () => {
    const { vault, page } = await openVault(browser, daemon, 'Roles');
    const sent = sentOf(page);
    const { dialog, save } = await openSettings(page, 'Roles');
    const box = (name) => dialog.getByRole('checkbox', { name });
    const states = () => boxesIn(dialog).evaluateAll((boxes) => boxes.map(({ value, checked }) => `${value} ${checked}`));
    assert.deepEqual(await states(), ['store true', 'pin false', 'scan true', 'read_only false']);
    await box('Have everything here').check();
    await box('Only read it here').focus();
    await page.keyboard.press('Space');
    await box('Take in what changes in the folder').uncheck();
    await save();
    await saved(page, 'Roles');
    assert.deepEqual(await rolesOf(vault), ['store', 'pin', 'read_only']);
    assert.deepEqual(sent.map((line) => line.replace(/"(pin|read_only|store)"/g, 'R')), ['PATCH  {"roles":[R,R,R]}']);

    await openSettings(page, 'Roles');
    assert.deepEqual(await states(), ['store true', 'pin true', 'scan false', 'read_only true']);
    for (const name of ['Keep copies here for all machines', 'Have everything here', 'Only read it here']) await box(name).uncheck();
    await save();
    await saved(page, 'Roles');
    assert.deepEqual(await rolesOf(vault), []);
    assert.equal(sent.length, 2);
    await done(browser, page);
  });

  it('is explained to who does not see it, too', async () => {
    const { page } = await openVault(browser, daemon, 'Explained');
    const { dialog } = await openSettings(page, 'Explained');
    const told = await boxesIn(dialog).evaluateAll((boxes) =>
      boxes.map((box) => document.getElementById(box.getAttribute('aria-describedby'))?.textContent ?? 'nothing'));
    for (const [i, part] of [/^If this machine is reliable.* Without this /, /older versions.* Without this /, /mirrors the vault.* Without this /, /^On this machine nothing /].entries())
      assert.match(told[i], part);
    await done(browser, page);
  });

  it('is at the end of a form that leads back to a field that is wrong', async () => {
    const { page } = await openVault(browser, daemon, 'Long', {}, { height: 500 });
    const sent = sentOf(page);
    const { dialog, save } = await openSettings(page, 'Long');
    const copies = dialog.getByLabel('Copies of every block');
    await copies.fill('17');
    for (let i = 0; i < 2; i += 1) {
      await dialog.getByRole('checkbox', { name: 'Only read it here' }).click();
      await save();
      await dialog.getByText('A number from 1 to 16 is needed.').waitFor();
      await page.waitForFunction(() => document.activeElement.value === '17');
      assert.equal(await copies.evaluate((field) => field.getBoundingClientRect().top >= 0), true);
    }
    assert.deepEqual(sent, []);
    await done(browser, page);
  });

  it('stays as it is when nothing was touched', async () => {
    const { page } = await openVault(browser, daemon, 'Untouched');
    const sent = sentOf(page);
    const { dialog, save } = await openSettings(page, 'Untouched');
    await boxesIn(dialog).first().uncheck();
    await boxesIn(dialog).first().check();
    await save();
    await dialog.waitFor({ state: 'detached' });
    assert.deepEqual(sent, []);
    await done(browser, page);
  });
});

describe('the S3 alias of a vault', () => {
  const aliasOf = async (vault) => (await vaultOf(vault)).s3_alias;

  it('is set, and taken away', async () => {
    const { vault, page } = await openVault(browser, daemon, 'Bucket');
    const sent = sentOf(page);
    let { alias, save } = await openSettings(page, 'Bucket');
    assert.equal(await alias.inputValue(), '');
    await alias.fill(' my-bucket.1 ');
    await save();
    await saved(page, 'Bucket');
    assert.equal(await aliasOf(vault), 'my-bucket.1');

    ({ alias, save } = await openSettings(page, 'Bucket'));
    assert.equal(await alias.inputValue(), 'my-bucket.1');
    await alias.fill('');
    await save();
    await saved(page, 'Bucket');
    assert.equal(await aliasOf(vault), null);
    assert.deepEqual(sent, ['PUT /s3-alias {"alias":"my-bucket.1"}', 'PUT /s3-alias {"alias":""}']);
    await done(browser, page);
  });

  it('is refused at its field when it is no alias or taken, with what was typed still there and nothing saved', async () => {
    await daemon.api('PUT', `/vaults/${await daemon.newVault('First')}/s3-alias`, { alias: 'taken' });
    const { vault, page } = await openVault(browser, daemon, 'Second', {}, { expected: ['400', '409'] });
    const { dialog, alias, save } = await openSettings(page, 'Second');
    const refused = async (text, message) => {
      await alias.fill(text);
      await save();
      await dialog.getByText(message).waitFor();
      const field = await alias.evaluate((input) => ({
        value: input.value,
        invalid: input.getAttribute('aria-invalid'),
        focused: document.activeElement === input,
        told: input.getAttribute('aria-describedby').split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join(' '),
      }));
      assert.deepEqual({ ...field, told: message.test(field.told) }, { value: text, invalid: 'true', focused: true, told: true });
      assert.equal(await dialog.getByLabel('Copies of every block').inputValue(), '3');
      assert.equal(await dialog.getByRole('checkbox', { name: 'Have everything here' }).isChecked(), true);
      const { s3_alias, replication_factor, roles } = await vaultOf(vault);
      assert.deepEqual({ s3_alias, replication_factor, roles }, { s3_alias: null, replication_factor: 2, roles: ['store', 'scan'] });
    };
    await dialog.getByLabel('Copies of every block').fill('3');
    await dialog.getByRole('checkbox', { name: 'Have everything here' }).check();
    await refused('With Capitals', /^.*Alias must be 3 to 63 small letters, digits, dots and hyphens/);
    await refused('x'.repeat(64), /Alias is longer than 63 characters\./);
    await refused('taken', /Another vault has this alias already\./);
    await alias.fill('free');
    await save();
    await saved(page, 'Second');
    const { s3_alias, replication_factor, roles } = await vaultOf(vault);
    assert.deepEqual({ s3_alias, replication_factor, roles }, { s3_alias: 'free', replication_factor: 3, roles: ['store', 'scan', 'pin'] });
    await done(browser, page);
  });

  it('is said to be saved when the other settings are not, and is not sent again', async () => {
    const { vault, page } = await openVault(browser, daemon, 'Half', {}, { expected: ['503'] });
    const { dialog, alias, save } = await openSettings(page, 'Half');
    await alias.fill('half');
    await dialog.getByLabel('Copies of every block').fill('4');
    await page.route(`**/vaults/${vault}`, (route) =>
      route.request().method() === 'PATCH' ? route.fulfill({ status: 503, json: { error: 'the database is busy' } }) : route.continue());
    await save();
    await dialog.getByRole('alert').getByText('The S3 alias is saved, but nothing else: The database is busy.').waitFor();
    assert.equal(await alias.getAttribute('aria-invalid'), 'false');
    assert.deepEqual([await alias.inputValue(), await dialog.getByLabel('Copies of every block').inputValue()], ['half', '4']);
    assert.deepEqual([await aliasOf(vault), (await vaultOf(vault)).replication_factor], ['half', 2]);

    await page.unroute(`**/vaults/${vault}`);
    const sent = sentOf(page);
    await save();
    await saved(page, 'Half');
    assert.deepEqual(sent, ['PATCH  {"replication_factor":4}']);
    assert.equal((await vaultOf(vault)).replication_factor, 4);
    await done(browser, page);
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

describe('vaults of others', () => {
  const SOON = '  absent_after: 4s\n  surplus_after: 0s\n';
  let owner;
  let keeper;

  before(async () => {
    owner = await found('home', `  display_name: Loft\n${SOON}`);
    keeper = await joined(owner, `  display_name: Attic\n  hold: 100MiB\n${SOON}`);
  });
  after(async () => {
    try {
      for (const machine of [keeper, owner]) await machine.stop();
    } finally {
      await endAll();
    }
  });

  it('are listed apart, as sealed, with what is kept of them here, and nothing can be done with them', { timeout: 120_000 }, async () => {
    const page = await signedIn(browser, keeper, '', { expected: ['503'] });
    const region = page.getByRole('region', { name: 'Vaults of others' });
    await page.getByText('Make your first vault').waitFor();
    assert.equal(await region.count(), 0);

    // it comes by events, also where nothing else is
    const vault = await owner.newVault('Series');
    await owner.put(vault, '/e1.bin', randomBytes(300_000));
    const heldOf = async () => (await json(keeper, 'GET', '/sync')).held.find(({ vault_id: id }) => id === vault)?.bytes;
    const item = region.getByRole('listitem').filter({ hasText: vault });
    await item.getByText(/^1 other machine has it · 29\d KiB of it are kept here$/).waitFor({ timeout: 60_000 });
    await item.getByText(/^29\d KiB$/).waitFor();
    assert.ok((await heldOf()) > 300_000);
    await region.getByText(/^They are sealed, and their keys are not here: this machine knows their ids and how large they are/).waitFor();
    await page.getByText('Make your first vault').waitFor();

    const own = await keeper.newVault('Mine');
    await page.getByRole('link', { name: 'Mine', exact: true }).waitFor();
    assert.equal(await region.getByRole('listitem').count(), 1);
    assert.deepEqual(await page.locator('main').getByRole('link').evaluateAll((links) => links.map((link) => link.getAttribute('href'))),
      [`#/vaults/${own}`, '#/storage']);
    assert.equal(await region.getByRole('button').count(), 0);
    assert.equal(await page.getByRole('button', { name: /^Actions for / }).count(), 1);
    assert.equal(await page.getByRole('button', { name: 'Unlock …' }).count(), 0);

    // nowhere else are they among the vaults of this machine
    await region.getByRole('link', { name: 'What is kept for others, and how much at most' }).click();
    await page.getByRole('region', { name: 'Kept for other machines' }).getByRole('button', { name: 'Change what is kept, and how fast …' }).waitFor();
    assert.deepEqual(await page.getByRole('list', { name: 'Space by vault' }).getByRole('listitem').allTextContents(), ['Mine0 B']);
    await page.evaluate((id) => (window.location.hash = `#/machines/${id}`), owner.id);
    await page.getByRole('region', { name: 'Vaults' }).getByText(`…${vault.slice(-8)}, which is not on this machine`).waitFor();
    await page.evaluate((id) => (window.location.hash = `#/vaults/${id}`), vault);
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
    await done(browser, page);
  });

  it('stay for as long as something is kept of them, and go when their keys come', { timeout: 120_000 }, async () => {
    const page = await signedIn(browser, keeper, '', { width: 360, locale: 'de-DE', expected: ['503'] });
    const region = page.getByRole('region', { name: 'Tresore anderer' });
    const [vault] = (await json(owner, 'GET', '/vaults')).vaults.map(({ id }) => id);
    await region.getByText(/^1 anderer Rechner hat ihn · 29\d KiB davon werden hier aufgehoben$/).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth), false);
    await owner.end();
    await region.getByText(/^kein anderer Rechner spricht jetzt davon · 29\d KiB davon werden hier aufgehoben$/).waitFor({ timeout: 60_000 });
    await region.getByText(vault, { exact: true }).waitFor();

    await owner.run('127.0.0.1:0');
    delete owner.token;
    await Promise.all([sees(owner, keeper), sees(keeper, owner)]);
    await keeper.api('POST', '/vaults/join', await json(owner, 'GET', `/vaults/${vault}/share-url`));
    await page.getByRole('link', { name: 'Series', exact: true }).waitFor();
    await region.waitFor({ state: 'detached' });
    await until('the file', async () => (await keeper.get(vault, '/e1.bin')).length === 300_000);
    await done(browser, page);
  });
});
