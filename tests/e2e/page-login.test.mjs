// SPDX-License-Identifier: GPL-3.0-or-later
// Signing in: by a link, by password, locked out, signed out, and back at the same place.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Browser, signedIn } from './lib/browser.mjs';
import { Daemon } from './lib/daemon.mjs';

const PASSWORD = 'correct horse battery';
const refused = { expected: ['401', '429', '503'] };
let daemon;
let browser;

before(async () => {
  [daemon, browser] = await Promise.all([Daemon.start(), Browser.start()]);
});
after(async () => {
  await browser.stop();
  await daemon.stop();
});

const heading = (page, name) => page.getByRole('heading', { level: 1, name });

async function typePassword(page, password) {
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

describe('signing in', () => {
  it('needs no typing with a link, which leaves no trace and works once', async () => {
    const page = await browser.page(daemon.url, refused);
    const url = daemon.loginUrl();
    await page.goto(url);
    await heading(page, 'Vaults').waitFor();
    assert.equal(await page.evaluate(() => location.search), '');
    assert.equal(await page.title(), 'Vaults – MeshHold');
    await page.reload();
    await heading(page, 'Vaults').waitFor();

    const second = await browser.page(daemon.url, refused);
    await second.goto(url);
    await second.getByText('The login link no longer works').waitFor();
    assert.equal(await second.evaluate(() => location.search), '');
    await Promise.all([page.context().close(), second.context().close()]);
    browser.check();
  });

  it('explains itself while no password is set', async () => {
    const page = await browser.page(daemon.url, refused);
    await page.goto(daemon.url);
    await page.getByText('No password has been set yet').waitFor();
    await page.getByText('meshhold passwd', { exact: true }).waitFor();
    await typePassword(page, PASSWORD);
    await page.getByText('No password has been set yet').waitFor();
    await page.context().close();
    browser.check();
  });

  it('says when the password is wrong, and lets the right one in', async () => {
    daemon.cli(['passwd'], `${PASSWORD}\n`);
    const page = await browser.page(daemon.url, refused);
    await page.goto(daemon.url);
    await typePassword(page, '');
    await page.getByText('Type the password first.').waitFor();
    await typePassword(page, 'wrong');
    await page.getByText('This password is wrong.').waitFor();
    await typePassword(page, PASSWORD);
    await heading(page, 'Vaults').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await heading(page, 'Sign in').waitFor();
    await page.reload();
    await heading(page, 'Sign in').waitFor();
    await page.context().close();
    browser.check();
  });

  it('forgets the session with the tab, or keeps it when told so', async () => {
    const page = await browser.page(daemon.url, refused);
    await page.goto(daemon.url);
    await typePassword(page, PASSWORD);
    await heading(page, 'Vaults').waitFor();
    const other = await page.context().newPage();
    await other.goto(daemon.url);
    await heading(other, 'Sign in').waitFor();
    await other.getByLabel('Stay signed in').check();
    await typePassword(other, PASSWORD);
    await heading(other, 'Vaults').waitFor();
    const third = await page.context().newPage();
    await third.goto(daemon.url);
    await heading(third, 'Vaults').waitFor();
    await page.context().close();
    browser.check();
  });

  it('comes back to the same place after the session has ended', async () => {
    const page = await signedIn(browser, daemon, '#/audit', refused);
    await heading(page, 'Audit log').waitFor();
    await page.evaluate(async () => {
      const { token } = JSON.parse(sessionStorage.getItem('meshhold.session'));
      await fetch('/api/v1/auth/logout', { method: 'POST', headers: { Authorization: `Bearer ${token}` } });
    });
    // the stream of events may be the first to find out, and then this is not there any more
    const ended = page.getByText('Your session has ended.');
    await Promise.any([page.getByLabel('Show', { exact: true }).selectOption('Vaults'), ended.waitFor()]);
    await ended.waitFor();
    await typePassword(page, PASSWORD);
    await heading(page, 'Audit log').waitFor();
    await page.context().close();
    browser.check();
  });

  it('speaks German to a German browser, and English on demand', async () => {
    const page = await browser.page(daemon.url, { locale: 'de-AT' });
    await page.goto(daemon.url);
    await heading(page, 'Anmelden').waitFor();
    assert.equal(await page.getAttribute('html', 'lang'), 'de');
    await page.getByRole('button', { name: 'Sprache: Deutsch' }).click();
    await page.getByRole('menuitem', { name: 'English' }).click();
    await heading(page, 'Sign in').waitFor();
    await page.reload();
    await heading(page, 'Sign in').waitFor();
    await page.context().close();
    browser.check();
  });

  // the last one: it locks this address out
  it('counts down after too many wrong passwords', async () => {
    const page = await browser.page(daemon.url, refused);
    await page.goto(daemon.url);
    const button = page.getByRole('button', { name: 'Sign in' });
    const locked = page.getByText('Too many wrong passwords');
    for (let attempt = 1; attempt <= 16 && !(await locked.isVisible()); attempt += 1) {
      await typePassword(page, `wrong ${attempt}`);
      await locked.or(page.getByText('This password is wrong.')).waitFor();
      await page.waitForFunction(() => document.querySelector('button[type=submit]').dataset.loading === undefined);
    }
    await locked.waitFor();
    assert.equal(await button.isDisabled(), true);
    const countdown = page.getByText(/Try again in \d/);
    const first = await countdown.textContent();
    await page.waitForFunction((text) => ![...document.querySelectorAll('span')].some((span) => span.textContent === text), first);
    assert.match(await countdown.textContent(), /Try again in \d/);
    await page.context().close();
    browser.check();
  });
});
