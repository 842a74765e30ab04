// SPDX-License-Identifier: GPL-3.0-or-later
import { createStore } from './store';
import { recall, remember } from './storage';

export type Language = 'en' | 'de';
export const languages: { value: Language; label: string }[] = [
  { value: 'en', label: 'English' },
  { value: 'de', label: 'Deutsch' },
];

type Values = Record<string, string | number>;

const KEY = 'meshhold.language';
const loaders: Record<Exclude<Language, 'en'>, () => Promise<{ default: Record<string, string[]> }>> = {
  de: () => import('../../locales/de.po'),
};

let catalogue: Record<string, string[]> = {};

/** The language of the page; a change renders everything anew. */
export const language = createStore<Language>('en');

/** The remembered language, else the first one of the browser that we speak. */
export function preferredLanguage(): Language {
  for (const tag of [recall('local', KEY), ...navigator.languages]) {
    const found = languages.find(({ value }) => typeof tag === 'string' && tag.toLowerCase().split('-')[0] === value);
    if (found !== undefined) return found.value;
  }
  return 'en';
}

/** Loads a language and shows the page in it. */
export async function loadCatalogue(next: Language): Promise<void> {
  catalogue = next === 'en' ? {} : (await loaders[next]()).default;
  document.documentElement.lang = next;
  language.set(next);
}

export async function chooseLanguage(next: Language): Promise<void> {
  remember('local', KEY, next);
  await loadCatalogue(next);
}

function fill(text: string, values: Values): string {
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? value.toLocaleString(language.get()) : value;
  });
}

/** Translates an English source string; {name} is replaced by values.name. */
export function t(text: string, values: Values = {}): string {
  return fill(catalogue[text]?.[0] ?? text, values);
}

/** As t(), with a singular and a plural that depend on n; {n} is replaced by it. */
export function tn(one: string, many: string, n: number, values: Values = {}): string {
  const forms = catalogue[one] ?? [one, many];
  return fill((n === 1 ? forms[0] : forms[1]) ?? many, { n, ...values });
}
