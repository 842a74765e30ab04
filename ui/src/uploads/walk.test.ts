// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { fromInput, walk } from './walk';

function fileEntry(name: string): FileSystemEntry {
  return {
    name, isFile: true, isDirectory: false,
    file: (done: (file: File) => void) => done(new File(['x'], name)),
  } as unknown as FileSystemEntry;
}

/** Gives its children in portions, as browsers do. */
function folderEntry(name: string, children: FileSystemEntry[], portion = 100): FileSystemEntry {
  return {
    name, isFile: false, isDirectory: true,
    createReader() {
      let at = 0;
      return {
        readEntries(done: (entries: FileSystemEntry[]) => void) {
          done(children.slice(at, at + portion));
          at += portion;
        },
      };
    },
  } as unknown as FileSystemEntry;
}

describe('walk', () => {
  it('finds every file of a tree, though folders come in portions', async () => {
    const many = Array.from({ length: 250 }, (_, i) => fileEntry(`${i}.txt`));
    const found: string[] = [];
    await walk([folderEntry('a b', [folderEntry('deep', many), fileEntry('100%2F')]), fileEntry('top')], '/here', (batch) =>
      found.push(...batch.map(({ path }) => path)),
    );
    expect(found.length).toBe(252);
    expect(found).toContain('/here/a b/deep/249.txt');
    expect(found).toContain('/here/a b/100%2F');
    expect(found).toContain('/here/top');
  });

  it('hands on in batches', async () => {
    const sizes: number[] = [];
    await walk([folderEntry('f', Array.from({ length: 450 }, (_, i) => fileEntry(String(i))))], '/', (batch) => sizes.push(batch.length));
    expect(sizes).toEqual([200, 200, 50]);
  });

  it('keeps the paths of a chosen folder', () => {
    const file = new File(['x'], 'c.txt');
    Object.defineProperty(file, 'webkitRelativePath', { value: 'a/b/c.txt' });
    expect(fromInput([file, new File(['y'], 'd.txt')] as unknown as FileList, '/').map(({ path }) => path)).toEqual(['/a/b/c.txt', '/d.txt']);
  });
});
