// SPDX-License-Identifier: GPL-3.0-or-later
// Files that are awkward on purpose: their names, their sizes and what they hold.
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import * as zlib from 'node:zlib';

export const awkwardNames = [
  'with space.txt',
  'Übergrößenträger.txt',
  '100%2Fpercent.txt',
  '#hash?query&and=more.txt',
  'party 🎉👩‍👩‍👧.txt',
  "quote's \"both\".txt",
  '..dots',
  `${'ä'.repeat(125)}.txt`,
  'ﬁn日本語.txt',
];

/** Writes a tree of awkward and of ordinary files; gives path below it → SHA-256. */
export function writeCorpus(folder, ordinary) {
  const sizes = [0, 1, 1023, 65_536, 300_000];
  const put = (name, content) => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  };
  awkwardNames.forEach((name, index) => put(name, randomBytes(sizes[index % sizes.length])));
  awkwardNames.slice(0, 3).forEach((name) => put(join(`folder ${name}`, 'deep er', name), name));
  for (let i = 0; i < ordinary; i += 1) put(`plain/${i % 7}/file ${i}.bin`, randomBytes(sizes[i % sizes.length]));
  put('large.bin', randomBytes(3 * 1024 * 1024));
  return hashTree(folder);
}

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

function* filesBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else yield path;
  }
}

export function hashTree(folder) {
  return new Map([...filesBelow(folder)].map((path) => [relative(folder, path), sha256(readFileSync(path))]));
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(checksum(body), body.length + 4);
  return out;
}

function checksum(bytes) {
  if (zlib.crc32 !== undefined) return zlib.crc32(bytes);
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** A small grey picture. */
export function png(width, height) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  const rows = Buffer.alloc((width + 1) * height, 0x80);
  for (let y = 0; y < height; y += 1) rows[y * (width + 1)] = 0;
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', zlib.deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Some seconds of a tone. */
export function wav(seconds) {
  const rate = 8000;
  const data = Buffer.alloc(rate * seconds);
  for (let i = 0; i < data.length; i += 1) data[i] = 128 + Math.round(60 * Math.sin((i * 440 * 2 * Math.PI) / rate));
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + data.length, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}
