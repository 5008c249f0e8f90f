import type { BodyModel, HttpSource } from '../config/model.js';
import { errors } from '../core/errors.js';
import { type ConfiguredText, reveal, Secret } from '../core/secret.js';
import { encodePathText } from './encode-value.js';

const REFERENCE = /\$\{auth:([A-Za-z_]\w*)\}/g;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i;

type Values = ReadonlyMap<string, string>;

/** Whether a source's requests have places that are filled with what a login tells. */
export function usesAuthValues({ url, headers, query, body }: HttpSource): boolean {
  return [url, ...headers.values(), ...query.values()].some(holdsReference) || (body !== null && bodyHolds(body));
}

/**
 * The source with what the login told in the place of each `${auth:NAME}`. A value at the start of the address must be one,
 * over https unless it is this machine's: the token goes there. Throws HV000 for a value that cannot stand where it is wanted.
 */
export function fillAuthValues(source: HttpSource, values: Values, subject: string): HttpSource {
  const fill = (text: ConfiguredText): ConfiguredText =>
    mapText(text, (plain) => plain.replace(REFERENCE, (_all, name: string) => toldValue(name, values, subject)));
  return {
    ...source,
    url: mapText(source.url, (text) => fillUrl(text, values, subject)),
    headers: mapTexts(source.headers, fill),
    query: mapTexts(source.query, fill),
    body: source.body === null ? null : fillBody(source.body, fill),
  };
}

/** The source with marks that `nameAuthValues` turns into names, to show requests before anybody has logged in. */
export function markAuthValues(source: HttpSource): HttpSource {
  const mark = (text: ConfiguredText): ConfiguredText =>
    mapText(text, (plain) => plain.replace(REFERENCE, (_all, name: string) => markOf(name)));
  return {
    ...source,
    url: mapText(source.url, (text) =>
      text.replace(/^(?=\$\{auth:)/, 'https://').replace(REFERENCE, (_all, name: string) => markOf(name)),
    ),
    headers: mapTexts(source.headers, mark),
    query: mapTexts(source.query, mark),
    body: source.body === null ? null : fillBody(source.body, mark),
  };
}

/** The shown address of a marked source, with `${auth:NAME}` as the DSN has it. */
export function nameAuthValues(shown: string, source: HttpSource): string {
  let text = shown;
  for (const [reference, name] of reveal(source.url).matchAll(REFERENCE)) {
    const mark = new RegExp(`${reveal(source.url).startsWith(reference) ? '(?:https://)?' : ''}${markOf(name!)}`, 'gi');
    text = text.replace(mark, () => reference);
  }
  return text;
}

function markOf(name: string): string {
  return `auth--${name}--`;
}

function fillUrl(text: string, values: Values, subject: string): string {
  const hostEnd = /^(?:[a-z][a-z0-9+.-]*:\/\/)?[^/?#]*?(?=[/?#]|$)/i.exec(text)?.[0].length ?? 0;
  return text.replace(REFERENCE, (reference, name: string, at: number) => {
    const value = toldValue(name, values, subject);
    if (at === 0) return baseAddress(reference, value, subject);
    if (at >= hostEnd && value !== '.' && value !== '..') return encodePathText(value);
    if (at < hostEnd && /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(value)) return value;
    throw unfit(reference, `part of a ${at < hostEnd ? 'host name' : 'path'}`, subject);
  });
}

function baseAddress(reference: string, value: string, subject: string): string {
  const url = URL.canParse(value) ? new URL(value) : null;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.test(url.hostname));
  const isBase = url !== null && url.username === '' && url.password === '' && !/[?#{}\s\\]/.test(value);
  if (isSafe && isBase) return value.replace(/\/+$/, '');
  throw unfit(reference, 'an https address', subject);
}

function toldValue(name: string, values: Values, subject: string): string {
  const value = values.get(name);
  if (value !== undefined) return value;
  throw errors.configuration(`the login of ${subject} tells no "${name}"`, {
    hint: `Add "${name}" to "metadata" in the auth settings.`,
  });
}

function unfit(reference: string, what: string, subject: string): Error {
  return errors.apiError(`what the login tells for "${reference}" of ${subject} is not ${what}`, {
    hint: 'Check "metadata" in the auth settings, and where its value is used.',
  });
}

function holdsReference(text: ConfiguredText): boolean {
  return reveal(text).search(REFERENCE) >= 0;
}

function bodyHolds(body: BodyModel): boolean {
  switch (body.type) {
    case 'json':
      return jsonHolds(body.value);
    case 'form':
      return [...body.fields.values()].some(holdsReference);
    default:
      return holdsReference(body.text);
  }
}

function jsonHolds(value: unknown): boolean {
  if (typeof value === 'string' || value instanceof Secret) return holdsReference(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(jsonHolds);
}

function fillBody(body: BodyModel, fill: (text: ConfiguredText) => ConfiguredText): BodyModel {
  switch (body.type) {
    case 'json':
      return { type: 'json', value: fillJson(body.value, fill) };
    case 'form':
      return { type: 'form', fields: mapTexts(body.fields, fill) };
    default:
      return { type: body.type, text: fill(body.text) };
  }
}

function fillJson(value: unknown, fill: (text: ConfiguredText) => ConfiguredText): unknown {
  if (typeof value === 'string' || value instanceof Secret) return fill(value);
  if (Array.isArray(value)) return value.map((item) => fillJson(item, fill));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fillJson(item, fill)]));
}

function mapTexts(
  texts: ReadonlyMap<string, ConfiguredText>,
  fill: (text: ConfiguredText) => ConfiguredText,
): ReadonlyMap<string, ConfiguredText> {
  return new Map([...texts].map(([name, text]) => [name, fill(text)]));
}

function mapText(text: ConfiguredText, change: (plain: string) => string): ConfiguredText {
  return text instanceof Secret ? new Secret(change(text.reveal())) : change(text);
}
