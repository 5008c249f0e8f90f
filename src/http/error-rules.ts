import type { ErrorRule } from '../config/model.js';
import { parseBodyPath } from './json-body.js';
import type { HttpResponse } from './response.js';

/** What is looked at of a body; error messages are shorter than pages of data. */
const LONGEST_EXAMINED_BYTES = 64 * 1024;

/** What a rule makes of an answer; null: no rule is about it. */
export type RuledAction = ErrorRule['action'] | null;

/**
 * The first rule that an answer fits. Where a rule looks at the body its beginning is read, and the response returned
 * still gives all of it.
 */
export async function applyErrorRules(
  rules: readonly ErrorRule[],
  response: HttpResponse,
): Promise<{ readonly action: RuledAction; readonly response: HttpResponse }> {
  let current = response;
  let text: string | null = null;
  for (const rule of rules) {
    if (rule.statuses !== null && !rule.statuses.includes(response.status)) continue;
    if (rule.bodyMatches === null && rule.field === null) return { action: rule.action, response: current };
    if (text === null) {
      const peeked = await peekBody(current);
      current = peeked.response;
      text = peeked.text;
    }
    if (rule.bodyMatches !== null && !new RegExp(rule.bodyMatches).test(text)) continue;
    if (rule.field !== null && readField(text, rule.field.path) !== rule.field.value) continue;
    return { action: rule.action, response: current };
  }
  return { action: null, response: current };
}

/** Reads the beginning of a body; a failure to do so shows when the body is read. */
async function peekBody(response: HttpResponse): Promise<{ text: string; response: HttpResponse }> {
  const iterator = response.body[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let failure: { readonly reason: unknown } | null = null;
  let isEnded = false;
  try {
    while (bytes < LONGEST_EXAMINED_BYTES && !isEnded) {
      const next = await iterator.next();
      if (next.done === true) isEnded = true;
      else {
        chunks.push(Buffer.from(next.value));
        bytes += next.value.length;
      }
    }
  } catch (reason) {
    failure = { reason };
  }
  const body = async function* (): AsyncGenerator<Uint8Array, void, void> {
    try {
      yield* chunks;
      if (failure !== null) throw failure.reason;
      for (let next = isEnded ? null : await iterator.next(); next !== null && next.done !== true; ) {
        yield next.value;
        next = await iterator.next();
      }
    } finally {
      await iterator.return?.();
    }
  };
  const text = Buffer.concat(chunks).subarray(0, LONGEST_EXAMINED_BYTES).toString('utf8');
  return { text, response: { ...response, body: body() } };
}

/** The text of a field of a JSON document; null where the document has none, or is no JSON, or is too long. */
function readField(text: string, path: string): string | null {
  let node: unknown;
  try {
    node = JSON.parse(text);
  } catch {
    return null;
  }
  for (const step of parseBodyPath(path)) {
    if (node === null || typeof node !== 'object' || !Object.hasOwn(node, step)) return null;
    node = (node as Record<string | number, unknown>)[step];
  }
  return typeof node === 'string' ? node : (JSON.stringify(node) ?? null);
}
