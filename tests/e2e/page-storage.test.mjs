// SPDX-License-Identifier: GPL-3.0-or-later
// The health of the storage: a check that finds damage, what is saved, and copies of the catalogue.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Browser, done, row, signedIn } from './lib/browser.mjs';
import { Daemon } from './lib/daemon.mjs';

const HEADER = 56; // bytes of a record before the id of its block
const daemons = [];
let browser;

async function start(config = '') {
  const daemon = await Daemon.start(config);
  daemons.push(daemon);
  return daemon;
}

before(async () => {
  browser = await Browser.start();
});
after(async () => {
  await browser.stop();
  for (const daemon of daemons) if (daemon.process.exitCode === null) await daemon.end(); // of a test that failed
});

async function damage(daemon, vault, path) {
  const { blocks } = await (await daemon.api('GET', `/vaults/${vault}/files${path}`)).json();
  const blocksDir = join(daemon.home, 'blocks');
  const segment = join(blocksDir, readdirSync(blocksDir).filter((name) => name.endsWith('.seg')).sort().at(-1));
  const data = readFileSync(segment);
  data[data.indexOf(Buffer.from(blocks[0].id, 'hex')) - HEADER + 96 + 1000] ^= 4;
  writeFileSync(segment, data);
}

describe('the storage', () => {
  it('is checked: damage is named, leads to the file, and is healed', { timeout: 120_000 }, async () => {
    const daemon = await start('  scrub_rate: 0\n');
    const vault = await daemon.newVault('Checked');
    const content = randomBytes(20_000);
    await daemon.put(vault, '/folder/broken.bin', content);
    await daemon.put(vault, '/whole.bin', randomBytes(20_000));
    const page = await signedIn(browser, daemon, '#/storage');
    const health = page.getByRole('region', { name: 'Health' });
    const check = health.getByRole('button', { name: 'Check everything now' });
    await health.getByText('Not checked yet').waitFor();
    await check.click();
    await health.getByText('Everything is whole').waitFor();

    await damage(daemon, vault, '/folder/broken.bin');
    await check.click();
    await health.getByText('1 file is damaged').waitFor();
    await health.getByRole('link', { name: 'Checked/folder/broken.bin' }).click();
    await row(page, 'broken.bin').waitFor();
    await daemon.put(vault, '/again.bin', content);
    await page.getByRole('link', { name: 'Storage' }).click();
    await check.click();
    await health.getByText('Everything is whole').waitFor();
    await done(browser, page);
    await daemon.stop(/damaged|cannot be read/);
  });

  it('shows how far a check is, and stops it', async () => {
    const daemon = await start('  scrub_rate: 100KiB\n');
    const vault = await daemon.newVault('Slow');
    for (let i = 0; i < 3; i += 1) await daemon.put(vault, `/${i}`, randomBytes(1_000_000));
    const page = await signedIn(browser, daemon, '#/storage');
    await page.getByRole('button', { name: 'Check everything now' }).click();
    await page.getByRole('progressbar', { name: 'Progress of the check' }).waitFor({ state: 'attached' });
    await page.getByText('at most 100 KiB per second', { exact: false }).waitFor();
    await page.getByRole('button', { name: 'Stop the check' }).click();
    await page.getByRole('button', { name: 'Check everything now' }).waitFor();
    await done(browser, page);
    await daemon.stop();
  });

  it('says what it takes and saves, and copies its catalogue', async () => {
    const daemon = await start();
    const vault = await daemon.newVault('Shared');
    const content = randomBytes(1024 * 1024);
    for (const name of ['/a', '/b', '/c', '/d']) await daemon.put(vault, name, content);
    const page = await signedIn(browser, daemon, '#/storage');
    const space = page.getByRole('region', { name: 'Space' });
    await space.getByText('75 %').waitFor();
    await space.getByText('4.00 MiB').waitFor();
    await space.getByRole('list', { name: 'Space by vault' }).getByText('Shared').waitFor();
    const copies = page.getByRole('region', { name: 'Copies of the catalogue' });
    await copies.getByRole('button', { name: 'Copy it now' }).click();
    await page.getByText(/^The catalogue is copied: /).waitFor();
    const { backup } = await (await daemon.api('GET', '/storage')).json();
    assert.ok(backup.count >= 1 && existsSync(backup.path));
    await copies.getByText(backup.path).waitFor();
    await done(browser, page);
    await daemon.stop();
  });
});
