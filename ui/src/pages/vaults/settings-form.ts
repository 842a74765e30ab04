// SPDX-License-Identifier: GPL-3.0-or-later
import { ApiError } from '../../api/client';
import type { Vault, VaultChange } from '../../api/types';
import { sentence } from '../../lib/errors';
import { t } from '../../lib/i18n';
import { joinBytes, splitBytes, wholeNumber, type Unit } from '../../lib/measures';

const MOST_COPIES = 16;
const MOST_VERSIONS = 100_000;
const MOST_DAYS = 36_500;
const FIRST_QUOTA = 10 * 1024 ** 3;

type Figures = Required<Pick<VaultChange, 'hard_quota' | 'replication_factor' | 'history_keep_versions' | 'history_keep_days'>>;
export type Role = Vault['roles'][number];

/** The settings of a vault as they are typed. */
export interface SettingsForm {
  limited: boolean;
  figure: string;
  unit: Unit;
  copies: string;
  versions: string;
  days: string;
  roles: Role[];
  alias: string;
}

/** What is to be sent: the alias has a route of its own and is null when it stays. */
export interface SettingsChange {
  alias: string | null;
  change: VaultChange;
}

export function settingsForm(vault: Vault): SettingsForm {
  return {
    limited: vault.hard_quota > 0,
    ...splitBytes(vault.hard_quota > 0 ? vault.hard_quota : FIRST_QUOTA),
    copies: String(vault.replication_factor),
    versions: String(vault.history_keep_versions),
    days: String(vault.history_keep_days),
    roles: vault.roles,
    alias: vault.s3_alias ?? '',
  };
}

/** The numbers that a form means; null for a field that is wrong. */
const read = (form: SettingsForm): { [name in keyof Figures]: number | null } => ({
  hard_quota: form.limited ? joinBytes(form.figure, form.unit) : 0,
  replication_factor: wholeNumber(form.copies, 1, MOST_COPIES),
  history_keep_versions: wholeNumber(form.versions, 1, MOST_VERSIONS),
  history_keep_days: wholeNumber(form.days, 0, MOST_DAYS),
});

const sameRoles = (one: Role[], other: Role[]): boolean => one.length === other.length && one.every((role) => other.includes(role));

/** The fields that are wrong, and what is to be changed of a vault as it was when the form was filled. */
export function readSettings(form: SettingsForm, vault: Vault): SettingsChange & { wrong: Set<keyof Figures> } {
  const before = read(settingsForm(vault));
  const entries = Object.entries(read(form)) as [keyof Figures, number | null][];
  const alias = form.alias.trim();
  return {
    wrong: new Set(entries.filter(([, value]) => value === null).map(([name]) => name)),
    alias: alias === (vault.s3_alias ?? '') ? null : alias,
    change: {
      ...Object.fromEntries(entries.filter(([name, value]) => value !== before[name])),
      ...(sameRoles(form.roles, vault.roles) ? {} : { roles: form.roles }),
    },
  };
}

/** An alias that the daemon does not take; the message is for people. */
export class AliasRefused extends Error {}

/** Tells a refusal, which belongs to the field of the alias, from everything else that goes wrong on the way. */
export function aliasFailure(error: unknown): unknown {
  if (!(error instanceof ApiError)) return error;
  if (error.status === 409) return new AliasRefused(t('Another vault has this alias already.'), { cause: error });
  return error.status === 400 ? new AliasRefused(sentence(error.message), { cause: error }) : error;
}
