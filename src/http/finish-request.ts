import { errors } from '../core/errors.js';
import { encodePathText, encodeXmlText } from './encode-value.js';
import { writeJsonBody } from './json-body.js';
import { redactUrl } from './redact-url.js';
import type { Redactor } from './redactor.js';
import type { DraftBody, HttpRequest, RequestDraft } from './request-draft.js';

const PLACEHOLDER = /\{([^{}/]+)\}/g;

/**
 * The request as it is sent. Throws F0000 where the path has a placeholder without a value and 22P02 where a value cannot
 * stand in a path.
 */
export function finishRequest(draft: RequestDraft, redactor: Redactor): HttpRequest {
  const search = draft.query.map((pair) => pair.text).join('&');
  const suffix = search === '' ? '' : `?${search}`;
  const url = new URL(`${draft.origin}${fillPath(draft)}${suffix}`);
  const headers: Record<string, string> = {};
  for (const [name, header] of draft.headers) headers[name] = header.value;
  return {
    method: draft.method,
    url,
    headers,
    body: draft.body === null ? null : writeBody(draft.body),
    shownUrl: showUrl(draft, url, redactor),
  };
}

/** The draft's address as it may be shown, `{name}` standing where a path value is still missing. */
export function showDraft(draft: RequestDraft, redactor: Redactor): string {
  const search = draft.query.map((pair) => pair.text).join('&');
  const path = fillPath(draft, (placeholder) => placeholder);
  const url = new URL(`${draft.origin}${path}${search === '' ? '' : `?${search}`}`);
  return showUrl(draft, url, redactor).replaceAll('%7B', '{').replaceAll('%7D', '}');
}

function showUrl(draft: RequestDraft, url: URL, redactor: Redactor): string {
  const parameters = new Set(draft.query.filter((pair) => pair.isSecret).map((pair) => pair.name));
  const isPathSecret = draft.isPathSecret || [...draft.pathValues.values()].some((value) => value.isSecret);
  return redactUrl(url, redactor, { parameters, isPathSecret });
}

/** Names of the placeholders in a path template. */
export function placeholdersIn(path: string): readonly string[] {
  return [...path.matchAll(PLACEHOLDER)].map((match) => match[1]!);
}

function fillPath(draft: RequestDraft, onMissing: (placeholder: string) => string = refuseMissing): string {
  if (draft.isPathLiteral) return draft.path;
  return draft.path
    .split('/')
    .map((segment) => {
      const names = placeholdersIn(segment);
      if (names.length === 0) return segment;
      const plain = segment.replace(PLACEHOLDER, (all, name: string) => draft.pathValues.get(name)?.value ?? all);
      // URL parsers climb to the parent folder even where the dots are percent-encoded.
      if (plain === '' || plain === '.' || plain === '..') throw unfitForPath(names[0]!, plain);
      return segment.replace(PLACEHOLDER, (all, name: string) => {
        const value = draft.pathValues.get(name)?.value;
        return value === undefined ? onMissing(all) : encodePathText(value);
      });
    })
    .join('/');
}

function refuseMissing(placeholder: string): never {
  throw errors.configuration(`the path has no value for "${placeholder}"`, {
    hint: `Declare a filter or a paginator with path: ${placeholder.slice(1, -1)}.`,
  });
}

function unfitForPath(name: string, value: string): Error {
  return errors.invalidText(`the value "${value}" of "${name}" cannot stand in a URL path`, {
    hint: `Use another value for "${name}": an API cannot be asked for an empty one or for dots alone.`,
  });
}

function writeBody(body: DraftBody): string {
  switch (body.type) {
    case 'json':
      return writeJsonBody(body.document);
    case 'form':
      return body.fields.map((field) => field.text).join('&');
    default:
      return body.text.replace(/\{([^{}\s]+)\}/g, (all, name: string) => {
        const value = body.values.get(name);
        if (value === undefined) return all;
        return body.type === 'xml' ? encodeXmlText(name, value) : value;
      });
  }
}

/** True when the body is a text with `{name}` in it. */
export function hasBodyText(draft: RequestDraft, name: string): boolean {
  const { body } = draft;
  return body !== null && (body.type === 'text' || body.type === 'xml') && body.text.includes(`{${name}}`);
}
