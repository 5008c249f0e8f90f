import type { Coercer } from '../../src/core/coerce/contract.js';
import type { RowWriter } from '../row-writer.js';
import { Kind, unescapeString } from './tokens.js';

/** Writes the cell of column `c` from the JSON value of `kind` at `[start, end)` of `bytes` (a string's without quotes). */
export function writeValueCell(
  writer: RowWriter,
  c: number,
  kind: number,
  bytes: Buffer,
  start: number,
  end: number,
): void {
  const { builder } = writer;
  switch (kind) {
    case Kind.string: {
      const target = builder.reserve(2 * (end - start) + 64);
      const written = writer.coercers[c]!.writeString(bytes, start, end, target, builder.cellStart);
      if (written >= 0) builder.closeCell(written);
      else writer.writeValue(c, 'fromString', bytes.toString('utf8', start, end));
      return;
    }
    case Kind.number: {
      const target = builder.reserve(2 * (end - start) + 64);
      const written = writer.coercers[c]!.writeNumber(bytes, start, end, target, builder.cellStart);
      if (written >= 0) builder.closeCell(written);
      else writer.writeValue(c, 'fromNumber', bytes.toString('latin1', start, end));
      return;
    }
    case Kind.missing:
      writer.writeMissing(c);
      return;
    case Kind.null:
      writer.writeNull(c);
      return;
    case Kind.true:
    case Kind.false:
      writer.writeBoolean(c, kind === Kind.true);
      return;
    case Kind.escaped:
      writer.writeValue(c, 'fromString', unescapeString(bytes, start, end));
      return;
    default:
      if (writer.keepsJson[c]) builder.writeBytes(bytes, start, end);
      else writer.writeValue(c, 'fromJson', bytes.toString('utf8', start, end));
  }
}

/** The canonical text of the JSON value of `kind` in `bytes`, as `writeValueCell` writes it; null for NULL. */
export function valueText(coercer: Coercer, keepsJson: boolean, kind: number, bytes: Buffer): string | null {
  switch (kind) {
    case Kind.null:
      return null;
    case Kind.true:
    case Kind.false:
      return coercer.fromBoolean(kind === Kind.true);
    case Kind.number:
      return coercer.fromNumber(bytes.toString('latin1'));
    case Kind.string:
    case Kind.escaped:
      return coercer.fromString(unescapeString(bytes, 0, bytes.length));
    default:
      return keepsJson ? bytes.toString('utf8') : coercer.fromJson(bytes.toString('utf8'));
  }
}

/** A captured value's text: strings unescaped, everything else as written; null for a JSON null. */
export function captureText(kind: number, bytes: Buffer, start: number, end: number): string | null {
  if (kind === Kind.null) return null;
  if (kind === Kind.escaped || kind === Kind.string) return unescapeString(bytes, start, end);
  return bytes.toString('utf8', start, end);
}
