// SPDX-License-Identifier: GPL-3.0-or-later
// A js-libp2p peer for tests: options as JSON in the first argument, commands as lines of JSON on
// stdin, an event per line of JSON on stdout.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2';
import { generateKeyPair } from '@libp2p/crypto/keys';
import { dcutr } from '@libp2p/dcutr';
import { gossipsub } from '@libp2p/gossipsub';
import { identify, identifyPush } from '@libp2p/identify';
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht';
import { mdns } from '@libp2p/mdns';
import { noise } from '@libp2p/noise';
import { ping } from '@libp2p/ping';
import { preSharedKey } from '@libp2p/pnet';
import { tcp } from '@libp2p/tcp';
import { tls } from '@libp2p/tls';
import { webSockets } from '@libp2p/websockets';
import { yamux } from '@libp2p/yamux';
import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import xsalsa20 from 'xsalsa20';

// xsalsa20 1.2.0 loses memory with every piece that does not fit its first page, and fails after about
// 100 MB; it does not with small pieces.
const PIECE = 16384;
const update = xsalsa20.prototype.update;
xsalsa20.prototype.update = function updateInPieces(input, output = new Uint8Array(input.length)) {
  for (let at = 0; at < input.length; at += PIECE) update.call(this, input.subarray(at, at + PIECE), output.subarray(at, at + PIECE));
  return output;
};

const ECHO = '/echo/1.0.0';
const options = JSON.parse(process.argv[2] ?? '{}');
const say = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);
const encrypters = { tls: [tls()], noise: [noise()], both: [tls(), noise()] };
const byteAt = (position) => ((position * 31) ^ Math.floor(position / 256)) & 255;

function services() {
  return {
    identify: identify(),
    identifyPush: identifyPush(),
    ping: ping(),
    ...(options.topics ? { pubsub: gossipsub({ allowPublishToZeroTopicPeers: true }) } : {}),
    ...(options.relay ? { relay: circuitRelayServer({ reservations: { maxReservations: 100, applyDefaultLimit: false } }) } : {}),
    ...(options.kad ? { kad: kadDHT({ protocol: '/ipfs/lan/kad/1.0.0', peerInfoMapper: passthroughMapper, clientMode: false }) } : {}),
    ...(options.dcutr ? { dcutr: dcutr() } : {}),
  };
}

const node = await createLibp2p({
  start: false,
  ...(options.kind ? { privateKey: await generateKeyPair(options.kind) } : {}),
  addresses: { listen: options.listen ?? [], appendAnnounce: options.announce ?? [] },
  transports: [tcp(), webSockets(), circuitRelayTransport()],
  connectionEncrypters: encrypters[options.security ?? 'both'],
  streamMuxers: [yamux()],
  connectionGater: { denyDialMultiaddr: () => false },
  ...(options.psk ? { connectionProtector: preSharedKey({ psk: readFileSync(options.psk) }) } : {}),
  ...(options.mdns ? { peerDiscovery: [mdns({ interval: 1000 })] } : {}),
  services: services(),
});

await node.handle(ECHO, async (stream) => {
  try {
    for await (const chunk of stream)
      if (!stream.send(chunk.slice())) await stream.onDrain();
    await stream.close();
  } catch (error) {
    stream.abort(error);
  }
}, { maxInboundStreams: 1000, maxOutboundStreams: 1000, runOnLimitedConnection: true });

async function echo({ peer, bytes }) {
  const begin = performance.now();
  const stream = await node.dialProtocol(target(peer), ECHO, { runOnLimitedConnection: true });
  let got = 0;
  let wrong = false;
  const reading = (async () => {
    for await (const chunk of stream)
      for (const byte of chunk.subarray()) wrong ||= byte !== byteAt(got++);
  })();
  for (let sent = 0; sent < bytes; ) {
    const piece = new Uint8Array(Math.min(65536, bytes - sent));
    for (let i = 0; i < piece.length; i++) piece[i] = byteAt(sent + i);
    sent += piece.length;
    if (!stream.send(piece)) await stream.onDrain();
  }
  await stream.close();
  await reading;
  say({ event: 'echo', ok: !wrong && got === bytes, bytes: got, ms: Math.round(performance.now() - begin) });
}

const target = (text) => (text.startsWith('/') ? multiaddr(text) : peerIdFromString(text));
const bytesOf = (text) => new TextEncoder().encode(text);

const commands = {
  dial: async ({ addr }) => {
    const connection = await node.dial(multiaddr(addr));
    say({ event: 'dialled', peer: connection.remotePeer.toString(), security: connection.encryption });
  },
  echo,
  echoes: async ({ peer, count, bytes }) => { await Promise.all(Array.from({ length: count }, () => echo({ peer, bytes }))); },
  reset: async ({ peer }) => {
    const stream = await node.dialProtocol(target(peer), ECHO);
    stream.send(new Uint8Array(1000));
    stream.abort(new Error('on purpose'));
    say({ event: 'reset' });
  },
  ping: async ({ peer }) => say({ event: 'ping', ms: await node.services.ping.ping(target(peer)) }),
  publish: async ({ topic, data }) => {
    const { recipients } = await node.services.pubsub.publish(topic, bytesOf(data));
    say({ event: 'published', recipients: recipients.map(String) });
  },
  subscribers: async ({ topic }) => say({ event: 'subscribers', peers: node.services.pubsub.getSubscribers(topic).map(String) }),
  mesh: async ({ topic }) => say({ event: 'mesh', peers: node.services.pubsub.getMeshPeers(topic) }),
  find: async ({ peer }) => {
    const info = await node.peerRouting.findPeer(peerIdFromString(peer), { signal: AbortSignal.timeout(15000) });
    say({ event: 'found', peer: info.id.toString(), addrs: info.multiaddrs.map(String) });
  },
  protocols: async ({ peer }) => {
    const known = await node.peerStore.get(peerIdFromString(peer));
    say({ event: 'protocols', protocols: known.protocols, addrs: known.addresses.map(({ multiaddr: a }) => a.toString()) });
  },
  connections: async () => say({
    event: 'connections',
    connections: node.getConnections().map((c) => ({ peer: c.remotePeer.toString(), addr: c.remoteAddr.toString(), limited: c.limits != null, direct: c.direct })),
  }),
  addresses: async () => say({ event: 'addresses', addrs: node.getMultiaddrs().map(String) }),
  hangup: async ({ peer }) => { await node.hangUp(peerIdFromString(peer)); say({ event: 'hungup' }); },
  stop: async () => { await node.stop(); process.exit(0); },
};

node.addEventListener('peer:connect', ({ detail }) => say({ event: 'connected', peer: detail.toString() }));
node.addEventListener('peer:disconnect', ({ detail }) => say({ event: 'disconnected', peer: detail.toString() }));
node.addEventListener('peer:identify', ({ detail }) => say({ event: 'identified', peer: detail.peerId.toString(), protocols: detail.protocols, agent: detail.agentVersion, observed: detail.observedAddr?.toString() }));
node.addEventListener('peer:discovery', ({ detail }) => say({ event: 'discovered', peer: detail.id.toString(), addrs: detail.multiaddrs.map(String) }));
await node.start();
for (const topic of options.topics ?? []) node.services.pubsub.subscribe(topic);
node.services.pubsub?.addEventListener('message', ({ detail }) =>
  say({ event: 'message', topic: detail.topic, from: detail.from?.toString(), data: new TextDecoder().decode(detail.data) }));
say({ event: 'listening', peer: node.peerId.toString(), addrs: node.getMultiaddrs().map(String) });

for await (const line of createInterface({ input: process.stdin })) {
  const { cmd, ...rest } = JSON.parse(line);
  commands[cmd](rest).catch((error) => say({ event: 'error', what: cmd, message: `${error.name}: ${error.message}` }));
}
await node.stop();
process.exit(0);
