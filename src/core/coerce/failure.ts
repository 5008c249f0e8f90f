import { errors, type GatewayError } from '../errors.js';

/** Longest part of a value that a message repeats; an API can send megabytes. */
const MAX_SHOWN = 200;

const HINT = "Change the column's type, list the text in null_values, or set on_error: set_null.";
const TIME_HINT =
  "Say how the API writes it in the column's format, list the text in null_values, or set on_error: set_null.";

function shown(text: string): string {
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
}

/** 22P02, as PostgreSQL words it; `typeName` as PostgreSQL prints it. */
export function invalidSyntax(typeName: string, text: string): GatewayError {
  return errors.invalidText(`invalid input syntax for type ${typeName}: "${shown(text)}"`, { hint: HINT });
}

/** 22P02 of a number column without `decimal`: text that people write numbers in gets the hint to it. */
export function invalidNumber(typeName: string, text: string): GatewayError {
  if (!isWrittenByPeople(text)) return invalidSyntax(typeName, text);
  return errors.invalidText(`invalid input syntax for type ${typeName}: "${shown(text)}"`, {
    hint: 'Set the column\'s decimal to the character before its decimals, "." or ",": then thousands separators and currency signs are read too.',
  });
}

/** `1,5`, `1.234,50`, `$ 12`, `12 €`; not `1.5`, which only is of another type. */
function isWrittenByPeople(text: string): boolean {
  if (text.length > 50 || /^[\s+-]*[\d.]*\s*$/.test(text)) return false;
  return /^\s*[+-]?\s*\p{Sc}?\s*[+-]?\d[\d.,'\u2019 \u00a0\u202f]*\s*\p{Sc}?\s*$/u.test(text);
}

/** 22P02 of a boolean column with `values`. */
export function unknownBooleanValue(text: string): GatewayError {
  return errors.invalidText(`invalid input syntax for type boolean: "${shown(text)}"`, {
    hint: "Add the text to the column's values or null_values, or set on_error: set_null.",
  });
}

/** 22003 of the integer types. */
export function integerOutOfRange(typeName: string, text: string): GatewayError {
  return errors.numberOutOfRange(`value "${shown(text)}" is out of range for type ${typeName}`, { hint: HINT });
}

/** 22003 of real and double precision. */
export function floatOutOfRange(typeName: string, text: string): GatewayError {
  return errors.numberOutOfRange(`"${shown(text)}" is out of range for type ${typeName}`, { hint: HINT });
}

/** 22003 of a value with more digits than numeric(p,s) has. */
export function numericFieldOverflow(): GatewayError {
  return errors.numberOutOfRange('numeric field overflow', { hint: "Raise the precision of the column's type." });
}

/** 22003 of a value beyond numeric's own limits: 131072 digits before the point, 16383 after it. */
export function numericFormatOverflow(): GatewayError {
  return errors.numberOutOfRange('value overflows numeric format', { hint: HINT });
}

/** 22007: not a date or time at all, or not in the declared format. */
export function invalidDatetime(typeName: string, text: string): GatewayError {
  return errors.invalidDatetime(`invalid input syntax for type ${typeName}: "${shown(text)}"`, { hint: TIME_HINT });
}

/** 22008: a month 13, an hour 25, a 30th of February. */
export function datetimeFieldOutOfRange(text: string): GatewayError {
  return errors.datetimeOutOfRange(`date/time field value out of range: "${shown(text)}"`, { hint: TIME_HINT });
}

/** 22008: a year that the type cannot hold. */
export function datetimeOutOfRange(typeName: string, text: string): GatewayError {
  return errors.datetimeOutOfRange(`${typeName} out of range: "${shown(text)}"`, { hint: TIME_HINT });
}

/** 22009: a zone offset of sixteen hours or more. */
export function zoneOutOfRange(text: string): GatewayError {
  return errors.timeZoneDisplacement(`time zone displacement out of range: "${shown(text)}"`, { hint: TIME_HINT });
}

/** 22001 of varchar(n). */
export function stringTooLong(maxLength: number): GatewayError {
  return errors.stringTooLong(`value too long for type character varying(${maxLength})`, {
    hint: "Raise the length of the column's type, or make it text.",
  });
}

/** 22021: text that PostgreSQL cannot store in UTF-8; `bytes` is the offending sequence. */
export function invalidEncoding(bytes: readonly number[]): GatewayError {
  const sequence = bytes.map((byte) => `0x${byte.toString(16).padStart(2, '0')}`).join(' ');
  return errors.invalidEncoding(`invalid byte sequence for encoding "UTF8": ${sequence}`, {
    hint: 'Make the column json to keep such text as it was sent, or set on_error: set_null.',
  });
}

/** 22P05: an escape such as `\u0000` whose character jsonb cannot hold. */
export function unsupportedEscape(): GatewayError {
  return errors.untranslatableCharacter('unsupported Unicode escape sequence', {
    hint: 'Make the column json to keep such text as it was sent, or set on_error: set_null.',
  });
}
