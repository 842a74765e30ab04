// SPDX-License-Identifier: GPL-3.0-or-later
// A member of a network that means no good: the program of tests/tools/hostile-member.c.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { json } from './mesh.mjs';

/** Has one join the network of a daemon. It says that it keeps blocks of all vaults, and has none. */
export async function hostile(daemon) {
  const { swarm_key: key } = await json(daemon, 'GET', `/networks/${daemon.network}/key`);
  const { bootstrap } = await json(daemon, 'GET', '/system/share');
  const program = join(process.env.MESHHOLD_BUILD_DIR, 'tests/tools/hostile-member');
  const child = spawn(program, [key, daemon.network, bootstrap[0]], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), exit.then(() => ['{}'])]);
  const { event, peer } = JSON.parse(line);
  assert.equal(event, 'ready');
  return {
    id: peer,
    end: async () => {
      child.kill('SIGKILL');
      await exit;
    },
  };
}
