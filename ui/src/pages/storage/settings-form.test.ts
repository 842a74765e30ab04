// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import type { SyncSettings } from '../../api/types';
import { readSettings, settingsForm } from './settings-form';

const settings: SyncSettings = {
  hold: 0, absent_after_ms: 4000, surplus_after_ms: 2_592_000_000, metered: false, download_rate: 1_048_577, upload_rate: 0,
};

describe('the settings of what is kept and how fast', () => {
  it('are not changed by a form that nobody touched, however odd they are', () => {
    expect(readSettings(settingsForm(settings), settings)).toEqual({ wrong: new Set(), change: {} });
    expect(settingsForm(settings)).toMatchObject({ holds: false, hold: '10', unit: 'GiB', surplus: '30', up: '1' });
  });

  it('are what was typed', () => {
    const form = { ...settingsForm(settings), holds: true, hold: '1,5', slowDown: false, slowUp: true, up: '0.5', metered: true, absent: '20', surplus: '0' };
    expect(readSettings(form, settings).change).toEqual({
      hold: 1.5 * 1024 ** 3, download_rate: 0, upload_rate: 500_000, metered: true, absent_after_ms: 1_200_000, surplus_after_ms: 0,
    });
  });

  it('name every field that is wrong, and none that is not asked for', () => {
    const form = { ...settingsForm(settings), holds: true, hold: '0', down: 'fast', up: '', absent: '1441', surplus: '-1' };
    expect(readSettings(form, settings).wrong).toEqual(new Set(['hold', 'download_rate', 'absent_after_ms', 'surplus_after_ms']));
  });
});
