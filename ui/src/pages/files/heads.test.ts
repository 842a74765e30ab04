// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import type { FileVersion } from '../../api/types';
import { canKeepAll, contentsOf, headsOf, keepAll, plainName, stamp } from './heads';

const version = (content: string | null, more: Partial<FileVersion> = {}): FileVersion =>
  ({ version_hash: `v${content}`, content_hash: content, path: '/f', ts_ms: 1, head: true, current: false, ...more }) as FileVersion;

const ours = version('ours', { current: true });
const theirs = version('theirs', { ts_ms: 2 });
const third = version('third', { ts_ms: 3 });

describe('the newest versions', () => {
  it('come with the one that is shown first', () => {
    expect(headsOf([version('old', { head: false }), third, theirs, ours])).toEqual([ours, third, theirs]);
  });

  it('can all be kept when they have different contents and one path', () => {
    expect(canKeepAll([ours, theirs])).toBe(true);
    expect(canKeepAll([ours, version('ours', { version_hash: 'again' })])).toBe(false);
    expect(canKeepAll([ours, version(null)])).toBe(false);
    expect(canKeepAll([ours, { ...theirs, path: '/elsewhere' }])).toBe(false);
    expect(contentsOf([ours, version(null), theirs])).toEqual([ours, theirs]);
  });
});

describe('keepAll', () => {
  const recorder = (fails = '') => {
    const steps: string[] = [];
    const step = (what: string) => (one: FileVersion) => {
      steps.push(`${what} ${one.content_hash}`);
      return `${what} ${one.content_hash}` === fails ? Promise.reject(new Error('no')) : Promise.resolve(`/copy of ${one.content_hash}`);
    };
    return { steps, resolver: { resolve: step('resolve'), restore: step('restore'), copy: step('copy') } };
  };

  it('copies each of the others while it is current, and ends with the first', async () => {
    const { steps, resolver } = recorder();
    expect(await keepAll(resolver, [ours, theirs, third])).toEqual(['/copy of theirs', '/copy of third']);
    expect(steps).toEqual(['resolve theirs', 'copy theirs', 'restore third', 'copy third', 'restore ours']);
  });

  it('puts the first back when something fails', async () => {
    const { steps, resolver } = recorder('copy theirs');
    await expect(keepAll(resolver, [ours, theirs])).rejects.toThrow('no');
    expect(steps).toEqual(['resolve theirs', 'copy theirs', 'restore ours']);
    const other = recorder('resolve theirs');
    await expect(keepAll(other.resolver, [ours, theirs])).rejects.toThrow('no');
    expect(other.steps).toEqual(['resolve theirs']);
  });
});

describe('a conflict name', () => {
  it('has the machine and the moment, without what a file name cannot have', () => {
    expect(stamp(new Date(2026, 0, 2, 3, 4).getTime())).toBe('2026-01-02 03.04');
    expect(plainName(' up/stairs\u0000\n Küche ')).toBe('up stairs  Küche');
    expect(plainName('🎉'.repeat(50))).toBe('🎉'.repeat(40));
  });
});
