// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { qrPath } from './qr-code';

describe('a code for the camera', () => {
  it('has a quiet zone of four modules around the finder patterns', () => {
    const { size, path } = qrPath('meshhold://join/abc')!;
    expect((size - 8 - 17) % 4).toBe(0); // 17 + 4 * version modules
    expect(path).toContain('M4 4h1v1h-1z');
    expect(path).not.toMatch(/M[0-3] |M\d+ [0-3]h/);
  });

  it('is none for more than fits', () => {
    expect(qrPath('x'.repeat(2953))).not.toBeNull();
    expect(qrPath('x'.repeat(2954))).toBeNull();
  });
});
