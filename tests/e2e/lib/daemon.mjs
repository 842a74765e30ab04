// SPDX-License-Identifier: GPL-3.0-or-later
// Starts the real daemon for a test, in a home of its own.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const build = resolve(process.env.MESHHOLD_BUILD_DIR ?? join(root, 'build'));
const START_MS = 15_000;
const LONELY = 'node:\n  listen_addrs: [/ip4/127.0.0.1/tcp/0]\n  mdns: false\n  upnp:\n    enabled: false\n';

export class Daemon {
  /** One that speaks to nobody beyond this machine; more lines go below "node:". */
  static async start(more = '') {
    const daemon = new Daemon(mkdtempSync(join(tmpdir(), 'meshhold-e2e-')));
    writeFileSync(join(daemon.home, 'config.yaml'), LONELY + more, { mode: 0o600 });
    await daemon.run('127.0.0.1:0');
    return daemon;
  }

  constructor(home) {
    this.home = home;
    this.log = '';
  }

  async run(listen) {
    const program = join(build, 'daemon', 'meshholdd');
    this.process = spawn(program, ['--home', this.home, '--listen', listen], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.exit = once(this.process, 'exit');
    this.process.stderr.setEncoding('utf8').on('data', (text) => (this.log += text));
    const timer = setTimeout(() => this.process.kill('SIGKILL'), START_MS);
    const [line] = await Promise.race([once(createInterface(this.process.stdout), 'line'), this.exit.then(() => [''])]);
    clearTimeout(timer);
    assert.match(line, /^ready http/, `the daemon did not start: ${this.log}`);
    this.url = line.slice('ready '.length);
  }

  /** Ends it and starts it again at the same address. */
  async restart(whileDown = async () => {}) {
    const { host } = new URL(this.url);
    await this.end();
    await whileDown();
    await this.run(host);
  }

  async end() {
    this.process.kill('SIGTERM');
    await this.exit;
  }

  /** Ends it for good; what it said on the way must hold no warning but the expected ones. */
  async stop(expected = /auth login failed/) {
    await this.end();
    rmSync(this.home, { recursive: true, force: true });
    const bad = this.log.split('\n').filter((line) => /^\d\d:\d\d:\d\d (warn|error) |\b(WARNING|CRITICAL|Sanitizer)\b/.test(line));
    assert.deepEqual(bad.filter((line) => !expected.test(line)), []);
  }

  /** Runs the command line; gives what it prints. */
  cli(args, input = '') {
    const done = spawnSync(join(build, 'app', 'meshhold'), ['--home', this.home, ...args], { input, encoding: 'utf8' });
    if (args[0] === 'passwd') this.token = undefined; // that ends every session
    assert.equal(done.status, 0, `meshhold ${args.join(' ')}: ${done.stderr}`);
    return done.stdout.trim();
  }

  loginUrl() {
    return this.cli(['login-url']);
  }

  /** A call beside the page. */
  async api(method, path, body) {
    this.token ??= this.cli(['token']);
    const response = await fetch(new URL(`/api/v1${path}`, this.url), {
      method,
      headers: {
        Authorization: `Bearer ${this.token}`,
        ...(body === undefined || body instanceof Uint8Array ? {} : { 'Content-Type': 'application/json' }),
        ...(body instanceof Uint8Array ? { 'Content-Type': 'application/octet-stream' } : {}),
      },
      ...(body === undefined ? {} : { body: body instanceof Uint8Array ? body : JSON.stringify(body) }),
    });
    assert.ok(response.ok, `${method} ${path}: ${response.status}`);
    return response;
  }

  async newVault(name) {
    return (await (await this.api('POST', '/vaults', { name })).json()).id;
  }

  async put(vault, path, content) {
    const encoded = path.split('/').map(encodeURIComponent).join('/');
    await this.api('POST', `/vaults/${vault}/upload${encoded}`, Buffer.from(content));
  }

  async get(vault, path) {
    const encoded = path.split('/').map(encodeURIComponent).join('/');
    return Buffer.from(await (await this.api('GET', `/vaults/${vault}/download${encoded}`)).arrayBuffer());
  }
}
