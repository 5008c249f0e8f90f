import { type HeaderField, STATIC_TABLE } from './header-table.js';

const NAMES = new Map<string, number>();
const FIELDS = new Map<string, number>();
for (const [index, [name, value]] of STATIC_TABLE.entries()) {
  if (!NAMES.has(name)) NAMES.set(name, index + 1);
  FIELDS.set(`${name}\n${value}`, index + 1);
}

/** Never to be remembered on the way, so that their length in a table tells nothing (RFC 7541, section 7.1.3). */
const SECRET: ReadonlySet<string> = new Set(['authorization', 'cookie']);

/**
 * A block of headers that leaves the connection's table alone: requests are small beside their answers. The first block of
 * a connection says so.
 */
export function encodeHeaders(fields: readonly HeaderField[], isFirst: boolean): Buffer {
  // A table of the size 0 (RFC 7541, section 6.3).
  const parts: Buffer[] = isFirst ? [Buffer.from([0x20])] : [];
  for (const [name, value] of fields) {
    const whole = FIELDS.get(`${name}\n${value}`);
    if (whole !== undefined) {
      parts.push(encodeNumber(whole, 7, 0x80));
      continue;
    }
    const index = NAMES.get(name) ?? 0;
    parts.push(encodeNumber(index, 4, SECRET.has(name) ? 0x10 : 0x00));
    if (index === 0) parts.push(...encodeText(name));
    parts.push(...encodeText(value));
  }
  return Buffer.concat(parts);
}

function encodeText(text: string): Buffer[] {
  const bytes = Buffer.from(text, 'latin1');
  return [encodeNumber(bytes.length, 7, 0), bytes];
}

function encodeNumber(value: number, prefixBits: number, pattern: number): Buffer {
  const mask = 2 ** prefixBits - 1;
  if (value < mask) return Buffer.from([pattern | value]);
  const bytes = [pattern | mask];
  let rest = value - mask;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
