// SPDX-License-Identifier: GPL-3.0-or-later
// Where files are: a machine that keeps no copies by itself, beside one that does.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Browser, done, row, signedIn } from './lib/browser.mjs';
import { alone, endAll, found, joined, json, sees, until } from './lib/mesh.mjs';

const MIB = 1024 ** 2;
let browser;
let one;
let two;
let vault;

before(async () => {
  browser = await Browser.start();
  one = await found('home', '  display_name: Küche\n');
  two = await joined(one, '  display_name: Laptop\n  reliable: false\n');
  vault = await one.newVault('Films');
  for (const path of ['/a.bin', '/b.bin']) await one.put(vault, path, randomBytes(9 * MIB));
  await two.api('POST', '/vaults/join', await json(one, 'GET', `/vaults/${vault}/share-url`));
  await until('the files', async () => (await json(two, 'GET', `/vaults/${vault}/files`)).files.length === 2, 60);
  await until('rest', async () => stateOf(two).then(({ synced_ms: synced, running }) => synced !== null && !running), 60);
});
after(async () => {
  await browser.stop();
  try {
    for (const daemon of [two, one]) await daemon.stop();
  } finally {
    await endAll();
  }
});

const stateOf = async (daemon) => (await json(daemon, 'GET', '/sync')).vaults.find(({ vault_id: id }) => id === vault);
const localOf = async (daemon, path) => (await json(daemon, 'GET', `/vaults/${vault}/files${path}`)).local;

async function openWhere(page, name) {
  await row(page, name).getByRole('button').click();
  await page.getByRole('menuitem', { name: 'Where it is' }).click();
  return page.getByRole('dialog', { name: `Where “${name}” is` });
}

const machine = (dialog, name) => dialog.getByRole('listitem').filter({ hasText: name });

describe('a file that is on another machine only', () => {
  it('is marked in another way when a part of it is here', async () => {
    const page = await signedIn(browser, two, '#/system');
    const partly = (pattern, change) => page.route(pattern, async (route) => route.fulfill({ json: change(await (await route.fetch()).json()) }));
    await partly('**/files/a.bin', (file) => ({ ...file, local: 'partial' }));
    await partly('**/info/a.bin', (info) => ({
      ...info,
      file: { ...info.file, local: 'partial' },
      replicas: info.replicas.map((replica) => ({ ...replica, local: 'partial' })),
    }));
    await page.evaluate((id) => (window.location.hash = `#/vaults/${id}`), vault);
    await row(page, 'a.bin').getByText('partly here', { exact: true }).waitFor();
    await row(page, 'b.bin').getByText('not here', { exact: true }).waitFor();
    const dialog = await openWhere(page, 'a.bin');
    await dialog.getByText('A part of it is on this machine. The rest is read through the network.').waitFor();
    assert.equal(await dialog.getByText('a part of it', { exact: true }).count(), 2);
    await dialog.getByRole('button', { name: 'Keep on this machine' }).waitFor();
    await done(browser, page);
  });

  it('is marked, and is brought here', { timeout: 120_000 }, async () => {
    const before = (await stateOf(two)).missing_blocks;
    assert.ok(before > 0);
    const page = await signedIn(browser, two, `#/vaults/${vault}`);
    for (const name of ['a.bin', 'b.bin']) await row(page, name).getByText('not here', { exact: true }).waitFor();
    const dialog = await openWhere(page, 'a.bin');
    await dialog.getByText('It is on other machines only, and is read through the network.').waitFor();
    await machine(dialog, 'this machine').getByText('nothing of it').waitFor();
    await machine(dialog, 'Küche').getByText('all of it', { exact: true }).waitFor();

    let go;
    const gate = new Promise((resolve) => (go = resolve));
    await page.route('**/cache/**', async (route) => {
      await gate;
      await route.continue();
    });
    await dialog.getByRole('button', { name: 'Keep on this machine' }).click();
    await dialog.getByRole('progressbar', { name: '“a.bin” comes from other machines' }).waitFor();
    await dialog.getByText(`${before} blocks of the vault are still elsewhere.`, { exact: false }).waitFor();
    go();
    await page.getByText('All of “a.bin” is on this machine now.').waitFor();
    await dialog.getByText('All of it is on this machine, and can be read without a network.').waitFor();
    await machine(dialog, 'this machine').getByText('all of it', { exact: true }).waitFor();
    assert.equal(await dialog.getByRole('button', { name: 'Keep on this machine' }).count(), 0);
    assert.equal(await localOf(two, '/a.bin'), 'full');
    assert.ok((await stateOf(two)).missing_blocks < before);
    await page.keyboard.press('Escape');
    await row(page, 'a.bin').getByText('not here').waitFor({ state: 'detached' });
    await row(page, 'b.bin').getByText('not here', { exact: true }).waitFor();
    await done(browser, page);
  });

  it('is not marked on the machine that has it', async () => {
    const page = await signedIn(browser, one, `#/vaults/${vault}`);
    await row(page, 'b.bin').waitFor();
    await row(page, 'a.bin').locator('[data-open]').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Where it is' }).click();
    const dialog = page.getByRole('dialog', { name: 'Where “a.bin” is' });
    await machine(dialog, 'Laptop').getByText('all of it', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await page.getByText('not here').count(), 0);
    await done(browser, page);
  });

  it('cannot be brought while no machine has it, which is told with the reason, and comes later', { timeout: 120_000 }, async () => {
    const page = await signedIn(browser, two, `#/vaults/${vault}`, { width: 360, expected: ['503'] });
    await row(page, 'b.bin').getByText('not here', { exact: true }).waitFor();
    const dialog = await openWhere(page, 'b.bin');
    await machine(dialog, 'Küche').getByText('all of it', { exact: true }).waitFor();
    await one.end();
    await machine(dialog, 'Küche').getByText('does not answer now').waitFor({ timeout: 30_000 });
    await dialog.getByRole('button', { name: 'Keep on this machine' }).click();
    await dialog.getByRole('alert').getByText(/blocks are on machines that are not there now\.$/).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth), false);
    await one.run('127.0.0.1:0');
    delete one.token;
    await sees(two, one);
    await machine(dialog, 'Küche').getByText('all of it', { exact: true }).waitFor({ timeout: 30_000 });
    await dialog.getByRole('button', { name: 'Try again' }).click();
    await dialog.getByText('All of it is on this machine, and can be read without a network.').waitFor();
    await page.keyboard.press('Escape');
    await row(page, 'b.bin').getByText('not here').waitFor({ state: 'detached' });
    assert.equal((await stateOf(two)).missing_blocks, 0);
    await done(browser, page);
  });
});

describe('what goes between machines', () => {
  const line = (page, name) => page.getByRole('region', { name: 'Between machines' }).getByRole('listitem', { name });
  const figure = (page, name, label) => line(page, name).locator('div', { has: page.getByText(label, { exact: true }) }).locator('dd').last();
  const shows = (page, name, label, wanted) => until(`${label} of ${name}`, async () => wanted(await figure(page, name, label).textContent()));
  const number = (text) => Number(text.replaceAll(',', ''));

  it('is shown for each vault that others have, as it goes on', { timeout: 180_000 }, async () => {
    const series = await two.newVault('Series');
    const page = await signedIn(browser, one, '#/transfers');
    await page.getByRole('heading', { level: 2, name: 'Imports and exports' }).waitFor();
    await line(page, 'Films').waitFor();
    assert.equal(await line(page, 'Series').count(), 0);
    await one.api('POST', '/vaults/join', await json(two, 'GET', `/vaults/${series}/share-url`));
    await line(page, 'Series').getByText(/1 other machine has it, 1 online$/).waitFor({ timeout: 60_000 });
    await two.put(series, '/e1.bin', randomBytes(3 * MIB));
    await shows(page, 'Series', 'Came in since the start', (text) => /^3\.\d+ MiB$/.test(text));
    await shows(page, 'Series', 'Comes in', (text) => / [KM]iB\/s$/.test(text));
    await shows(page, 'Series', 'Comes in', (text) => text === '0 B/s');
    await page.getByText(/^All traffic with other machines: .* in, .* out$/).waitFor();
    await shows(page, 'Series', 'Blocks on other machines only', (text) => text === '0');

    // a quota in the way is told with its sentence, and goes when it is lifted
    await one.api('PATCH', `/vaults/${series}`, { hard_quota: 4 * MIB });
    await two.put(series, '/e2.bin', randomBytes(3 * MIB));
    await line(page, 'Series').getByText(/quota/).waitFor({ timeout: 30_000 });
    await shows(page, 'Series', 'Blocks on other machines only', (text) => number(text) > 0);
    await one.api('PATCH', `/vaults/${series}`, { hard_quota: 0 });
    await page.getByRole('button', { name: 'Sync now' }).click();
    await page.getByText('All machines that are there are asked about all vaults.').waitFor();
    await line(page, 'Series').getByText(/quota/).waitFor({ state: 'detached', timeout: 30_000 });
    await shows(page, 'Series', 'Blocks on other machines only', (text) => text === '0');
    await line(page, 'Series').getByRole('link', { name: 'Series' }).click();
    await row(page, 'e2.bin').waitFor();
    await done(browser, page);
  });

  it('shows a round that is under way, and says why nobody can be asked', { timeout: 120_000 }, async () => {
    const page = await signedIn(browser, one, '#/transfers', { width: 360, expected: ['503'] });
    await page.route('**/api/v1/sync', async (route) => {
      const list = await (await route.fetch()).json();
      await route.fulfill({ json: { ...list, vaults: list.vaults.map((state) => ({ ...state, running: true, missing_blocks: 1234 })) } });
    });
    await page.getByRole('progressbar', { name: '“Films” is being brought in line' }).waitFor();
    await line(page, 'Films').getByText(/^Being brought in line · /).waitFor();
    assert.equal(await figure(page, 'Films', 'Blocks on other machines only').textContent(), '1,234');
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth), false);
    await page.unroute('**/api/v1/sync');
    await page.getByRole('progressbar', { name: '“Films” is being brought in line' }).waitFor({ state: 'detached' });
    await one.api('POST', '/networks/disconnect');
    await page.getByRole('button', { name: 'Sync now' }).click();
    await page.getByRole('alert').getByText(/network/i).waitFor();
    await one.api('POST', `/networks/${one.network}/connect`);
    await sees(one, two);
    await done(browser, page);
  });

  it('is nothing for a machine alone', async () => {
    const daemon = await alone();
    await daemon.newVault('Mine');
    const page = await signedIn(browser, daemon, '#/transfers');
    await page.getByText(/^No other machine has a vault of this one yet\./).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Sync now' }).count(), 0);
    assert.equal(await page.getByText(/limit of speed|metered/).count(), 0);
    await done(browser, page);
    await daemon.stop();
  });

  it('goes as fast as it may, which is told', { timeout: 120_000 }, async () => {
    const page = await signedIn(browser, one, '#/transfers');
    await page.getByText('Blocks come and go without a limit of speed.').waitFor();
    await done(browser, page);
    for (const [rates, told] of [
      ['  download_rate: 2MiB\n', 'Blocks come at 2.00 MiB/s at most, and go without a limit.'],
      ['  upload_rate: 512KiB\n', 'Blocks go at 512 KiB/s at most, and come without a limit.'],
    ]) {
      const daemon = await alone(`sync:\n${rates}`);
      const other = await signedIn(browser, daemon, '#/transfers');
      await other.getByText(told).waitFor();
      await done(browser, other);
      await daemon.stop();
    }
  });

  it('waits on a metered line until it is wanted, which is told; in German, at 360 px', { timeout: 180_000 }, async () => {
    const metered = await joined(one, '  display_name: Telefon\n  metered: true\nsync:\n  download_rate: 8MiB\n  upload_rate: 512KiB\n');
    const songs = await one.newVault('Songs');
    await one.put(songs, '/s.bin', randomBytes(2 * MIB));
    await metered.api('POST', '/vaults/join', await json(one, 'GET', `/vaults/${songs}/share-url`));
    const page = await signedIn(browser, metered, '#/transfers', { width: 360, locale: 'de-DE' });
    await page.getByText(/^Die Leitung dieses Rechners ist getaktet: /).waitFor();
    await page.getByText('Blöcke kommen mit höchstens 8,00 MiB/s und gehen mit höchstens 512 KiB/s.').waitFor();
    const german = page.getByRole('region', { name: 'Zwischen Rechnern' }).getByRole('listitem', { name: 'Songs' });
    const missing = german.locator('div', { has: page.getByText('Blöcke nur auf anderen Rechnern', { exact: true }) }).locator('dd').last();
    await until('the count of blocks', async () => Number(await missing.textContent()) > 0, 60);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth), false);
    await page.getByRole('button', { name: 'Jetzt abgleichen' }).click();
    await until('the blocks', async () => Number(await missing.textContent()) === 0, 60);
    await done(browser, page);
    await metered.stop();
  });
});
