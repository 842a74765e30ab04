// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../api/client';
import type { Vault } from '../../api/types';
import { aliasFailure, AliasRefused, readSettings, settingsForm, type SettingsForm } from './settings-form';

const vault: Vault = {
  id: 'a'.repeat(26), name: 'Photos', trusted: true, locked: false, key_state: 'held', replication_factor: 2, hard_quota: 1_234_567,
  history_keep_versions: 10, history_keep_days: 30, protected: false, roles: ['store', 'scan'], s3_alias: 'photos', files: 0, bytes: 0,
  stored_bytes: 0, peers: 0, created_ms: 1,
};
const changed = (part: Partial<SettingsForm>, of = vault) => readSettings({ ...settingsForm(of), ...part }, of);

describe('the settings of a vault', () => {
  it('are not changed by a form that nobody touched, however odd they are', () => {
    expect(changed({})).toEqual({ wrong: new Set(), alias: null, change: {} });
    expect(changed({}, { ...vault, s3_alias: null, roles: [] })).toEqual({ wrong: new Set(), alias: null, change: {} });
  });

  it('are sent only where they change', () => {
    expect(changed({ copies: '3' }).change).toEqual({ replication_factor: 3 });
    expect(changed({ limited: false, days: '7' }).change).toEqual({ hard_quota: 0, history_keep_days: 7 });
    expect(changed({ roles: ['scan'] })).toEqual({ wrong: new Set(), alias: null, change: { roles: ['scan'] } });
    expect(changed({ roles: [] }).change).toEqual({ roles: [] });
    expect(changed({ roles: ['store', 'pin'] }).change).toEqual({ roles: ['store', 'pin'] });
  });

  it('have the same roles in any order', () => {
    expect(changed({ roles: ['scan', 'store'] }).change).toEqual({});
  });

  it('have an alias without the spaces around it, or none', () => {
    expect(changed({ alias: ' pictures ' })).toMatchObject({ alias: 'pictures', change: {} });
    expect(changed({ alias: ' photos' }).alias).toBeNull();
    expect(changed({ alias: '' }).alias).toBe('');
    expect(changed({ alias: ' ' }, { ...vault, s3_alias: null }).alias).toBeNull();
  });

  it('name every field that is wrong', () => {
    const { wrong } = changed({ figure: '0', copies: '17', versions: '', days: '-1' });
    expect(wrong).toEqual(new Set(['hard_quota', 'replication_factor', 'history_keep_versions', 'history_keep_days']));
  });
});

describe('what goes wrong with an alias', () => {
  it('belongs to its field when it is refused', () => {
    expect(aliasFailure(new ApiError(409, 'another vault has the alias x'))).toEqual(new AliasRefused('Another vault has this alias already.'));
    expect(aliasFailure(new ApiError(400, 'alias must be long'))).toEqual(new AliasRefused('Alias must be long.'));
  });

  it('belongs to the whole form otherwise', () => {
    for (const error of [new ApiError(503, 'busy'), new ApiError(0, 'away'), new TypeError('odd')]) expect(aliasFailure(error)).toBe(error);
  });
});
