import { SingleByteCharset } from '../core/encode/single-byte.js';
import { errors } from '../core/errors.js';
import type { CacheMode } from '../engine/scan-cache/cache-info.js';
import { BodyReader } from '../wire/frames.js';
import type { PrintSettings } from './row-encoder.js';

const UTC_NAMES = new Set(['UTC', 'Etc/UTC', 'GMT', 'Etc/GMT', 'Universal', 'Zulu', 'Etc/UCT', 'UCT']);

/** The session's settings as the engine reports them unasked (ParameterStatus). */
export class ReportedSettings {
  readonly #values = new Map<string, string>();

  /** Takes in a ParameterStatus frame. */
  update(frame: Buffer): void {
    const body = new BodyReader(frame);
    this.#values.set(body.cstring(), body.cstring());
  }

  /** All of them, in an order that does not change. */
  get all(): readonly (readonly [string, string])[] {
    return [...this.#values];
  }

  get clientEncoding(): string {
    return this.#values.get('client_encoding') ?? 'UTF8';
  }

  get applicationName(): string {
    return this.#values.get('application_name') ?? '';
  }

  /** SQL_ASCII makes the engine pass texts on as they are. */
  get isUtf8(): boolean {
    return this.clientEncoding === 'UTF8' || this.clientEncoding === 'SQL_ASCII';
  }

  get hasIsoDates(): boolean {
    return (this.#values.get('DateStyle') ?? 'ISO').startsWith('ISO');
  }

  get isUtc(): boolean {
    return UTC_NAMES.has(this.#values.get('TimeZone') ?? 'UTC');
  }
}

/** Settings that are only known by asking; asked together with each plan. */
export interface AskedSettings {
  readonly statementTimeoutMs: number;
  readonly hasHexBytea: boolean;
  readonly hasExactFloats: boolean;
  /** NULL among an array's elements is no text. */
  readonly hasArrayNulls: boolean;
  /** `SET tidegate.execution = 'engine'`. */
  readonly forcesEngine: boolean;
  /** `SET tidegate.cache`. */
  readonly cacheMode: CacheMode;
  /** `SET tidegate.max_requests`; null: any number. */
  readonly maxRequests: number | null;
}

const ASKED = [
  'statement_timeout',
  // Nothing reads it: it is part of what a plan was made under.
  'role',
  'bytea_output',
  'extra_float_digits',
  'array_nulls',
  'tidegate.execution',
  'tidegate.cache',
  'tidegate.max_requests',
] as const;

/** Asks for them, and for the OIDs of the table names given as parameters; one row. */
export function settingsQuery(nameCount: number): string {
  const names = Array.from(
    { length: nameCount },
    (_, index) => `pg_catalog.to_regclass($${index + 1})::pg_catalog.oid`,
  );
  const settings = ASKED.map((name) => `pg_catalog.current_setting('${name}', true)`);
  return `SELECT ${[...settings, ...names].join(', ')}`;
}

/** The OID of the n-th of the names, 0 where there is no such table. */
export function oidAnswered(row: readonly (string | null)[], index: number): number {
  return Number(row[ASKED.length + index] ?? 0);
}

/** @throws GatewayError 22023 where a setting of the gateway's own has a value that means nothing */
export function readSettings(row: readonly (string | null)[]): AskedSettings {
  const setting = (name: (typeof ASKED)[number]): string => row[ASKED.indexOf(name)] ?? '';
  return {
    statementTimeoutMs: readMilliseconds(setting('statement_timeout')),
    hasHexBytea: setting('bytea_output') === 'hex',
    hasExactFloats: Number(setting('extra_float_digits')) >= 1,
    hasArrayNulls: setting('array_nulls') === 'on',
    forcesEngine: readExecution(setting('tidegate.execution')) === 'engine',
    cacheMode: readCacheMode(setting('tidegate.cache')),
    maxRequests: readMaxRequests(setting('tidegate.max_requests')),
  };
}

/** Empty is what a setting has that was RESET. */
function readMaxRequests(text: string): number | null {
  if (text === '') return null;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw errors.invalidParameter(`invalid value for parameter "tidegate.max_requests": "${text}"`, {
    hint: 'Set a number of requests, 0 for none at all, or RESET tidegate.max_requests for any number.',
  });
}

const EXECUTIONS: ReadonlyMap<string, 'auto' | 'engine'> = new Map([
  ['', 'auto'],
  ['auto', 'auto'],
  ['engine', 'engine'],
]);

const CACHE_MODES: ReadonlyMap<string, CacheMode> = new Map([
  ['', 'on'],
  ['on', 'on'],
  ['off', 'off'],
  ['refresh', 'refresh'],
]);

const readExecution = (text: string): 'auto' | 'engine' => readWord('execution', text, EXECUTIONS, 'auto or engine');
const readCacheMode = (text: string): CacheMode => readWord('cache', text, CACHE_MODES, 'on, off or refresh');

/** The engine takes any text for a setting with a dot in its name, so what is wrong shows only here. */
function readWord<Word>(name: string, text: string, words: ReadonlyMap<string, Word>, choice: string): Word {
  const word = words.get(text.trim().toLowerCase());
  if (word !== undefined) return word;
  throw errors.invalidParameter(`invalid value for parameter "tidegate.${name}": "${text}"`, {
    hint: `SET tidegate.${name} = ${choice}.`,
  });
}

export function printSettings(reported: ReportedSettings, asked: AskedSettings): PrintSettings {
  return {
    encoding: reported.isUtf8 ? 'utf8' : (SingleByteCharset.named(reported.clientEncoding) ?? 'other'),
    hasIsoDates: reported.hasIsoDates,
    isUtc: reported.isUtc,
    hasExactFloats: asked.hasExactFloats,
    hasHexBytea: asked.hasHexBytea,
  };
}

const MILLISECONDS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A time setting as `SHOW` prints it (`0`, `5min`). */
function readMilliseconds(text: string): number {
  const match = /^(\d+)(us|ms|s|min|h|d)?$/.exec(text);
  return match === null ? 0 : Number(match[1]) * MILLISECONDS[match[2] ?? 'ms']!;
}
