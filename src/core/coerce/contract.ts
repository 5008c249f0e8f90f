/**
 * Turns one column's values, as an API writes them, into canonical PostgreSQL text: byte for byte what PostgreSQL prints
 * with `DateStyle=ISO`, `TimeZone=UTC`, `extra_float_digits=1` and `bytea_output=hex`.
 *
 * The `from…` methods are the complete paths: they return canonical text, or null for NULL (`null_values`,
 * `on_error: set_null`), and throw a `GatewayError` with PostgreSQL's SQLSTATE and wording; the caller, who knows table
 * and record, adds the detail.
 *
 * The `write…` methods are the paths for the many plain values: they write the canonical text of bytes `[start, end)` of
 * `source` at `target[at…]` and return how many bytes they wrote, or -1 when the caller has to take the complete path. They
 * never throw and allocate nothing for usual values. `target` has room for `2 * (end - start) + 64` bytes.
 */
export interface Coercer {
  /** A JSON string (unescaped), or the text of an XML node or a CSV field. */
  fromString(text: string): string | null;
  /** A JSON number literal as written. */
  fromNumber(literal: string): string | null;
  fromBoolean(value: boolean): string | null;
  /** A JSON object or array as written. */
  fromJson(text: string): string | null;
  /** The content of a string that has no escapes and is valid UTF-8. */
  writeString(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number;
  /** A JSON number literal. */
  writeNumber(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number;
}

/** One of a coercer's byte paths. */
export type ByteWriter = Coercer['writeString'];

/** The byte path of types that have none. */
export const writeNothing: ByteWriter = () => -1;

/**
 * What a source's strings are. `json`: JSON strings, so that text in a json column is a JSON string; `text`: XML and CSV
 * fields, headers and URLs, which have no other way to hold a JSON document than as text.
 */
export type StringOrigin = 'json' | 'text';
