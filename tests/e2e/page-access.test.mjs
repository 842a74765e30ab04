// SPDX-License-Identifier: GPL-3.0-or-later
// Everybody can use the page: axe at three widths in both themes, visible focus, Lighthouse.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { chromium } from 'playwright-core';
import lighthouse from 'lighthouse';
import { Browser, chromiumArgs, executablePath, row, signedIn } from './lib/browser.mjs';
import { png } from './lib/corpus.mjs';
import { Daemon } from './lib/daemon.mjs';
import { found, joined, manyMachines } from './lib/mesh.mjs';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const WIDTHS = [360, 768, 1280];
const THEMES = ['light', 'dark'];
let daemon;
let browser;
let meshed;
let partner;
let shared;
let vault;
let undone;
let locked;
let exported;
let mirrored;
let mirror;

before(async () => {
  [daemon, browser] = await Promise.all([Daemon.start(), Browser.start()]);
  vault = await daemon.newVault('Accessible & fast');
  undone = await daemon.newVault('Undone');
  await daemon.put(vault, '/folder/deep.txt', 'deep');
  await daemon.put(vault, '/note.txt', 'first');
  await daemon.put(vault, '/note.txt', 'second');
  await daemon.put(vault, '/forked.txt', 'theirs');
  await daemon.put(vault, '/forked.txt', 'ours');
  await daemon.restart(async () => {
    const makeFork = join(process.env.MESHHOLD_BUILD_DIR, 'tests/daemon/modules/store/make-fork');
    execFileSync(makeFork, [daemon.home, vault, '/forked.txt', '/note.txt', '0']);
  });
  await daemon.put(vault, '/picture.png', png(64, 64));
  await daemon.put(vault, '/deleted.txt', 'gone');
  await daemon.api('DELETE', `/vaults/${vault}/files/deleted.txt`);
  await daemon.put(vault, '/folder/note.txt', 'in the way');
  await daemon.api('PATCH', `/vaults/${vault}`, { hard_quota: 1024 ** 3 });
  await daemon.api('POST', `/vaults/${vault}/upload-sessions`, { path: '/unfinished.bin', size: 100 });
  // an export in which a file cannot be written
  exported = mkdtempSync(join(tmpdir(), 'meshhold-export-'));
  writeFileSync(join(exported, 'folder'), 'a file where a folder is needed');
  await daemon.api('POST', `/vaults/${vault}/export`, { host_path: exported });
  // a folder that mirrors a vault, with something in it that is left out
  mirror = mkdtempSync(join(tmpdir(), 'meshhold-mirror-'));
  symlinkSync('/etc/hostname', join(mirror, 'a link'));
  mirrored = await daemon.newVault('Mirrored');
  await daemon.api('PUT', `/vaults/${mirrored}/folder`, { path: mirror });
  locked = (await (await daemon.api('POST', '/vaults', { name: 'Locked', password: 'correct horse battery' })).json()).id;
  await daemon.api('POST', `/vaults/${locked}/lock`);
  await daemon.put(vault, `/${'long name '.repeat(20)}.txt`, 'x');
  meshed = await found('A network with a long name', `  display_name: ${'Long-name-'.repeat(6)}\n  country: DE\n`);
  partner = await joined(meshed, '  display_name: Attic\n');
  await meshed.api('POST', `/network/speedtest/${partner.id}`);
  shared = await meshed.newVault('Shared');
  await meshed.put(shared, '/note.txt', 'note');
  await partner.api('POST', '/vaults/join', await (await meshed.api('GET', `/vaults/${shared}/share-url`)).json());
});
after(async () => {
  await browser.stop();
  for (const one of [daemon, partner, meshed]) await one.stop();
  for (const folder of [exported, mirror]) rmSync(folder, { recursive: true, force: true });
});

const menuOf = (page, name, item) => async () => {
  await row(page, name).getByRole('button').click();
  await page.getByRole('menuitem', { name: item }).click();
};

const vaultMenu = (item) => async (page) => {
  await page.getByRole('button', { name: 'Actions for Accessible & fast' }).click();
  await page.getByRole('menuitem', { name: item }).click();
};

/** Has the page see another state of what goes between machines. */
async function withSync(page, change) {
  await page.route('**/api/v1/sync', async (route) => route.fulfill({ json: change(await (await route.fetch()).json()) }));
  await page.reload();
}

/** Every state of the page worth a look: an address, what to do there, and of whom when it is another machine. */
const states = {
  vaults: { hash: '' },
  'vaults of others': {
    at: () => meshed,
    hash: '',
    act: async (page) => {
      await page.route('**/api/v1/vaults', async (route) => {
        const { vaults } = await (await route.fetch()).json();
        const others = ['a', 'b'].map((letter) => ({ ...vaults[0], id: letter.repeat(26), name: '', trusted: false, bytes: 5e8, peers: 3 }));
        await route.fulfill({ json: { vaults: [...vaults, ...others] } });
      });
      const held = [{ vault_id: 'a'.repeat(26), blocks: 1234, bytes: 4e8, unwanted_blocks: 3 }, { vault_id: 'c'.repeat(26), blocks: 1, bytes: 50, unwanted_blocks: 0 }];
      await withSync(page, (list) => ({ ...list, held }));
      await page.getByText(/^3 other machines have it · nothing of it is kept here$/).waitFor();
      await page.getByText(/^no other machine speaks of it now/).waitFor();
    },
  },
  'new vault': {
    hash: '',
    act: async (page) => {
      await page.getByRole('button', { name: 'New vault' }).first().click();
      await page.getByRole('button', { name: 'Create' }).click();
      await page.getByText('A vault needs a name.').waitFor();
    },
  },
  files: { hash: () => `#/vaults/${vault}`, act: (page) => row(page, 'note.txt').waitFor() },
  selection: {
    hash: () => `#/vaults/${vault}`,
    act: async (page) => {
      await page.getByRole('grid').focus();
      await page.keyboard.press('Control+a');
      await page.getByRole('toolbar').waitFor();
    },
  },
  menu: {
    hash: () => `#/vaults/${vault}`,
    act: async (page) => {
      await row(page, 'note.txt').getByRole('button').click();
      await page.getByRole('menuitem', { name: 'Versions' }).waitFor();
    },
  },
  'empty folder': { hash: () => `#/vaults/${vault}/nothing`, act: (page) => page.getByText('Nothing here yet').waitFor() },
  preview: {
    hash: () => `#/vaults/${vault}`,
    act: async (page) => {
      await row(page, 'note.txt').locator('[data-open]').click();
      await page.locator('pre').waitFor();
    },
  },
  versions: {
    hash: () => `#/vaults/${vault}`,
    act: async (page) => {
      await menuOf(page, 'note.txt', 'Versions')();
      await page.getByRole('dialog').getByRole('listitem').nth(1).getByRole('button', { name: 'Delete for ever …' }).click();
      await page.getByLabel('Text of note.txt').waitFor();
    },
  },
  conflict: {
    hash: () => `#/vaults/${vault}`,
    act: async (page) => {
      await page.getByRole('button', { name: 'Side by side …' }).click();
      await page.getByRole('dialog').locator('mark').first().waitFor();
    },
  },
  difference: {
    hash: () => `#/vaults/${vault}`,
    act: async (page) => {
      await menuOf(page, 'note.txt', 'Versions')();
      await page.getByRole('dialog').getByLabel('Compare with').selectOption({ index: 1 });
      await page.getByRole('dialog').getByText('+ second').waitFor();
    },
  },
  search: {
    hash: () => `#/vaults/${vault}`,
    act: async (page) => {
      await page.getByRole('combobox').fill('note');
      await page.getByRole('option').first().waitFor();
    },
  },
  'undo message': {
    hash: () => `#/vaults/${undone}`,
    act: async (page) => {
      await daemon.put(undone, '/gone.txt', 'gone');
      await row(page, 'gone.txt').locator('[role=gridcell]').first().locator('span').first().click();
      await page.getByRole('grid').press('Delete');
      await page.getByRole('button', { name: 'Undo', exact: true }).waitFor();
    },
  },
  move: {
    hash: () => `#/vaults/${vault}`,
    act: async (page) => {
      await menuOf(page, 'note.txt', 'Move …')();
      await page.getByRole('dialog').getByRole('button', { name: 'folder', exact: true }).waitFor();
    },
  },
  'name taken': {
    hash: () => `#/vaults/${vault}`,
    act: async (page) => {
      await menuOf(page, 'note.txt', 'Copy …')();
      await page.getByRole('dialog').getByRole('button', { name: 'folder', exact: true }).click();
      await page.getByRole('button', { name: 'Copy to “folder”' }).click();
      await page.getByText('The name is taken').waitFor();
    },
  },
  trash: { hash: () => `#/trash/${vault}`, act: (page) => row(page, 'deleted.txt').waitFor() },
  purge: {
    hash: () => `#/trash/${vault}`,
    act: async (page) => {
      await page.getByRole('button', { name: 'Empty the trash …' }).click();
      await page.getByText(/of the disk become free/).waitFor();
    },
  },
  settings: {
    hash: () => `#/vaults/${vault}`,
    act: async (page) => {
      await vaultMenu('Settings …')(page);
      await page.getByLabel('At most').fill('x');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('A number above zero is needed.').waitFor();
    },
  },
  password: {
    hash: () => `#/vaults/${vault}`,
    act: async (page) => {
      await vaultMenu('Password …')(page);
      await page.getByRole('button', { name: 'Set the password' }).click();
      await page.getByText('At least 8 characters are needed.').waitFor();
    },
  },
  share: {
    hash: () => `#/vaults/${vault}`,
    act: async (page) => {
      await vaultMenu('Share …')(page);
      await page.getByRole('img', { name: 'The share URL as a QR code' }).waitFor();
    },
  },
  'join a vault': {
    hash: '',
    act: async (page) => {
      await page.getByRole('button', { name: 'Join a vault' }).click();
      await page.getByRole('button', { name: 'Join', exact: true }).click();
      await page.getByText(/^It begins with/).waitFor();
    },
  },
  'where a file is': {
    at: () => meshed,
    hash: () => `#/vaults/${shared}`,
    act: async (page) => {
      await page.route('**/info/**', async (route) => {
        const json = await (await route.fetch()).json();
        await route.fulfill({ json: { ...json, file: { ...json.file, local: 'none' } } });
      });
      await page.route('**/cache/**', (route) => route.fulfill({ status: 500, json: { error: 'nobody has it' } }));
      await menuOf(page, 'note.txt', 'Where it is')();
      await page.getByRole('dialog').getByText('Attic').waitFor();
      await page.getByRole('button', { name: 'Keep on this machine' }).click();
      await page.getByRole('dialog').getByRole('alert').waitFor();
    },
  },
  'shared vault': {
    at: () => meshed,
    hash: () => `#/vaults/${shared}`,
    act: (page) => page.getByText(/^In line with other machines/).waitFor({ timeout: 60_000 }),
  },
  locked: { hash: () => `#/vaults/${locked}`, act: (page) => page.getByLabel('Password of the vault').waitFor() },
  unlock: {
    hash: '',
    act: async (page) => {
      await page.getByRole('button', { name: 'Unlock …' }).click();
      await page.getByRole('dialog').getByLabel('Password of the vault').waitFor();
    },
  },
  import: {
    hash: () => `#/vaults/${vault}`,
    act: async (page) => {
      await vaultMenu('Import a folder …')(page);
      await page.getByRole('button', { name: 'Import' }).click();
      await page.getByText('Choose a folder, or type a whole path.').waitFor();
    },
  },
  transfers: {
    hash: '#/transfers',
    act: async (page) => {
      await page.getByText('could not be copied').click();
      await page.getByText('/folder/note.txt').waitFor();
    },
  },
  'between machines': {
    at: () => meshed,
    hash: '#/transfers',
    act: (page) => page.getByText(/^In line with other machines/).waitFor({ timeout: 60_000 }),
  },
  'a metered line': {
    at: () => meshed,
    hash: '#/transfers',
    act: async (page) => {
      await withSync(page, (list) => ({ ...list, metered: true, download_rate: 1e6, upload_rate: 1e5 }));
      await page.getByText(/^The line of this machine is metered/).waitFor();
    },
  },
  storage: {
    hash: '#/storage',
    act: async (page) => {
      await page.getByRole('button', { name: 'Check everything now' }).click();
      await page.getByText(/Everything is whole|Stop the check/).first().waitFor();
    },
  },
  analytics: {
    hash: () => `#/analytics/${vault}`,
    act: async (page) => {
      await page.getByText('As a table').first().click();
      await page.getByRole('table').first().waitFor();
    },
  },
  'choose a folder': {
    hash: () => `#/keeping/${vault}`,
    act: async (page) => {
      await page.getByRole('button', { name: 'Choose a folder …' }).click();
      await page.getByText('More: when changes are held back').click();
      await page.getByLabel('Percent of the files').fill('0');
      await page.getByRole('dialog').getByRole('button', { name: 'Mirror' }).click();
      await page.getByText('A number from 1 to 100 is needed.').waitFor();
    },
  },
  'mirrored folder': {
    hash: () => `#/keeping/${mirrored}`,
    act: (page) => page.getByText('1 file or folder is left out').click(),
  },
  'held changes': {
    hash: () => `#/keeping/${mirrored}`,
    act: async (page) => {
      await page.route('**/api/v1/folders', async (route) => {
        const { folders } = await (await route.fetch()).json();
        const held = { since_ms: Date.now(), changed: 1234, deleted: 1, created: 0, moved: 0, samples: [`/${'long name '.repeat(20)}.txt`] };
        await route.fulfill({ json: { folders: folders.map((folder) => ({ ...folder, state: 'held', held })) } });
      });
      await page.reload();
      await page.getByRole('list', { name: 'Some of these files' }).waitFor();
    },
  },
  copies: {
    at: () => meshed,
    hash: () => `#/keeping/${shared}`,
    act: (page) => page.getByText('The only block has 2 copies').waitFor({ timeout: 60_000 }),
  },
  'copies that are too few': {
    at: () => meshed,
    hash: () => `#/keeping/${shared}`,
    act: async (page) => {
      const health = { checked_ms: Date.now(), ok: 123456, under: 37, over: 0, lost: 3, evicted: 0, repaired: 0 };
      await withSync(page, (list) => ({ ...list, vaults: list.vaults.map((state) => ({ ...state, health })) }));
      await page.getByText('3 blocks are on no machine that is there').waitFor();
    },
  },
  'stop mirroring': {
    hash: () => `#/keeping/${mirrored}`,
    act: async (page) => {
      await page.getByRole('button', { name: 'Stop mirroring …' }).click();
      await page.getByText(/^All files stay/).waitFor();
    },
  },
  uploads: {
    hash: () => `#/vaults/${vault}`,
    act: async (page) => {
      await page.route('**/upload/**', (route) => route.fulfill({ status: 500, contentType: 'application/json', body: '{"error":"broken"}' }));
      await page.getByTestId('choose-files').setInputFiles([{ name: 'broken.txt', mimeType: 'text/plain', buffer: Buffer.from('x') }]);
      await page.getByText('1 upload has failed').waitFor();
      await page.getByRole('button', { name: 'Show the list of uploads' }).click();
      await page.getByText('Broken.', { exact: true }).waitFor();
    },
  },
  system: {
    hash: '#/system',
    act: async (page) => {
      await page.getByRole('button', { name: 'Set it up' }).click();
      await page.getByRole('button', { name: 'Set the swarm key' }).click();
      await page.getByText('This is not a swarm key').waitFor();
    },
  },
  'first run': {
    hash: '#/machines',
    act: async (page) => {
      await page.getByLabel('Join URL').fill('nonsense');
      await page.getByRole('button', { name: 'Join the network' }).click();
      await page.getByText(/^It begins with/).waitFor();
    },
  },
  machines: { at: () => meshed, hash: '#/machines', act: (page) => page.getByRole('link', { name: /^Attic, online, / }).waitFor() },
  'a machine that is left out': {
    at: () => meshed,
    hash: '#/machines',
    act: async (page) => {
      const suspects = [{ node_id: partner.id, faults: 3, why: 'it says that it has blocks that it does not have', left_out_ms: 600_000 }];
      await withSync(page, (list) => ({ ...list, suspects }));
      await page.getByText('1 machine is left out').waitFor();
    },
  },
  'kept for others': {
    at: () => meshed,
    hash: '#/storage',
    act: async (page) => {
      const held = [{ vault_id: 'a'.repeat(26), blocks: 1234, bytes: 5e8, unwanted_blocks: 3 }, { vault_id: shared, blocks: 1, bytes: 50, unwanted_blocks: 0 }];
      const newcomers = { machines: 2, bytes: 4.99e8, limit: 5e8 };
      await withSync(page, (list) => ({ ...list, held, hold_limit: 1e9, newcomers }));
      await page.getByText(/3 of them nobody asks for any more/).waitFor();
      await page.getByText(/^2 machines that are new here have used .* only later/).waitFor();
    },
  },
  'giving up what is kept': {
    at: () => meshed,
    hash: '#/storage',
    act: async (page) => {
      const held = [{ vault_id: 'a'.repeat(26), blocks: 1234, bytes: 5e8, unwanted_blocks: 3 }];
      await withSync(page, (list) => ({ ...list, held, hold_limit: 1e9 }));
      await page.getByRole('button', { name: 'Give up what is kept for the vault …aaaaaaaa' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Give up' }).click(); // nothing is kept there
      await page.getByRole('alert').getByText(/nothing is kept/i).waitFor();
    },
  },
  'what is kept and how fast': {
    hash: '#/storage',
    act: async (page) => {
      await page.getByRole('button', { name: 'Change what is kept, and how fast …' }).click();
      await page.getByLabel('Keep sealed copies for vaults of others').check();
      await page.getByLabel('At most').fill('x');
      await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
      await page.getByText('A number above zero is needed.').waitFor();
    },
  },
  'many machines': {
    at: () => meshed,
    hash: '#/system',
    act: async (page) => {
      await manyMachines(page, 50);
      await page.evaluate(() => (window.location.hash = '#/machines'));
      await page.getByText('Links as a table').click();
      await page.getByRole('link', { name: /^Machine 49, / }).focus();
    },
  },
  machine: {
    at: () => meshed,
    hash: () => `#/machines/${partner.id}`,
    act: async (page) => {
      await page.getByText('As a table').first().click();
      await page.getByRole('table').first().waitFor();
    },
  },
  'add a machine': {
    at: () => meshed,
    hash: '#/machines',
    act: async (page) => {
      await page.getByRole('button', { name: 'Add a machine' }).click();
      await page.getByRole('img', { name: 'The join URL as a QR code' }).waitFor();
    },
  },
  'change the key': {
    at: () => meshed,
    hash: '#/machines',
    act: async (page) => {
      await page.getByRole('link', { name: /^Attic, online, / }).waitFor();
      await page.getByRole('button', { name: 'Actions for A network with a long name' }).click();
      await page.getByRole('menuitem', { name: 'Change the key …' }).click();
      await page.getByText(/^Machines that are on/).waitFor();
    },
  },
  'who may connect': {
    at: () => meshed,
    hash: '#/machines',
    act: async (page) => {
      await page.getByRole('button', { name: 'Change who may connect …' }).click();
      await page.getByRole('dialog').getByLabel('Who may connect').selectOption('allow');
      await page.getByRole('dialog').getByText('Disconnected at once: Attic.').waitFor();
    },
  },
  'block a machine': {
    at: () => meshed,
    hash: () => `#/machines/${partner.id}`,
    act: async (page) => {
      await page.getByRole('button', { name: 'Block …' }).click();
      await page.getByText(/^This machine ends the connection/).waitFor();
    },
  },
  audit: { hash: '#/audit', act: (page) => page.getByRole('table').waitFor() },
  missing: { hash: '#/nowhere', act: (page) => page.getByText('There is no such page').waitFor() },
};

/** Walks the page with Tab and gives every stop whose focus cannot be seen. */
async function invisibleStops(page) {
  const look = () =>
    page.evaluate(() => {
      const element = document.activeElement;
      if (element === null || element === document.body) return null;
      const shows = (node, pseudo) => {
        const style = getComputedStyle(node, pseudo);
        return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
      };
      const box = element.getBoundingClientRect();
      const seen = shows(element) || shows(element, '::after') || (element.nextElementSibling !== null && shows(element.nextElementSibling)) ||
        (element.closest('label, [data-focus-frame]') !== null && shows(element.closest('label, [data-focus-frame]')));
      return { html: element.outerHTML.slice(0, 140), seen, inside: box.bottom > 0 && box.top < innerHeight };
    });
  const faults = [];
  const stops = new Set();
  let first = null;
  for (let i = 0; i < 80; i += 1) {
    await page.keyboard.press('Tab');
    const stop = await look();
    if (stop === null) continue;
    if (stop.html === first && stops.size > 1) break; // once round
    first ??= stop.html;
    stops.add(stop.html);
    if (!stop.seen || !stop.inside) faults.push(stop.html);
  }
  assert.ok(stops.size >= 2, `only ${stops.size} stops`);
  return faults;
}

const COLOURS = ['color-contrast', 'link-in-text-block'];

/** Whatever axe finds, by all rules or only by some. */
async function axe(page, rules) {
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {}))));
  const { violations } = await page.evaluate(
    (only) =>
      // eslint-disable-next-line no-undef -- it has been put into the page
      axe.run(document, { resultTypes: ['violations'], ...(only === undefined ? {} : { runOnly: only }) }),
    rules,
  );
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary}`));
}

const isTooWide = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth || document.body.scrollWidth > window.innerWidth);

/** Has a page that is open look otherwise. */
async function wear(page, width, scheme) {
  await page.setViewportSize({ width, height: 800 });
  await page.emulateMedia({ colorScheme: scheme });
  await page.waitForFunction(
    ([wide, name]) => window.innerWidth === wide && document.documentElement.dataset.mantineColorScheme === name,
    [width, scheme],
  );
  // what is laid out by what was measured follows with the next frames
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

/** What lies over the page or has been opened in it: another size must not have closed it before it is looked at. */
const opened = (page) =>
  page.evaluate(() =>
    ['dialog', 'menu', 'listbox', 'alert'].map((role) => `${document.querySelectorAll(`[role=${role}]`).length} ${role}`).join(', '),
  );

/**
 * Everything that is wrong with a page that shows a state. It was opened, and all that leads to the state was clicked, at the
 * least width. All rules of axe see it at each width, those about colours in each theme as well; Tab walks it at each width, in
 * the themes by turns.
 */
async function faultsOf(page, name, turn) {
  const found = [];
  await page.evaluate(axeSource);
  const open = await opened(page);
  for (const width of WIDTHS) {
    await wear(page, width, 'light');
    found.push(...(await axe(page)).map((fault) => `${width} px, light: ${fault}`));
    if (await isTooWide(page)) found.push(`${width} px: scrolls sideways`);
    await wear(page, width, 'dark');
    found.push(...(await axe(page, COLOURS)).map((fault) => `${width} px, dark: ${fault}`));
    assert.equal(await opened(page), open, `${name} at ${width} px`);
  }
  for (const [i, width] of WIDTHS.entries()) {
    if (name === 'menu') break; // Tab closes a menu
    const scheme = THEMES[(i + turn) % THEMES.length];
    await wear(page, width, scheme);
    found.push(...(await invisibleStops(page)).map((stop) => `${width} px, ${scheme}: focus not seen: ${stop}`));
  }
  return found.map((fault) => `${name}: ${fault}`);
}

/** A browser profile for each daemon, in which whoever opens a page is signed in. */
function profiles() {
  const contexts = new Map();
  return {
    async page(machine, hash) {
      if (!contexts.has(machine)) {
        const context = await browser.chrome.newContext({ viewport: { width: WIDTHS[0], height: 800 }, locale: 'en-US', reducedMotion: 'reduce' });
        const token = (machine.token ??= machine.cli(['token']));
        await context.addInitScript(
          (text) => {
            localStorage.clear();
            sessionStorage.setItem('meshhold.session', text);
          },
          JSON.stringify({ token, expiresAtMs: Date.now() + 3_600_000, stay: false }),
        );
        contexts.set(machine, context);
      }
      const page = await contexts.get(machine).newPage();
      page.setDefaultTimeout(15_000);
      browser.watch(page, new URL(machine.url).origin, ['500', '404', '409']);
      await page.goto(machine.url + hash);
      await page.getByRole('heading', { level: 1 }).waitFor({ state: 'attached' });
      return page;
    },
    async end() {
      for (const context of contexts.values()) await context.close();
    },
  };
}

describe('a person without a mouse, or with eyes that see little', { concurrency: true }, () => {
  it('axe finds nothing, and Tab shows where it is', { timeout: 480_000 }, async () => {
    const found = [];
    const queue = Object.entries(states).entries();
    const work = async () => {
      const profile = profiles();
      for (const [turn, [name, { at, hash, act }]] of queue) {
        const page = await profile.page(at?.() ?? daemon, typeof hash === 'function' ? hash() : hash);
        await act?.(page);
        found.push(...(await faultsOf(page, name, turn)));
        await page.close();
      }
      await profile.end();
    };
    await Promise.all([work(), work()]);
    const login = await browser.page(daemon.url, { width: WIDTHS[0], options: { reducedMotion: 'reduce' } });
    await login.goto(daemon.url);
    await login.getByText('No password has been set yet').waitFor();
    found.push(...(await faultsOf(login, 'login', 0)));
    await login.context().close();
    assert.deepEqual(found, []);
    browser.check();
  });

  it('Lighthouse gives every page 100 for accessibility and at least 95 for best practices', { timeout: 480_000 }, async () => {
    const port = 20_000 + (process.pid % 10_000); // below those that the system gives to others
    const chrome = await chromium.launch({ executablePath, args: [...chromiumArgs, `--remote-debugging-port=${port}`] });
    try {
      const options = { port, output: 'json', logLevel: 'error' };
      const config = {
        extends: 'lighthouse:default',
        settings: {
          onlyCategories: ['accessibility', 'best-practices'],
          // nothing here is about speed: a page has come when nothing comes any more
          pauseAfterFcpMs: 0, pauseAfterLoadMs: 0, networkQuietThresholdMs: 500, cpuQuietThresholdMs: 250,
          disableFullPageScreenshot: true,
        },
      };
      for (const hash of ['#/', `#/vaults/${vault}`, `#/trash/${vault}`, `#/analytics/${vault}`, '#/transfers', '#/machines', '#/storage', '#/system', '#/audit', null]) {
        const url = hash === null ? daemon.url : daemon.loginUrl() + hash;
        const { lhr } = await lighthouse(url, options, config);
        const failed = Object.values(lhr.audits).filter(({ score }) => score !== null && score < 1).map(({ id }) => id);
        assert.equal(lhr.runtimeError, undefined, url);
        assert.equal(new URL(lhr.finalDisplayedUrl).search, '', 'signed in, or never asked to');
        assert.equal(lhr.categories.accessibility.score, 1, `${hash}: ${failed.join()}`);
        assert.ok(lhr.categories['best-practices'].score >= 0.95, `${hash}: ${failed.join()}`);
      }
      const { events } = await (await daemon.api('GET', '/audit?types=auth.fail')).json();
      assert.deepEqual(events, [], 'a link was used twice, so a login page was looked at');
    } finally {
      await chrome.close();
    }
  });
});

describe('focus and motion', () => {
  it('go with the person', async () => {
    const page = await signedIn(browser, daemon, '', { options: { reducedMotion: 'reduce' } });
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.tagName), 'MAIN');
    await page.getByRole('link', { name: 'System' }).press('Enter');
    await page.waitForFunction(() => document.activeElement.tagName === 'H1' && document.activeElement.textContent === 'System');
    assert.equal(await page.title(), 'System – MeshHold');
    const slow = await page.evaluate(() =>
      [...document.querySelectorAll('*')].filter((node) => parseFloat(getComputedStyle(node).transitionDuration) > 0.01).length,
    );
    assert.equal(slow, 0);
    await page.context().close();
    browser.check();
  });

  it('a chosen theme is remembered', async () => {
    const page = await signedIn(browser, daemon, '', { scheme: 'light' });
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await page.getByRole('button', { name: 'Theme: automatic' }).click();
    await page.getByRole('menuitem', { name: 'dark' }).click();
    await page.waitForFunction((before) => getComputedStyle(document.body).backgroundColor !== before, light);
    const dark = await background();
    await page.reload();
    await page.getByRole('button', { name: 'Theme: dark' }).waitFor();
    assert.equal(await background(), dark);
    await page.context().close();
    browser.check();
  });
});
