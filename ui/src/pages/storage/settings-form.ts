// SPDX-License-Identifier: GPL-3.0-or-later
import type { SyncSettings, SyncSettingsChange } from '../../api/types';
import { joinAmount, joinBytes, splitAmount, splitBytes, type Unit } from '../../lib/measures';

const FIRST_HOLD = 10 * 1024 ** 3;
const FIRST_RATE = 1e6;
const MEGABYTE = 1e6;
const MOST_BYTES = 2 ** 50;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const LEAST_ABSENT_MS = 1000;

export const MOST_MINUTES = 1440;
export const MOST_DAYS = 365;

/** The settings as they are typed. */
export interface SettingsForm {
  holds: boolean;
  hold: string;
  unit: Unit;
  metered: boolean;
  slowDown: boolean;
  /** Megabytes a second. */
  down: string;
  slowUp: boolean;
  up: string;
  /** Minutes. */
  absent: string;
  /** Days. */
  surplus: string;
}

export function settingsForm(settings: SyncSettings): SettingsForm {
  const { figure: hold, unit } = splitBytes(settings.hold > 0 ? settings.hold : FIRST_HOLD);
  const rate = (value: number): string => splitAmount(value > 0 ? value : FIRST_RATE, MEGABYTE);
  return {
    holds: settings.hold > 0,
    hold,
    unit,
    metered: settings.metered,
    slowDown: settings.download_rate > 0,
    down: rate(settings.download_rate),
    slowUp: settings.upload_rate > 0,
    up: rate(settings.upload_rate),
    absent: splitAmount(settings.absent_after_ms, MINUTE_MS),
    surplus: splitAmount(settings.surplus_after_ms, DAY_MS),
  };
}

const rateOf = (limited: boolean, figure: string): number | null => (limited ? joinAmount(figure, MEGABYTE, 1, MOST_BYTES) : 0);

/** What a form means; null for a field that is wrong. */
const read = (form: SettingsForm): { [name in keyof SyncSettings]: SyncSettings[name] | null } => ({
  hold: form.holds ? joinBytes(form.hold, form.unit) : 0,
  metered: form.metered,
  download_rate: rateOf(form.slowDown, form.down),
  upload_rate: rateOf(form.slowUp, form.up),
  absent_after_ms: joinAmount(form.absent, MINUTE_MS, LEAST_ABSENT_MS, MOST_MINUTES * MINUTE_MS),
  surplus_after_ms: joinAmount(form.surplus, DAY_MS, 0, MOST_DAYS * DAY_MS),
});

/** The fields that are wrong, and what is to be changed: a field that nobody touched stays as exact as it was. */
export function readSettings(form: SettingsForm, settings: SyncSettings): { wrong: Set<keyof SyncSettings>; change: SyncSettingsChange } {
  const before = read(settingsForm(settings));
  const entries = Object.entries(read(form)) as [keyof SyncSettings, number | boolean | null][];
  return {
    wrong: new Set(entries.filter(([, value]) => value === null).map(([name]) => name)),
    change: Object.fromEntries(entries.filter(([name, value]) => value !== before[name])),
  };
}
