// SPDX-License-Identifier: GPL-3.0-or-later

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const;
export type Unit = (typeof UNITS)[number];
export const units: readonly Unit[] = UNITS;

const factor = (unit: Unit): number => 1024 ** (UNITS.indexOf(unit) + 1);

/** A number of bytes as a figure and the largest unit that gives it without a long fraction. */
export function splitBytes(bytes: number): { figure: string; unit: Unit } {
  for (const unit of [...UNITS].reverse()) {
    const value = bytes / factor(unit);
    if (value >= 1 && Number.isInteger(value * 100)) return { figure: String(value), unit };
  }
  return { figure: String(bytes / 1024), unit: 'KiB' };
}

/** The bytes that a typed figure means; null when it is no number above zero. A comma is taken for a point. */
export function joinBytes(figure: string, unit: Unit): number | null {
  const text = figure.trim().replace(',', '.');
  if (!/^\d+(\.\d+)?$/.test(text)) return null;
  const bytes = Math.round(Number(text) * factor(unit));
  return bytes > 0 ? bytes : null;
}

/** A whole number between two others; null for anything else. */
export function wholeNumber(text: string, least: number, most: number): number | null {
  if (!/^\d+$/.test(text.trim())) return null;
  const value = Number(text.trim());
  return value >= least && value <= most ? value : null;
}

/** A figure in a unit of so many, without a long fraction. */
export const splitAmount = (value: number, unit: number): string => String(Number((value / unit).toPrecision(6)));

/** The whole number that a typed figure in a unit means; null when it is none between two others. A comma is taken for a point. */
export function joinAmount(figure: string, unit: number, least: number, most: number): number | null {
  const text = figure.trim().replace(',', '.');
  if (!/^\d+(\.\d+)?$/.test(text)) return null;
  const value = Math.round(Number(text) * unit);
  return value >= least && value <= most ? value : null;
}
