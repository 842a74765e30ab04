// SPDX-License-Identifier: GPL-3.0-or-later
import { endSession, session } from '../lib/session';

/** An answer that is not a success, or none at all (status 0). */
export class ApiError extends Error {
  readonly status: number;
  /** Seconds to wait, from Retry-After. */
  readonly retryAfterS: number | null;
  /** Whatever else the answer said. */
  readonly details: Record<string, unknown>;

  constructor(status: number, message: string, retryAfterS: number | null = null, details: Record<string, unknown> = {}) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.retryAfterS = retryAfterS;
    this.details = details;
  }
}

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  json?: unknown;
  query?: Record<string, string | number | boolean | null | undefined>;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Send no credential, and leave the session alone when the answer is 401. */
  anonymous?: boolean;
}

/** The address of a route, beside the page. */
export function apiUrl(path: string, query: RequestOptions['query'] = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== null) parameters.set(name, String(value));
  const tail = parameters.toString();
  return `/api/v1${path}${tail === '' ? '' : `?${tail}`}`;
}

/** An address with the token in its query, for the few routes that take it so (media, events, export). */
export function tokenUrl(path: string, query: RequestOptions['query'] = {}): string {
  return apiUrl(path, { ...query, token: session.get()?.token });
}

export function authorization(): Record<string, string> {
  const token = session.get()?.token;
  return token === undefined ? {} : { Authorization: `Bearer ${token}` };
}

/** Turns an answer that is no success into an ApiError; the message is the daemon's own. */
export function errorOf(status: number, body: string, retryAfter: string | null): ApiError {
  let message = '';
  let details = {};
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null && 'error' in parsed) {
      message = String(parsed.error);
      details = parsed;
    }
  } catch {
    // not from the daemon: the status has to do
  }
  const seconds = retryAfter === null ? NaN : Number.parseInt(retryAfter, 10);
  return new ApiError(status, message === '' ? `HTTP ${status}` : message, Number.isNaN(seconds) ? null : seconds, details);
}

/** Sends a request; throws ApiError for everything but success. */
export async function send(path: string, options: RequestOptions = {}): Promise<Response> {
  const { method = 'GET', json, query, headers = {}, signal, anonymous = false } = options;
  const token = session.get()?.token;
  const init: RequestInit = {
    method,
    headers: {
      ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(anonymous ? {} : authorization()),
      ...headers,
    },
    cache: 'no-store',
    credentials: 'omit',
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    ...(signal === undefined ? {} : { signal }),
  };
  let response: Response;
  try {
    response = await fetch(apiUrl(path, query), init);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, cause instanceof Error ? cause.message : String(cause));
  }
  if (response.ok) return response;
  if (response.status === 401 && !anonymous && token === session.get()?.token) endSession('expired');
  throw errorOf(response.status, await response.text(), response.headers.get('Retry-After'));
}

/** Sends a request and reads the JSON of its answer. */
export async function fetchJson<T>(path: string, options: RequestOptions = {}): Promise<T> {
  return (await (await send(path, options)).json()) as T;
}
