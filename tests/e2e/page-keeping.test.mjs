// SPDX-License-Identifier: GPL-3.0-or-later
// Where a vault is kept: the folder of this machine that mirrors it, the copies on all machines, and those of machines
// that have not its key.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Browser, done, signedIn } from './lib/browser.mjs';
import { Daemon } from './lib/daemon.mjs';
import { hostile } from './lib/hostile.mjs';
import { alone, endAll, found, joined, json, sees, until } from './lib/mesh.mjs';

const FILES = 40;
let browser;
let daemon;
let host;

before(async () => {
  host = mkdtempSync(join(tmpdir(), 'meshhold-keeping-'));
  [daemon, browser] = await Promise.all([Daemon.start(), Browser.start()]);
});
after(async () => {
  await browser.stop();
  await daemon.stop();
  rmSync(host, { recursive: true, force: true });
});

const isTooWide = (page) => page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
const card = (page, name = 'Folder on this machine') => page.getByRole('region', { name });
const fact = (region, name) => region.locator('div', { has: region.page().getByText(name, { exact: true }) }).locator('dd').last();
const shows = (what, region, name, wanted) => until(`${name}: ${what}`, async () => (await fact(region, name).textContent()) === wanted);
const folderOf = async (vault) => (await daemon.api('GET', `/vaults/${vault}/folder`)).json();
const isMirrored = async (vault) => (await (await daemon.api('GET', '/folders')).json()).folders.some(({ vault_id: id }) => id === vault);
const numbers = (folder) => readdirSync(folder).filter((name) => /^\d+$/.test(name));

/** A folder of the host with files in it, of which each is named by its number. */
function hostFolder(name, count = FILES) {
  const folder = join(host, name);
  mkdirSync(folder);
  for (let number = 0; number < count; number += 1) writeFileSync(join(folder, `${number}`), `${name} ${number}`);
  return folder;
}

async function mirrored(name, limits = {}) {
  const folder = hostFolder(name);
  const vault = await daemon.newVault(name);
  await daemon.api('PUT', `/vaults/${vault}/folder`, { path: folder, ...limits });
  await until('the first look', async () => (await folderOf(vault)).files === FILES);
  return { folder, vault };
}

describe('the folder of this machine', () => {
  it('is chosen from the menu of the vault, with its limits, and its state is told', { timeout: 120_000 }, async () => {
    const folder = hostFolder('Chosen');
    symlinkSync('/etc/hostname', join(folder, 'a link'));
    const vault = await daemon.newVault('Chosen');
    const page = await signedIn(browser, daemon, '', { expected: ['409'] });
    await page.getByRole('button', { name: 'Actions for Chosen' }).click();
    await page.getByRole('menuitem', { name: 'Folder and copies' }).click();
    await page.getByRole('heading', { level: 1, name: 'Folder and copies of “Chosen”' }).waitFor({ state: 'attached' });
    await card(page).getByText(/There is none yet\.$/).waitFor();
    await card(page).getByRole('button', { name: 'Choose a folder …' }).click();

    const dialog = page.getByRole('dialog', { name: 'A folder for “Chosen”' });
    const path = dialog.getByLabel('Folder of this machine', { exact: true });
    await dialog.getByRole('button', { name: 'Mirror' }).click();
    await dialog.getByText('Choose a folder, or type a whole path.').waitFor();
    assert.equal(await dialog.getByLabel('Percent of the files').isVisible(), false);
    await path.fill(host);
    await dialog.getByRole('button', { name: 'Chosen', exact: true }).click();
    assert.equal(await path.inputValue(), folder);
    await dialog.getByText('More: when changes are held back').click();
    await dialog.getByLabel('Percent of the files').fill('101');
    await dialog.getByText('More: when changes are held back').click(); // what is wrong opens again
    await dialog.getByRole('button', { name: 'Mirror' }).click();
    await dialog.getByText('A number from 1 to 100 is needed.').waitFor();
    assert.equal(await isMirrored(vault), false);
    await dialog.getByLabel('Percent of the files').fill('30');
    await dialog.getByLabel('Files in any case').fill('7000');

    await path.fill(daemon.home); // what the daemon itself keeps
    await dialog.getByRole('button', { name: 'Mirror' }).click();
    await dialog.getByText(/what MeshHold itself keeps in .* lie in each other\.$/).waitFor();
    await path.fill(folder);
    await dialog.getByRole('button', { name: 'Mirror' }).click();
    await dialog.waitFor({ state: 'detached' });

    await card(page).getByText('The folder and the vault are the same', { exact: true }).waitFor();
    await shows('the path', card(page), 'Folder', folder);
    await shows('all', card(page), 'Files that are the same', `${FILES}`);
    await shows('all', card(page), 'Brought to the vault by it', `${FILES}`);
    await card(page).getByText('more than 30 % of the files and at least 200, or more than 7,000 files').waitFor();
    await card(page).getByText('1 file or folder is left out', { exact: true }).click();
    await card(page).getByRole('list', { name: 'Files and folders that are left out' }).getByText('a link').waitFor();
    const { guard_percent: percent, guard_files: files } = await folderOf(vault);
    assert.deepEqual([percent, files], [30, 7000]);
    await done(browser, page);
  });

  it('is paused, goes on, and is looked at when wanted', { timeout: 120_000 }, async () => {
    const { folder, vault } = await mirrored('Paused');
    const page = await signedIn(browser, daemon, `#/keeping/${vault}`);
    await card(page).getByText('The folder and the vault are the same', { exact: true }).waitFor();
    await card(page).getByRole('button', { name: 'Pause' }).click();
    await card(page).getByText('Paused: both sides stay as they are').waitFor();
    assert.equal(await card(page).getByRole('button', { name: 'Look now' }).isDisabled(), true);
    await daemon.put(vault, '/from the vault.txt', 'v');
    writeFileSync(join(folder, 'from the folder.txt'), 'f');
    assert.equal((await folderOf(vault)).state, 'paused');
    await card(page).getByRole('button', { name: 'Go on' }).click();
    await shows('both', card(page), 'Files that are the same', `${FILES + 2}`);
    assert.equal(existsSync(join(folder, 'from the vault.txt')), true);

    const { ended_ms: last } = (await folderOf(vault)).scan;
    await until('rest', async () => (await folderOf(vault)).state === 'idle');
    await card(page).getByRole('button', { name: 'Look now' }).click();
    await until('another look', async () => (await folderOf(vault)).scan.ended_ms > last);

    // a folder that is not at its place is no deletion, and is told
    renameSync(folder, `${folder} away`);
    await card(page).getByRole('button', { name: 'Look now' }).click();
    await card(page).getByText('The folder or the vault is not there, so nothing is done').waitFor();
    renameSync(`${folder} away`, folder);
    await card(page).getByRole('button', { name: 'Look now' }).click();
    await card(page).getByText('The folder and the vault are the same', { exact: true }).waitFor();
    assert.equal(numbers(folder).length, FILES);
    await done(browser, page);
  });

  it('has changes that are held decided upon, at 360 px', { timeout: 120_000 }, async () => {
    const { folder, vault } = await mirrored('Held', { guard_files: 10 });
    const page = await signedIn(browser, daemon, `#/keeping/${vault}`, { width: 360 });
    await card(page).getByText('The folder and the vault are the same', { exact: true }).waitFor();
    const lose = () => numbers(folder).slice(0, 30).forEach((name) => rmSync(join(folder, name)));

    lose();
    await card(page).getByText('Changes of the folder are held back until you decide').waitFor();
    await card(page).getByText(/30 deleted, 0 changed, 0 new, 0 moved\.$/).waitFor();
    assert.ok((await card(page).getByRole('list', { name: 'Some of these files' }).getByRole('listitem').count()) > 0);
    assert.equal(await isTooWide(page), false);
    await card(page).getByRole('button', { name: 'Put the folder back' }).click();
    await card(page).getByText('The folder and the vault are the same', { exact: true }).waitFor();
    await until('the files', async () => numbers(folder).length === FILES);

    await card(page).getByRole('button', { name: 'Limits …' }).click();
    const dialog = page.getByRole('dialog', { name: 'When changes are held back' });
    await dialog.getByLabel('Files in any case').fill('0');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('A number from 1 to 1,000,000,000 is needed.').waitFor();
    await dialog.getByLabel('Files in any case').fill('12');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    await card(page).getByText('more than 20 % of the files and at least 200, or more than 12 files').waitFor();
    assert.equal((await folderOf(vault)).guard_files, 12);

    lose();
    await card(page).getByText(/30 deleted, 0 changed/).waitFor();
    await card(page).getByRole('button', { name: 'It was me: let it in' }).click();
    await shows('what is left', card(page), 'Files that are the same', `${FILES - 30}`);
    assert.equal(numbers(folder).length, FILES - 30);
    await done(browser, page);
  });

  it('is not mirrored any more when that is confirmed, and all files stay; in German', { timeout: 120_000 }, async () => {
    const { folder, vault } = await mirrored('Ended');
    const page = await signedIn(browser, daemon, `#/keeping/${vault}`, { locale: 'de-DE', width: 360 });
    const region = card(page, 'Ordner auf diesem Rechner');
    await region.getByText('Ordner und Tresor sind gleich', { exact: true }).waitFor();
    assert.equal(await isTooWide(page), false);
    await region.getByRole('button', { name: 'Nicht mehr spiegeln …' }).click();
    const dialog = page.getByRole('dialog', { name: '„Ended“ nicht mehr spiegeln?' });
    await dialog.getByText(`Alle Dateien bleiben, in ${folder} und im Tresor.`, { exact: false }).waitFor();
    await dialog.getByRole('button', { name: 'Abbrechen' }).click();
    assert.equal(await isMirrored(vault), true);
    await region.getByRole('button', { name: 'Nicht mehr spiegeln …' }).click();
    await dialog.getByRole('button', { name: 'Nicht mehr spiegeln' }).click();
    await region.getByRole('button', { name: 'Ordner wählen …' }).waitFor();
    assert.equal(await isMirrored(vault), false);
    assert.equal(numbers(folder).length, FILES);
    assert.equal((await (await daemon.api('GET', `/vaults/${vault}/files`)).json()).files.length, FILES);
    await done(browser, page);
  });
});

const SOON = '  absent_after: 4s\n  surplus_after: 0s\n';

describe('the copies', () => {
  const healthOf = async (machine, vault) => (await json(machine, 'GET', '/sync')).vaults.find(({ vault_id: id }) => id === vault).health;
  const join = async (machine, from, vault) => machine.api('POST', '/vaults/join', await json(from, 'GET', `/vaults/${vault}/share-url`));
  let one;
  let two;
  let laptop;
  let vault;
  let blocks;

  before(async () => {
    one = await found('home', `  display_name: Küche\n${SOON}`);
    two = await joined(one, `  display_name: Attic\n${SOON}`);
    laptop = await joined(one, `  display_name: Laptop\n  reliable: false\n${SOON}`);
    vault = await one.newVault('Films');
    for (let i = 0; i < 5; i += 1) await one.put(vault, `/${i}.bin`, randomBytes(300_000));
    ({ blocks } = (await json(one, 'GET', `/vaults/${vault}/info`)).replica_health);
    assert.ok(blocks > 4);
  });
  after(async () => {
    try {
      for (const machine of [laptop, two, one]) await machine.stop();
    } finally {
      await endAll();
    }
  });

  it('are told as they come about, and are counted when wanted', { timeout: 180_000 }, async () => {
    const page = await signedIn(browser, one, `#/keeping/${vault}`);
    const region = card(page, 'Copies');
    await region.getByText(`${blocks} blocks have too few copies`, { exact: true }).waitFor({ timeout: 30_000 });
    await region.getByText(/^More are made as soon as/).waitFor();
    await shows('none', region, 'Blocks with too few', `${blocks}`);
    await join(two, one, vault);
    await region.getByText(`All ${blocks} blocks have 2 copies`, { exact: true }).waitFor({ timeout: 60_000 });
    await shows('all', region, 'Blocks with as many', `${blocks}`);
    await shows('none', region, 'Blocks with too few', '0');
    await shows('what the vault says', region, 'Copies that are wanted', '2');

    const { checked_ms: last } = await healthOf(one, vault);
    await region.getByRole('button', { name: 'Count now' }).click();
    const awaited = region.getByText('They are being counted.');
    await awaited.waitFor();
    await awaited.waitFor({ state: 'detached', timeout: 60_000 });
    assert.ok((await healthOf(one, vault)).checked_ms > last);
    await done(browser, page);
  });

  it('are on no machine that is there when those that have them are away; in German, at 360 px', { timeout: 180_000 }, async () => {
    await join(laptop, one, vault);
    await until('the count', async () => (await healthOf(laptop, vault)).ok === blocks, 60);
    const page = await signedIn(browser, laptop, `#/keeping/${vault}`, { width: 360, locale: 'de-DE' });
    const region = card(page, 'Kopien');
    await region.getByText(`Alle ${blocks} Blöcke haben 2 Kopien`, { exact: true }).waitFor();
    await Promise.all([one.end(), two.end()]);
    await region.getByText(`${blocks} Blöcke sind auf keinem Rechner, der da ist`, { exact: true }).waitFor({ timeout: 60_000 });
    await region.getByText(/sind wieder lesbar, wenn ein Rechner kommt/).waitFor();
    assert.equal(await isTooWide(page), false);
    for (const machine of [one, two]) {
      await machine.run('127.0.0.1:0');
      delete machine.token;
    }
    await Promise.all([sees(laptop, one), sees(laptop, two)]);
    await region.getByText(`Alle ${blocks} Blöcke haben 2 Kopien`, { exact: true }).waitFor({ timeout: 60_000 });
    await done(browser, page);
  });

  it('are not counted without a network, which is told', async () => {
    const machine = await alone();
    const mine = await machine.newVault('Mine');
    const page = await signedIn(browser, machine, `#/keeping/${mine}`, { expected: ['503'] });
    const region = card(page, 'Copies');
    await region.getByText('Not counted yet', { exact: true }).waitFor();
    await region.getByRole('button', { name: 'Count now' }).click();
    await page.getByRole('alert').getByText(/network/i).waitFor();
    assert.equal(await region.getByText('They are being counted.').count(), 0);
    await done(browser, page);
    await machine.stop();
  });
});

describe('machines without the key', () => {
  let one;
  let liar;

  before(async () => {
    one = await found('home', `  display_name: Küche\n${SOON}`);
    liar = await hostile(one);
  });
  after(async () => {
    await liar.end();
    try {
      await one.stop();
    } finally {
      await endAll();
    }
  });

  it('are named when they are left out, as they have not what they say, with the reason and until when', { timeout: 120_000 }, async () => {
    const vault = await one.newVault('Films');
    for (let i = 0; i < 20; i += 1) await one.put(vault, `/${i}.bin`, randomBytes(200_000));
    const page = await signedIn(browser, one, '#/machines', { width: 360 });
    const region = card(page, 'Machines that are left out');
    await page.getByText(/^\d of 2 machines are online$/).waitFor();
    await region.getByText('1 machine is left out, as it gave what is wrong').waitFor({ timeout: 90_000 });
    const text = await region.getByRole('listitem').textContent();
    const { why, faults, left_out_ms: left } = (await json(one, 'GET', '/sync')).suspects.find(({ node_id: id }) => id === liar.id);
    assert.ok(left > 0 && faults >= 3);
    assert.match(why, /does not have$/);
    assert.ok(text.includes(`${why.slice(1)}. It did such things `), text);
    assert.match(text, /Nothing of a vault is asked of it until \w+ \d+, \d{4}, /);
    assert.equal(await isTooWide(page), false);
    await region.getByRole('link', { name: /^hostile/ }).click();
    await page.getByRole('heading', { level: 1, name: /^hostile/ }).waitFor({ state: 'attached' });
    await done(browser, page);
  });

  it('say on Storage how to allow copies for others, and what is kept once it is allowed', { timeout: 120_000 }, async () => {
    const pageOfOne = await signedIn(browser, one, '#/storage');
    await card(pageOfOne, 'Kept for other machines').getByText('Nothing is kept for vaults whose keys are not here.').waitFor();
    assert.equal(await pageOfOne.getByRole('list', { name: 'Vaults that copies are kept for' }).count(), 0);
    await done(browser, pageOfOne);

    const two = await joined(one, `  display_name: Attic\n${SOON}`);
    const vault = await one.newVault('Series');
    await one.put(vault, '/e1.bin', randomBytes(300_000));
    const { blocks } = (await json(one, 'GET', `/vaults/${vault}/info`)).replica_health;
    const heldOf = async () => (await json(two, 'GET', '/sync')).held.find(({ vault_id: id }) => id === vault)?.blocks;
    const page = await signedIn(browser, two, '#/storage', { width: 360, locale: 'de-DE' });
    await card(page, 'Für andere Rechner aufgehoben').getByRole('button', { name: /ändern …$/ }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Versiegelte Kopien für Tresore anderer aufheben').check();
    await dialog.getByLabel('Höchstens').fill('1');
    assert.equal(await isTooWide(page), false);
    await dialog.getByRole('button', { name: 'Speichern' }).click();
    await dialog.waitFor({ state: 'detached' });
    await until('the copies', async () => (await heldOf()) === blocks, 60);
    const region = card(page, 'Für andere Rechner aufgehoben');
    await region.getByText(/ von höchstens 1,00 GiB werden für andere aufgehoben$/).waitFor();
    const item = region.getByRole('listitem').filter({ hasText: `…${vault.slice(-8)}` });
    await item.getByText(/^Für einen Tresor von .*Küche/).waitFor();
    await item.getByText(new RegExp(` · ${blocks} (Block|Blöcke)$`)).waitFor();
    await region.getByRole('progressbar', { name: 'Anteil der Grenze, der belegt ist' }).waitFor({ state: 'attached' });
    await region.getByText(/^\d+ Rechner, .* von den 512 MiB belegt, die neue Rechner in ihrer ersten Woche haben\.$/).waitFor();
    await item.getByRole('button', { name: `Aufgeben, was für den Tresor …${vault.slice(-8)} aufgehoben wird` }).click();
    await dialog.getByText(/^Für einen Tresor von .*Küche/).waitFor();
    assert.equal(await isTooWide(page), false);
    await dialog.getByRole('button', { name: 'Abbrechen' }).click();
    await dialog.waitFor({ state: 'detached' });
    assert.equal(await heldOf(), blocks);
    assert.equal(await isTooWide(page), false);
    await done(browser, page);
    await two.stop();
  });

  it('are told what new ones have used of their share, and what is kept for their vaults is given up', { timeout: 180_000 }, async () => {
    const owner = await found('loft', `  display_name: Loft\n${SOON}`);
    const keeper = await joined(owner, `  display_name: Attic\n  hold: 2MiB\n${SOON}`);
    const vault = await owner.newVault('Series');
    const put = async (from, to) => {
      for (let i = from; i < to; i += 1) await owner.put(vault, `/e${i}.bin`, randomBytes(100_000));
    };
    const blocksOf = async () => (await json(owner, 'GET', `/vaults/${vault}/info`)).replica_health.blocks;
    const held = async () => (await json(keeper, 'GET', '/sync')).held;
    await put(0, 3);
    await until('the copies', async () => (await held())[0]?.blocks === (await blocksOf()), 60);

    const page = await signedIn(browser, keeper, '#/storage', { expected: ['503'] });
    const region = card(page, 'Kept for other machines');
    const ofNew = region.getByText(/^1 machine that is new here has used [\d.]+ KiB of the 1\.00 MiB that new machines have in their first week\./);
    await ofNew.waitFor();
    assert.doesNotMatch(await ofNew.textContent(), /later/);
    await put(3, 14);
    await until('the end of their share', () => keeper.log.includes('machines that are new here'), 60);
    await region.getByText('For a vault of Loft', { exact: true }).waitFor({ timeout: 60_000 }); // it says so itself, once in a while
    await owner.end();
    await until('the loss of the connection', async () => (await json(keeper, 'GET', '/nodes')).nodes.every(({ node_id: id, connected }) => id !== owner.id || !connected));
    await page.reload();
    await region.getByText(/^1 machine that is new here has used .* Hardly anything is left of it: more is kept for them only later, /).waitFor();

    const [{ blocks, bytes }] = await held();
    assert.ok(blocks > 3 && bytes <= 1 << 20, `${blocks} ${bytes}`);
    const item = region.getByRole('listitem');
    const ask = item.getByRole('button', { name: `Give up what is kept for the vault …${vault.slice(-8)}`, exact: true });
    const dialog = page.getByRole('dialog', { name: 'Give up what is kept for this vault?' });
    const cancel = dialog.getByRole('button', { name: 'Cancel' });
    const giveUp = dialog.getByRole('button', { name: 'Give up', exact: true });
    const hasFocus = (element) => element.evaluate((node) => node === document.activeElement);
    await ask.click();
    await dialog.getByText(`For a vault of Loft (…${vault.slice(-8)})`, { exact: true }).waitFor();
    const size = (await item.textContent()).match(/[\d.]+ [KM]iB/)[0];
    await dialog.getByText(`${blocks} blocks are deleted here, ${size} in all. This may be the only copy that is left`).waitFor();
    await dialog.getByText(/^Copies are kept again as soon as a machine of the vault asks for that/).waitFor();
    assert.equal(await dialog.getByRole('link', { name: 'Who may connect' }).getAttribute('href'), '#/machines');
    await until('the focus', () => hasFocus(cancel));
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    assert.equal(await hasFocus(ask), true);
    assert.deepEqual(await held(), [{ vault_id: vault, blocks, bytes, unwanted_blocks: 0 }]);

    // what goes wrong is told, and nothing is lost
    const route = `**/api/v1/sync/held/${vault}`;
    await page.route(route, (call) => call.fulfill({ status: 503, json: { error: 'the store is busy' } }));
    await ask.click();
    await giveUp.click();
    await dialog.getByRole('alert').getByText('The store is busy.').waitFor();
    await item.getByText(size).waitFor();
    assert.equal((await held())[0].blocks, blocks);
    await page.unroute(route);
    await giveUp.click();
    await page.getByText(`${blocks} blocks are given up; ${size} become free.`).waitFor();
    await dialog.waitFor({ state: 'detached' });
    assert.deepEqual(await held(), []);
    await region.getByText('0 B of at most 2.00 MiB are kept for others').waitFor();
    assert.equal(await region.getByRole('list', { name: 'Vaults that copies are kept for' }).count(), 0);
    assert.equal(await hasFocus(page.locator('main')), true);
    assert.match(JSON.stringify(await json(keeper, 'GET', '/audit?category=sync')), /sync\.drop_held/);
    await done(browser, page);
    await keeper.stop();
    await owner.run('127.0.0.1:0');
    await owner.stop();
  });

  it('has settings that count at once, are written to config.yaml, and tell what is wrong at the field', { timeout: 120_000 }, async () => {
    const machine = await alone('  # bought in spring\n  absent_after: 4s\n');
    const file = join(machine.home, 'config.yaml');
    const before = readFileSync(file, 'utf8');
    const page = await signedIn(browser, machine, '#/storage', { expected: ['409'] });
    const open = () => card(page, 'Kept for other machines').getByRole('button', { name: 'Change what is kept, and how fast …' }).click();
    const dialog = page.getByRole('dialog');
    const save = dialog.getByRole('button', { name: 'Save' });

    await open();
    await dialog.getByLabel('Keep sealed copies for vaults of others').check();
    await dialog.getByLabel('At most', { exact: true }).fill('0');
    await dialog.getByLabel('Limit what comes from other machines').check();
    await dialog.getByLabel('Comes in a second at most, in MB').fill('fast');
    await dialog.getByLabel(/^Days that copies stay/).fill('366');
    await save.click();
    const told = async (label) => {
      const field = dialog.getByLabel(label, { exact: true });
      assert.equal(await field.getAttribute('aria-invalid'), 'true');
      const ids = (await field.getAttribute('aria-describedby')).split(' ');
      return (await Promise.all(ids.map((id) => page.locator(`[id="${id}"]`).textContent()))).join(' ');
    };
    assert.match(await told('At most'), /A number above zero is needed\./);
    assert.match(await told('Comes in a second at most, in MB'), /A number above zero is needed\./);
    assert.match(await told(/^Days that copies stay/), /Usually 30\. .*A number from 0 to 365 is needed\.|A number from 0 to 365 is needed\..*Usually 30\./);
    assert.notEqual(await dialog.getByLabel(/^Minutes that a machine/).getAttribute('aria-invalid'), 'true');
    assert.equal(readFileSync(file, 'utf8'), before);

    await dialog.getByLabel('At most', { exact: true }).fill('2.5');
    await dialog.getByLabel('Comes in a second at most, in MB').fill('1,5');
    await dialog.getByLabel(/^Days that copies stay/).fill('7');
    await dialog.getByLabel('The line of this machine costs by the byte').check();
    await save.click();
    await page.getByText('The settings are saved, and count from now on.').waitFor();
    await page.getByText('0 B of at most 2.50 GiB are kept for others').waitFor();
    assert.deepEqual(await json(machine, 'GET', '/sync/settings'), {
      hold: 2.5 * 1024 ** 3, absent_after_ms: 4000, surplus_after_ms: 7 * 86_400_000, metered: true, download_rate: 1_500_000, upload_rate: 0,
    });
    const lines = readFileSync(file, 'utf8').split('\n');
    for (const line of [...before.split('\n'), '  hold: 2560MiB', '  surplus_after: 168h', '  metered: true', '  download_rate: 1500000'])
      assert.ok(lines.includes(line), line);

    // what is there is shown; a file that somebody has spoilt meanwhile stays as it is
    writeFileSync(file, `${before}nonsense: 1\n`);
    await open();
    assert.equal(await dialog.getByLabel('At most', { exact: true }).inputValue(), '2.5');
    assert.equal(await dialog.getByLabel('Comes in a second at most, in MB').inputValue(), '1.5');
    await dialog.getByLabel('Limit what comes from other machines').uncheck();
    await save.click();
    await dialog.getByRole('alert').getByText(/config\.yaml: line \d+: unknown key nonsense/).waitFor();
    assert.equal(readFileSync(file, 'utf8'), `${before}nonsense: 1\n`);
    await done(browser, page);
    await machine.stop();
  });
});
