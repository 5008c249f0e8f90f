const LONGEST_MESSAGE = 300;
const MESSAGE_FIELDS: readonly string[] = [
  'error_description',
  'message',
  'detail',
  'title',
  'error',
  'errors',
  'description',
  'fault',
];

/**
 * What an API's error body says in its own words, for an error's detail: the message fields of a JSON object (RFC 9457's
 * among them), a page's title, or the text itself; one line, at most 300 characters, null when there is none.
 */
export function apiMessage(body: string): string | null {
  const text = body.trim();
  if (text === '') return null;
  const message = jsonMessage(text) ?? htmlTitle(text) ?? (looksLikeMarkup(text) ? markupText(text) : text);
  return shorten(message);
}

/** One line without control characters or direction overrides, at most 300 characters. */
export function shorten(text: string, longest: number = LONGEST_MESSAGE): string | null {
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\s]+/g, ' ').trim();
  const characters = [...line];
  if (characters.length === 0) return null;
  return characters.length <= longest ? line : `${characters.slice(0, longest - 1).join('')}…`;
}

/** The title of an HTML page; null when the text is no HTML. */
export function htmlTitle(text: string): string | null {
  if (!/^(?:<!--[\s\S]*?-->|\s)*<(?:!doctype html|html|head|title|body)\b/i.test(text.slice(0, 2000))) return null;
  const title = /<title[^>]*>([^<]*)</i.exec(text)?.[1]?.trim();
  return title === undefined || title === '' ? 'an HTML page without a title' : decodeEntities(title);
}

function jsonMessage(text: string): string | null {
  if (!/^[[{"]/.test(text)) return null;
  try {
    return messageIn(JSON.parse(text), 0);
  } catch {
    return null;
  }
}

function messageIn(value: unknown, depth: number): string | null {
  if (typeof value === 'string') return value;
  if (value === null || typeof value !== 'object' || depth > 3) return null;
  if (Array.isArray(value)) return joinDistinct(value.slice(0, 3).map((item) => messageIn(item, depth + 1)));
  const record = value as Record<string, unknown>;
  return joinDistinct(MESSAGE_FIELDS.map((name) => messageIn(record[name], depth + 1)));
}

function joinDistinct(parts: readonly (string | null)[]): string | null {
  const distinct = [...new Set(parts.filter((part): part is string => part !== null && part.trim() !== ''))];
  return distinct.length === 0 ? null : distinct.join(': ');
}

function looksLikeMarkup(text: string): boolean {
  return text.startsWith('<');
}

/** XML, a SOAP fault mostly: what stands between the tags. */
function markupText(text: string): string {
  return decodeEntities(text.replace(/<[^>]*>/g, ' '));
}

function decodeEntities(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
}
