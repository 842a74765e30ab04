// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { ancestors, decodePath, encodePath, isWithin, joinPath, nameFault, nameOf, numberedName, parentOf } from './paths';

const awkward = ['/a b/c', '/100%2F.txt', '/#?&=+;:@,$', '/Übersicht/日本語', '/🎉👩‍👩‍👧', '/..a', '/%', '/a\\b', "/it's \"x\""];

describe('paths', () => {
  it('encodes each segment on its own, and nothing of it is read as part of the address', () => {
    expect(encodePath('/100%2F.txt')).toBe('/100%252F.txt');
    expect(encodePath('/a b/#1?.txt')).toBe('/a%20b/%231%3F.txt');
    for (const path of awkward) {
      const url = new URL(`http://host/x${encodePath(path)}`);
      expect(url.hash + url.search).toBe('');
      expect(url.pathname.split('/').length).toBe(path.split('/').length + 1);
    }
  });

  it('comes back from the encoding unchanged', () => {
    for (const path of awkward) expect(decodePath(encodePath(path))).toBe(path);
    expect(() => decodePath('/%E0%A4')).toThrow(URIError);
  });

  it('joins and takes apart', () => {
    expect(joinPath('/', 'a')).toBe('/a');
    expect(joinPath('/a', 'b/c')).toBe('/a/b/c');
    expect(parentOf('/a')).toBe('/');
    expect(parentOf('/a/b')).toBe('/a');
    expect(nameOf('/a/b.txt')).toBe('b.txt');
    expect(ancestors('/a/b')).toEqual([{ name: 'a', path: '/a' }, { name: 'b', path: '/a/b' }]);
    expect(ancestors('/')).toEqual([]);
  });

  it('knows what lies in a folder', () => {
    expect(isWithin('/ab', '/a')).toBe(false);
    expect(isWithin('/a/b', '/a')).toBe(true);
    expect(isWithin('/a', '/a')).toBe(true);
    expect(isWithin('/x', '/')).toBe(true);
  });

  it('finds bad names by the rules of the daemon', () => {
    expect(nameFault('')).toBe('empty');
    expect(nameFault('a/b')).toBe('slash');
    expect(nameFault('..')).toBe('dots');
    expect(nameFault('a\0b')).toBe('nul');
    expect(nameFault('ä'.repeat(127))).toBeNull();
    expect(nameFault('ä'.repeat(128))).toBe('long');
    expect(nameFault('...')).toBeNull();
  });

  it('numbers a name before its extension and keeps it within 255 bytes', () => {
    expect(numberedName('a.txt', 2)).toBe('a (2).txt');
    expect(numberedName('README', 3)).toBe('README (3)');
    expect(numberedName('.profile', 2)).toBe('.profile (2)');
    const long = numberedName(`${'🎉'.repeat(62)}.jpeg`, 12);
    expect(new TextEncoder().encode(long).length).toBeLessThanOrEqual(255);
    expect(long).toMatch(/^(🎉)+ \(12\)\.jpeg$/u);
  });
});
