// SPDX-License-Identifier: GPL-3.0-or-later
import { ApiError } from '../api/client';
import { formatBytes } from './format';
import { t } from './i18n';

const DEFAULT_WAIT_S = 60;

/** Until when no more passwords are taken, Unix milliseconds; 0 when an answer of that time did not say so. */
export function lockedUntil(error: unknown, sinceMs: number): number {
  if (!(error instanceof ApiError) || error.status !== 429) return 0;
  return sinceMs + (error.retryAfterS ?? DEFAULT_WAIT_S) * 1000;
}

/** A message of the daemon as a sentence. */
export function sentence(text: string): string {
  const first = text.charAt(0).toLocaleUpperCase();
  return /[.!?]$/.test(text) ? first + text.slice(1) : `${first}${text.slice(1)}.`;
}

/** What went wrong, for people. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof ApiError)) return sentence(error.message);
  return quotaText(error) ?? statusText(error.status, error.message);
}

/** Whether an error takes the place of what was loaded before. It does not while the daemon is only away, which a banner says. */
export function isRefusal(error: unknown): boolean {
  return error !== null && !(error instanceof ApiError && (error.status === 0 || error.status >= 500));
}

/** What the daemon says of a field, without the name that the field has there. */
export function fieldError(error: Error | null, field: string): string | null {
  if (error === null) return null;
  const start = `${field}: `;
  return error.message.startsWith(start) ? sentence(error.message.slice(start.length)) : errorText(error);
}

/** With a quota in the way, what it is and what it would have to be. */
function quotaText({ status, details }: ApiError): string | null {
  const { hard_quota: quota, would_be_size: size } = details;
  if (status !== 507 || typeof quota !== 'number' || typeof size !== 'number') return null;
  return t('The vault is full: its quota is {quota}, and this would make {size}.', {
    quota: formatBytes(quota),
    size: formatBytes(size),
  });
}

function statusText(status: number, message: string): string {
  switch (status) {
    case 0:
      return t('MeshHold does not answer. Is it still running?');
    case 401:
      return t('You are signed out.');
    case 413:
      return t('The file is too large: at most 50 GiB are possible.');
    case 507:
      return t('The disk is full. Free some space, then try again.');
    default:
      return sentence(message);
  }
}
