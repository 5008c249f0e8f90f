export const LF = 0x0a;
export const CR = 0x0d;

/** Below which a word is searched for line breaks and the zero behind the window's end (`words.ts`): little else of a text is. */
export const LINE_BREAKS = 0x0e0e0e0e;

/** How quoted fields hold quotes: bytes; `quote` is -1 where fields are never quoted. */
interface Quoting {
  readonly quote: number;
  readonly escapeByte: number;
}

/** Writes the text of a quoted field's bytes `[start, end)` at `target[at…]`, and returns how many bytes it has: never more. */
export function unescapeField(
  bytes: Buffer,
  start: number,
  end: number,
  { quote, escapeByte }: Quoting,
  target: Uint8Array,
  at: number,
): number {
  let out = at;
  for (let i = start; i < end; i++) {
    let byte = bytes[i]!;
    if (byte === escapeByte && i + 1 < end) {
      const following = bytes[i + 1]!;
      if (following === quote || following === escapeByte) {
        byte = following;
        i++;
      }
    }
    target[out++] = byte;
  }
  return out - at;
}

/** The same as a string. */
export function fieldText(bytes: Buffer, start: number, end: number, quoting: Quoting): string {
  const text = Buffer.allocUnsafe(end - start);
  return text.toString('utf8', 0, unescapeField(bytes, start, end, quoting, text, 0));
}
