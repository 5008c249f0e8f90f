import { parseBodyPath } from '../http/json-body.js';
import { readLifetimeMs } from './token-cache.js';
import type { ServerAnswer } from './token-endpoint.js';
import { type TokenSubject, tokenAnswerError, tokenStatusError } from './token-errors.js';

/** What an authorization server gave (RFC 6749, section 5.1). */
export interface TokenSet {
  readonly accessToken: string;
  readonly lifetimeMs: number | null;
  readonly refreshToken: string | null;
  readonly scopes: string | null;
  readonly idToken: string | null;
  /** All of it, for what else it may tell. */
  readonly answer: Readonly<Record<string, unknown>>;
}

/** Where an answer has what is looked for. */
export interface AnswerFields {
  readonly tokenField: string;
  readonly expiresInField: string;
}

/** Reads a token endpoint's answer. Throws HV000 in the server's own words, never with a secret. */
export function readTokenAnswer(answer: ServerAnswer, fields: AnswerFields, subject: TokenSubject): TokenSet {
  const { status, body } = answer;
  const json = readObject(answer, subject);
  const token = valueAt(json, fields.tokenField);
  // Some servers answer errors with 200.
  if (token === undefined && isErrorText(json)) throw tokenStatusError(status, body, subject);
  if (typeof token !== 'string' || token === '') {
    const reason = `its field "${shownField(fields.tokenField)}" is missing or not a text`;
    throw tokenAnswerError(status, body, reason, subject);
  }
  return {
    accessToken: token,
    lifetimeMs: readLifetimeMs(valueAt(json, fields.expiresInField)),
    refreshToken: textOrNull(json.refresh_token),
    scopes: textOrNull(json.scope),
    idToken: textOrNull(json.id_token),
    answer: json,
  };
}

/** The JSON object (or form) of a successful answer. Throws HV000 for anything else. */
export function readObject(answer: ServerAnswer, subject: TokenSubject): Record<string, unknown> {
  const { status, body, contentType } = answer;
  if (status < 200 || status > 299) throw tokenStatusError(status, body, subject);
  if (/^application\/x-www-form-urlencoded\b/i.test(contentType)) return Object.fromEntries(new URLSearchParams(body));
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw tokenAnswerError(status, body, null, subject);
  }
  if (json === null || typeof json !== 'object' || Array.isArray(json)) {
    throw tokenAnswerError(status, body, 'the answer is not a JSON object', subject);
  }
  return json as Record<string, unknown>;
}

/** The value at a JSONPath of one place, or at a plain name; undefined where there is none. */
export function valueAt(json: unknown, path: string): unknown {
  const steps = path.startsWith('$') ? parseBodyPath(path) : path.split('.');
  let value: unknown = json;
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

function isErrorText(json: Readonly<Record<string, unknown>>): boolean {
  return typeof json.error === 'string';
}

function shownField(path: string): string {
  return path.replace(/^\$\./, '');
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
