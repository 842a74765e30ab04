// SPDX-License-Identifier: GPL-3.0-or-later
// The life of vaults and files on the page, by mouse and by keyboard.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Browser, downloadOf, row, signedIn } from './lib/browser.mjs';
import { png, wav } from './lib/corpus.mjs';
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

const activeRow = (page) => page.locator('[role=row][data-active=true] [data-open]').textContent();

/** The names of the files in a zip, from its directory at the end. */
function namesInZip(bytes) {
  const names = [];
  for (let at = bytes.indexOf('PK\x01\x02', 0, 'latin1'); at >= 0; at = bytes.indexOf('PK\x01\x02', at + 46, 'latin1'))
    names.push(bytes.subarray(at + 46, at + 46 + bytes.readUInt16LE(at + 28)).toString());
  return names.filter((name) => !name.endsWith('/')).sort();
}

async function openVault(name, files = {}, options = {}) {
  const vault = await daemon.newVault(name);
  for (const [path, content] of Object.entries(files)) await daemon.put(vault, path, content);
  const page = await signedIn(browser, daemon, `#/vaults/${vault}`, options);
  await page.getByRole('heading', { level: 1, name }).waitFor({ state: 'attached' });
  return { vault, page };
}

/** Waits until what has opened took the focus: it does so a moment after it appears, and a key before that is lost. */
async function focusIn(locator) {
  await locator.and(locator.page().locator(':focus, :has(:focus)')).waitFor();
}

/** Presses a key until what is wanted has the focus. */
async function goTo(key, wanted) {
  await wanted.waitFor();
  for (let i = 0; i < 30; i += 1) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
    await wanted.page().keyboard.press(key);
  }
  assert.fail(`${key} does not lead to ${wanted}`);
}

async function done(page) {
  await page.context().close();
  browser.check();
}

describe('vaults', () => {
  it('are made, renamed and deleted', async () => {
    const page = await signedIn(browser, daemon, '', { expected: ['409'] });
    await page.getByText('Make your first vault').waitFor();
    await page.getByRole('button', { name: 'New vault' }).first().click();
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByText('A vault needs a name.').waitFor();
    await page.getByRole('textbox', { name: 'Name' }).fill('Reise & Fotos');
    await page.keyboard.press('Enter');
    await page.getByText('Nothing here yet').waitFor();
    assert.equal(await page.title(), 'Reise & Fotos – MeshHold');

    await page.getByRole('link', { name: 'Vaults' }).first().click();
    await page.getByRole('button', { name: 'New vault' }).first().click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Reise & Fotos');
    await page.keyboard.press('Enter');
    await page.getByText('There is a vault of this name already.').waitFor();
    await page.keyboard.press('Escape');

    await page.getByRole('button', { name: 'Actions for Reise & Fotos' }).click();
    await page.getByRole('menuitem', { name: 'Rename …' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Urlaub 🎉');
    await page.getByRole('button', { name: 'Rename', exact: true }).click();
    await page.getByRole('link', { name: 'Urlaub 🎉' }).waitFor();

    await page.getByRole('button', { name: 'Actions for Urlaub 🎉' }).click();
    await page.getByRole('menuitem', { name: 'Delete …' }).click();
    const destroy = page.getByRole('button', { name: 'Delete for ever' });
    assert.equal(await destroy.isDisabled(), true);
    await page.getByLabel('Type the name').fill('Urlaub 🎉');
    await destroy.click();
    await page.getByText('Make your first vault').waitFor();
    await done(page);
  });
});

describe('files', () => {
  it('are previewed: pictures, text as text, sound by ranges', async () => {
    const long = `<script>document.title = 'run'</script>\n${'text\n'.repeat(60_000)}`;
    const { page } = await openVault('Preview', {
      '/a.png': png(320, 200), '/b.html': long, '/c.wav': wav(3), '/d.bin': 'x', '/e.txt': '', '/f.svg':
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>top.document.title="run"</script></svg>',
    });
    await row(page, 'a.png').locator('[data-open]').click();
    const picture = page.getByRole('img', { name: 'a.png' });
    await picture.waitFor();
    await page.waitForFunction(() => document.querySelector('img[alt="a.png"]').naturalWidth === 320);
    await page.keyboard.press('ArrowRight');
    const text = page.locator('pre');
    await text.waitFor();
    assert.match(await text.textContent(), /^<script>document.title = 'run'<\/script>/);
    assert.equal((await text.textContent()).length, 256 * 1024);
    await page.getByText('This is the beginning only').waitFor();
    await page.getByRole('button', { name: 'Next file' }).click();
    await page.waitForFunction(() => document.querySelector('audio')?.duration === 3);
    await page.getByRole('button', { name: 'Next file' }).click();
    await page.getByText('There is no preview for this file').waitFor();
    await page.getByRole('button', { name: 'Next file' }).click();
    await page.getByText('(empty)').waitFor();
    await page.getByRole('button', { name: 'Next file' }).click();
    await page.getByRole('img', { name: 'f.svg' }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Next file' }).isDisabled(), true);
    await page.keyboard.press('Escape');
    assert.equal(await page.title(), 'Preview – MeshHold');
    await done(page);
  });

  it('never run in our origin, even when opened on their own', async () => {
    const { vault, page } = await openVault('Evil', {
      '/evil.html': '<title>kept</title><script>document.title = "run"</script>',
      '/evil.svg': '<svg xmlns="http://www.w3.org/2000/svg"><title>kept</title><script>document.querySelector("title").textContent = "run"</script></svg>',
    }, { expected: ['Blocked script', 'Content Security Policy', 'sandboxed'] });
    const token = daemon.cli(['token']);
    for (const name of ['evil.html', 'evil.svg']) {
      await page.goto(new URL(`/api/v1/vaults/${vault}/stream/${name}?token=${token}`, daemon.url).href);
      assert.notEqual(await page.title(), 'run');
    }
    await done(page);
  });

  it('are downloaded, one and several', async () => {
    const { page } = await openVault('Download', { '/100%2F #1?.txt': 'percent', '/two.txt': 'zwei' });
    await row(page, '100%2F #1?.txt').getByRole('button').click();
    const one = await downloadOf(page, () => page.getByRole('menuitem', { name: 'Download' }).click());
    assert.equal(one.bytes.toString(), 'percent');
    await page.getByRole('grid').press('Control+a');
    const names = [];
    const both = new Promise((resolve) => {
      page.on('download', (download) => names.push(download.suggestedFilename()) === 2 && resolve());
    });
    await page.getByRole('toolbar').getByRole('button', { name: 'Download', exact: true }).click();
    await both;
    assert.ok(names.includes('two.txt'));
    await done(page);
  });

  it('have versions, which are downloaded and restored', async () => {
    const { vault, page } = await openVault('Versions', { '/note.txt': 'first' });
    await daemon.put(vault, '/note.txt', 'second');
    await row(page, 'note.txt').getByRole('button').click();
    await page.getByRole('menuitem', { name: 'Versions' }).click();
    const items = page.getByRole('dialog').getByRole('listitem');
    await items.nth(1).waitFor();
    assert.equal(await items.count(), 2);
    const old = await downloadOf(page, () => items.nth(1).getByRole('button', { name: 'Download' }).click());
    assert.deepEqual([old.name, old.bytes.toString()], ['note.txt', 'first']);
    await items.nth(1).getByRole('button', { name: 'Restore' }).click();
    await items.nth(2).waitFor();
    assert.equal((await daemon.get(vault, '/note.txt')).toString(), 'first');
    await done(page);
  });

  it('are deleted with undo, folders too, and shown when deleted', async () => {
    const { vault, page } = await openVault('Delete', { '/a/x.txt': 'x', '/a/b/y.txt': 'y', '/z.txt': 'z' });
    await row(page, 'a').locator('[role=gridcell]').first().locator('span').first().click();
    await page.getByRole('toolbar').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('“a” is deleted.').waitFor();
    await row(page, 'a').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Undo' }).click();
    await row(page, 'a').waitFor();
    assert.equal((await daemon.get(vault, '/a/b/y.txt')).toString(), 'y');

    await row(page, 'z.txt').locator('[role=gridcell]').first().locator('span').first().click();
    await page.getByRole('grid').press('Delete');
    await row(page, 'z.txt').waitFor({ state: 'detached' });
    await page.getByRole('switch', { name: 'Show deleted' }).or(page.getByLabel('Show deleted')).first().check({ force: true });
    await row(page, 'z.txt').getByText('deleted').waitFor();
    await row(page, 'z.txt').getByRole('button').click();
    await page.getByRole('menuitem', { name: 'Restore' }).click();
    await row(page, 'z.txt').getByText('deleted').waitFor({ state: 'detached' });
    assert.equal((await daemon.get(vault, '/z.txt')).toString(), 'z');
    await done(page);
  });

  it('stay as they are shown while the list of vaults cannot be had', async () => {
    const { page } = await openVault('Away', { '/kept.txt': 'k' }, { expected: ['500'] });
    const deleted = page.getByLabel('Show deleted');
    await row(page, 'kept.txt').waitFor();
    await deleted.check({ force: true });
    await page.getByPlaceholder('Filter by name').fill('kept');
    await page.route('**/api/v1/vaults', (route) => route.fulfill({ status: 500, contentType: 'application/json', body: '{"error":"out of order"}' }));
    const failed = page.waitForResponse((response) => response.status() === 500);
    await daemon.newVault('Another'); // which is told, and has the page ask for the list
    await (await failed).finished();
    await page.waitForTimeout(300); // it would be gone by then
    assert.equal(await deleted.isChecked(), true);
    assert.equal(await page.getByPlaceholder('Filter by name').inputValue(), 'kept');
    await row(page, 'kept.txt').waitFor();
    await page.unroute('**/api/v1/vaults');
    await done(page);
  });

  it('move by drag onto a folder and onto the path, and back by undo', async () => {
    const { vault, page } = await openVault('Drag', { '/folder/in.txt': 'in', '/out.txt': 'out' });
    await row(page, 'out.txt').dragTo(row(page, 'folder'));
    await page.getByText('1 item is now in folder.').waitFor();
    await row(page, 'out.txt').waitFor({ state: 'detached' });
    assert.equal((await daemon.get(vault, '/folder/out.txt')).toString(), 'out');
    await row(page, 'folder').locator('[data-open]').click();
    await row(page, 'in.txt').dragTo(page.getByRole('link', { name: 'Drag' }));
    await page.getByText('1 item is now in the top of the vault.').waitFor();
    await row(page, 'in.txt').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Undo' }).last().click();
    await row(page, 'in.txt').waitFor();
    await done(page);
  });

  it('are copied, and a name that is taken is asked about', async () => {
    const { vault, page } = await openVault('Copy', { '/a.txt': 'new a', '/b.txt': 'new b', '/to/a.txt': 'old a', '/to/b.txt': 'old b' }, { expected: ['409'] });
    const dialog = page.getByRole('dialog');
    const copy = async (place) => {
      await page.getByRole('grid').focus();
      await page.keyboard.press('Control+a');
      await row(page, 'to').locator('[role=gridcell]').first().locator('span').first().click(); // all but the folder
      await page.getByRole('toolbar').getByRole('button', { name: 'Copy' }).click();
      if (place !== null) await dialog.getByRole('button', { name: place, exact: true }).click();
    };
    await copy('to');
    await dialog.getByRole('button', { name: 'Copy to “to”' }).click();
    await dialog.getByText('to/a.txt').waitFor();
    await dialog.getByRole('button', { name: 'New version' }).click();
    await dialog.getByText('to/b.txt').waitFor();
    await dialog.getByRole('button', { name: 'Keep both' }).click();
    await page.getByText('2 items are copied to to.').waitFor();
    const texts = await Promise.all(['/to/a.txt', '/to/b.txt', '/to/b (2).txt'].map((path) => daemon.get(vault, path)));
    assert.deepEqual(texts.map(String), ['new a', 'old b', 'new b']);

    await copy(null);
    await dialog.getByRole('button', { name: 'Copy to “Copy”' }).click();
    await row(page, 'a (2).txt').waitFor();
    await row(page, 'b (2).txt').waitFor();
    await page.getByRole('button', { name: 'Undo' }).last().click();
    await row(page, 'a (2).txt').waitFor({ state: 'detached' });
    await row(page, 'b.txt').waitFor();
    await done(page);
  });

  it('are moved to where the name is taken under another name, or not at all', async () => {
    const { vault, page } = await openVault('Taken', { '/a.txt': 'mine', '/to/a.txt': 'theirs' }, { expected: ['409'] });
    await row(page, 'a.txt').getByRole('button').click();
    await page.getByRole('menuitem', { name: 'Move …' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'to', exact: true }).click();
    await dialog.getByRole('button', { name: 'Move to “to”' }).click();
    await dialog.getByText('There is something of this name already.').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await row(page, 'a.txt').dragTo(row(page, 'to'));
    await row(page, 'a.txt').waitFor({ state: 'detached' });
    assert.equal((await daemon.get(vault, '/to/a (2).txt')).toString(), 'mine');
    await done(page);
  });

  it('come as one zip, folders and selections', async () => {
    const { page } = await openVault('Zip', { '/folder/in/a.txt': 'aaa', '/b.txt': 'bbb' });
    await row(page, 'folder').getByRole('button').click();
    const one = await downloadOf(page, () => page.getByRole('menuitem', { name: 'Download as zip' }).click());
    assert.equal(one.name, 'folder.zip');
    assert.deepEqual(namesInZip(one.bytes), ['folder/in/a.txt']);
    await page.getByRole('grid').press('Control+a');
    const all = await downloadOf(page, () => page.getByRole('toolbar').getByRole('button', { name: 'Download as zip' }).click());
    assert.equal(all.name, 'Zip.zip');
    assert.deepEqual(namesInZip(all.bytes), ['b.txt', 'folder/in/a.txt']);
    await done(page);
  });

  it('appear, change and vanish as others work on them', async () => {
    const { vault, page } = await openVault('Live', { '/here.txt': '1' });
    await daemon.put(vault, '/new.txt', 'from elsewhere');
    await row(page, 'new.txt').waitFor();
    await daemon.put(vault, '/deep/er/file.txt', 'x');
    await row(page, 'deep').waitFor();
    await daemon.api('DELETE', `/vaults/${vault}/files/here.txt`);
    await row(page, 'here.txt').waitFor({ state: 'detached' });
    await daemon.api('POST', `/vaults/${vault}/move`, { from: '/new.txt', to: '/old.txt' });
    await row(page, 'old.txt').waitFor();
    await done(page);
  });

  it('come in thousands, and only those in sight are drawn', async () => {
    const files = Object.fromEntries(Array.from({ length: 1300 }, (_, i) => [`/f ${i}.txt`, `${i}`]));
    const { page } = await openVault('Many', files);
    await page.getByText('1,300 items').waitFor();
    assert.ok((await page.getByRole('row').count()) < 80);
    await page.getByRole('grid').focus();
    await page.keyboard.press('End');
    assert.equal(await activeRow(page), 'f 1299.txt');
    await page.getByPlaceholder('Filter by name').or(page.getByRole('toolbar')).first().waitFor();
    await page.keyboard.press('Escape');
    await page.getByLabel('Filter by name').fill('f 77');
    await page.getByText('11 items').waitFor();
    await done(page);
  });
});

describe('the keyboard alone', () => {
  it('does all of it', async () => {
    const { vault, page } = await openVault('Keys', { '/a/deep.txt': 'd', '/b.txt': 'b', '/c.txt': 'c' });
    const press = (key) => page.keyboard.press(key);
    for (let i = 0; i < 30; i += 1) {
      if (await page.evaluate(() => document.activeElement.getAttribute('role') === 'grid')) break;
      await press('Tab');
    }
    await press('Home');
    assert.equal(await activeRow(page), 'a');
    await press('Enter');
    await row(page, 'deep.txt').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('role')), 'grid');
    await press('Backspace');
    await row(page, 'b.txt').waitFor();
    assert.equal(await activeRow(page), 'a');

    await press('ArrowDown');
    await press('F2');
    await focusIn(page.getByRole('dialog'));
    await page.keyboard.type('renamed');
    await press('Enter');
    await row(page, 'renamed.txt').waitFor();
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    await press('End');
    assert.equal(await activeRow(page), 'renamed.txt');
    await press('Shift+F10');
    await focusIn(page.getByRole('menu'));
    await goTo('ArrowDown', page.getByRole('menuitem', { name: 'Move …' }));
    await press('Enter');
    const dialog = page.getByRole('dialog');
    await focusIn(dialog);
    await goTo('Tab', dialog.getByRole('button', { name: 'a', exact: true }));
    await press('Enter');
    await goTo('Tab', page.getByRole('button', { name: 'Move to “a”' }));
    await press('Enter');
    await row(page, 'renamed.txt').waitFor({ state: 'detached' });
    assert.equal((await daemon.get(vault, '/a/renamed.txt')).toString(), 'b');

    await page.getByRole('grid').focus();
    await press('Control+a');
    assert.equal(await page.locator('[role=row][aria-selected=true]').count(), 2);
    await press('Escape');
    assert.equal(await page.locator('[role=row][aria-selected=true]').count(), 0);
    await press('End');
    await press('Enter');
    await page.getByRole('dialog').locator('pre').waitFor();
    await press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.activeElement.getAttribute('role') === 'grid');
    await press('Delete');
    await page.getByText('“c.txt” is deleted.').waitFor();
    await done(page);
  });
});
