// SPDX-License-Identifier: GPL-3.0-or-later
import { language, t } from './i18n';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Bytes for people: 0 B, 12.3 KiB, 1.00 GiB. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${number(value, digits)} ${UNITS[unit]}`;
}

export function number(value: number, digits = 0): string {
  return value.toLocaleString(language.get(), { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

const dateFormats = new Map<string, Intl.DateTimeFormat>();

function dateFormat(style: 'short' | 'long' | 'clock' | 'day'): Intl.DateTimeFormat {
  const key = `${language.get()} ${style}`;
  let format = dateFormats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(language.get(), {
      ...(style === 'clock' ? {} : { dateStyle: style === 'long' ? 'full' : 'medium' }),
      ...(style === 'day' ? {} : { timeStyle: style === 'long' ? 'medium' : 'short' }),
    });
    dateFormats.set(key, format);
  }
  return format;
}

export const formatTime = (ms: number): string => dateFormat('short').format(ms);
export const formatTimeLong = (ms: number): string => dateFormat('long').format(ms);
export const formatDay = (ms: number): string => dateFormat('day').format(ms);
export const formatClock = (ms: number): string => dateFormat('clock').format(ms);

/** A duration in its two largest units: 3 d 4 h, 5 min 12 s, 8 s. */
export function formatDuration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return t('{s} s', { s });
  if (s < 3600) return t('{m} min {s} s', { m: Math.floor(s / 60), s: s % 60 });
  if (s < 86400) return t('{h} h {m} min', { h: Math.floor(s / 3600), m: Math.floor((s % 3600) / 60) });
  return t('{d} d {h} h', { d: Math.floor(s / 86400), h: Math.floor((s % 86400) / 3600) });
}
