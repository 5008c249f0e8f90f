import type { DriverOptions } from '../../src/config/model.js';
import { errors } from '../../src/core/errors.js';

/** How a CSV source separates and quotes, in bytes. */
export interface Dialect {
  readonly delimiter: Buffer;
  /** -1: fields are never quoted. */
  readonly quote: number;
  /** What makes a quote within quotes a character; the quote itself when it is doubled. */
  readonly escapeByte: number;
  /** Lines that begin with it are skipped; null: none. */
  readonly comment: Buffer | null;
}

/** Checks a csv table's options. Throws F0000 for those that cannot work together. */
export function makeDialect(options: Extract<DriverOptions, { type: 'csv' }>): Dialect {
  const delimiter = Buffer.from(options.delimiter, 'utf8');
  if (delimiter.length === 0 || /[\r\n\0]/.test(options.delimiter)) {
    throw errors.configuration('delimiter has to be a text without line breaks', {
      hint: 'Use "," or "\\t", for example.',
    });
  }
  const quote = options.quote === '' ? -1 : singleByte('quote', options.quote);
  const escapeByte = options.escape === '' ? quote : singleByte('escape', options.escape);
  if (quote === delimiter[0]) {
    throw errors.configuration(`delimiter and quote both begin with "${options.quote}"`, {
      hint: 'Choose different ones.',
    });
  }
  const comment = options.comment === null || options.comment === '' ? null : Buffer.from(options.comment, 'utf8');
  return { delimiter, quote, escapeByte, comment };
}

function singleByte(name: string, text: string): number {
  const code = text.charCodeAt(0);
  if (text.length === 1 && code < 0x80 && code !== 0 && code !== 0x0a && code !== 0x0d) return code;
  throw errors.configuration(`${name} has to be one ASCII character, not "${text}"`, {
    hint: `Set ${name} to '"' or "'".`,
  });
}
