// SPDX-License-Identifier: GPL-3.0-or-later
// Networks of machines: several daemons on loopback, seen through the page of one of them.
import { after, before, describe, it } from 'node:test';
import { Browser, done, signedIn } from './lib/browser.mjs';
import { found, joined } from './lib/mesh.mjs';

let browser;
let one;
let two;

before(async () => {
  browser = await Browser.start();
  one = await found('home', '  display_name: Küche\n  country: DE\n');
  two = await joined(one, '  display_name: Attic\n  metered: true\n');
});
after(async () => {
  await browser.stop();
  for (const daemon of [two, one]) await daemon.stop();
});

describe('the system page', () => {
  it('says how many machines are there, also when one comes', async () => {
    const page = await signedIn(browser, one, '#/system');
    await page.getByText('home: 1 other machine is there').waitFor();
    const three = await joined(one);
    await page.getByText('home: 2 other machines are there').waitFor();
    await three.stop();
    await done(browser, page);
  });
});
