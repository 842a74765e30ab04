// SPDX-License-Identifier: GPL-3.0-or-later
// A real Chromium that notes everything a page must not do.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

export const executablePath =
  process.env.CHROME_PATH ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

export const chromiumArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export class Browser {
  static async start() {
    return new Browser(await chromium.launch({ executablePath, args: chromiumArgs }));
  }

  constructor(chrome) {
    this.chrome = chrome;
    this.complaints = [];
  }

  /** A page in a profile of its own. Statuses in `expected` may appear in the console. */
  async page(origin, { width = 1280, height = 800, scheme = 'light', locale = 'en-US', expected = [], options = {} } = {}) {
    const context = await this.chrome.newContext({
      viewport: { width, height }, colorScheme: scheme, locale, acceptDownloads: true, ...options,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    this.watch(page, new URL(origin).origin, expected);
    return page;
  }

  watch(page, origin, expected) {
    page.on('console', (message) => {
      const text = `${message.text()} ${message.location().url}`;
      const known = expected.some((what) => text.includes(what));
      if (['error', 'warning'].includes(message.type()) && !known) this.complaints.push(text);
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (!['blob:', 'data:'].includes(url.protocol) && url.origin !== origin) this.complaints.push(`request to ${url}`);
    });
  }

  /** Whatever a page has complained about since the last call. */
  check() {
    const complaints = this.complaints;
    this.complaints = [];
    assert.deepEqual(complaints, []);
  }

  async stop() {
    await this.chrome.close();
  }
}

/** A page that is signed in by a one-time link, as the tray opens it. */
export async function signedIn(browser, daemon, hash = '', options = {}) {
  const page = await browser.page(daemon.url, options);
  await page.goto(daemon.loginUrl() + hash);
  await page.getByRole('heading', { level: 1 }).waitFor({ state: 'attached' });
  return page;
}

/** A new vault with files in it, and a page that shows it. */
export async function openVault(browser, daemon, name, files = {}, options = {}) {
  const vault = await daemon.newVault(name);
  for (const [path, content] of Object.entries(files)) await daemon.put(vault, path, content);
  const page = await signedIn(browser, daemon, `#/vaults/${vault}`, options);
  await page.getByRole('heading', { level: 1, name }).waitFor({ state: 'attached' });
  return { vault, page };
}

/** Ends a page, which must have had nothing to complain about. */
export async function done(browser, page) {
  await page.context().close();
  browser.check();
}

export const row = (page, name) =>
  page.getByRole('row').filter({ has: page.locator('[data-open]', { hasText: new RegExp(`^${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`) }) });

/** Takes a download and gives its name and bytes. */
export async function downloadOf(page, action) {
  const [download] = await Promise.all([page.waitForEvent('download'), action()]);
  const stream = await download.createReadStream();
  const parts = [];
  for await (const part of stream) parts.push(part);
  return { name: download.suggestedFilename(), bytes: Buffer.concat(parts) };
}
