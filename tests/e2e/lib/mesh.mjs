// SPDX-License-Identifier: GPL-3.0-or-later
// Several daemons in one network.
import assert from 'node:assert/strict';
import { Daemon } from './daemon.mjs';

const PERIOD_MS = 100;
const started = [];

/** A daemon that has no network yet. */
export async function alone(more = '') {
  const daemon = await Daemon.start(more);
  started.push(daemon);
  daemon.id = (await json(daemon, 'GET', '/whoami')).node_id;
  return daemon;
}

/** Ends what a test that failed has left running. */
export async function endAll() {
  for (const daemon of started) if (daemon.process.exitCode === null) await daemon.end();
}

/** Waits until something holds. */
export async function until(what, look, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  while (!(await look())) {
    assert.ok(Date.now() < end, `${what} did not come about`);
    await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
  }
}

export const json = async (daemon, method, path, body) => (await daemon.api(method, path, body)).json();

/** A daemon with a network of its own. */
export async function found(name, more = '') {
  const daemon = await alone(more);
  daemon.network = (await json(daemon, 'POST', '/networks/create', { name })).id;
  return daemon;
}

export const inviteOf = async (daemon) => (await json(daemon, 'GET', `/networks/${daemon.network}/invite`)).url;

/** Another one in the network of a daemon; both know each other when it is given. */
export async function joined(other, more = '') {
  const daemon = await alone(more);
  daemon.network = (await json(daemon, 'POST', '/networks', { url: await inviteOf(other) })).id;
  await Promise.all([sees(daemon, other), sees(other, daemon)]);
  return daemon;
}

/** Waits until a daemon is connected to another one, and has heard from it who it is. */
export const sees = (daemon, other) =>
  until('a connection', async () => {
    const { nodes } = await json(daemon, 'GET', '/nodes');
    return nodes.some(({ node_id: id, connected, version }) => id === other.id && connected && version !== '');
  });

/** Shows a page so many machines, all linked with the first and each with the next. */
export async function manyMachines(page, count) {
  const nodes = Array.from({ length: count }, (_, i) => ({
    node_id: `12D3KooWmany${String(i + 1).padStart(3, '1')}`, display_name: `Machine ${i}`, online: i % 7 !== 3, self: i === 0,
  }));
  const edges = nodes.slice(1).flatMap(({ node_id: b }, i) => [
    { a: nodes[0].node_id, b, rtt_ms: 10 + i, carrier: 'direct' },
    ...(i === 0 ? [] : [{ a: nodes[i].node_id, b, rtt_ms: null, carrier: 'relay' }]),
  ]);
  await page.route('**/api/v1/network/topology', (route) => route.fulfill({ json: { uptime_s: 1, nodes, edges } }));
}
