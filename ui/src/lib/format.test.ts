// SPDX-License-Identifier: GPL-3.0-or-later
import { beforeAll, describe, expect, it } from 'vitest';
import { formatBytes, formatDuration } from './format';
import { loadCatalogue, t, tn } from './i18n';

describe('in English', () => {
  beforeAll(() => loadCatalogue('en'));

  it('shows bytes', () => {
    expect(formatBytes(0)).toBe('0 B');
    expect(formatBytes(1023)).toBe('1,023 B');
    expect(formatBytes(1024)).toBe('1.00 KiB');
    expect(formatBytes(10 * 1024 ** 3)).toBe('10.0 GiB');
    expect(formatBytes(3 * 1024 ** 5)).toBe('3.00 PiB');
  });

  it('shows durations', () => {
    expect(formatDuration(0.4)).toBe('0 s');
    expect(formatDuration(75)).toBe('1 min 15 s');
    expect(formatDuration(3 * 3600 + 59)).toBe('3 h 0 min');
    expect(formatDuration(90_000)).toBe('1 d 1 h');
  });

  it('fills in what it is given, and leaves names alone', () => {
    expect(t('{s} s', { s: 4 })).toBe('4 s');
    expect(t('“{name}” is deleted.', { name: '{name}' })).toBe('“{name}” is deleted.');
    expect(tn('{n} file', '{n} files', 1)).toBe('1 file');
    expect(tn('{n} file', '{n} files', 1234)).toBe('1,234 files');
  });
});

describe('in German', () => {
  beforeAll(() => loadCatalogue('de'));

  it('translates, with the right plural and the right numbers', () => {
    expect(tn('{n} file', '{n} files', 1)).toBe('1 Datei');
    expect(tn('{n} file', '{n} files', 1234)).toBe('1.234 Dateien');
    expect(formatBytes(1536)).toBe('1,50 KiB');
    expect(document.documentElement.lang).toBe('de');
  });
});
