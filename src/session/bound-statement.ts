import { errors } from '../core/errors.js';
import type { ParameterNumber } from '../plan/limit-window.js';
import type { Statement } from '../plan/statement.js';
import type { BindMessage, FieldDescription } from '../wire/messages.js';
import { bindTailWithTextResults, textBindTail } from '../wire/write.js';

/** A statement over virtual tables with everything needed to run it. */
export interface BoundStatement {
  readonly statement: Statement;
  readonly parameterOids: readonly number[];
  readonly parameterFormats: readonly number[];
  /** Texts among them in UTF-8. */
  readonly parameters: readonly (Buffer | null)[];
  /** The Bind message's part behind the names, for running it with the client's own parameters and result formats. */
  readonly bindTail: Buffer;
  /** False: texts in it are in the client's encoding. */
  readonly isTailUtf8: boolean;
  /** The result columns with their format codes; null: the statement returns no rows. */
  readonly fields: readonly FieldDescription[] | null;
}

/** A statement of a simple query: no parameters, all results as text. */
export function bindSimple(statement: Statement, fields: readonly FieldDescription[] | null): BoundStatement {
  return {
    statement,
    parameterOids: [],
    parameterFormats: [],
    parameters: [],
    bindTail: textBindTail(),
    isTailUtf8: true,
    fields,
  };
}

/** A portal's statement; `parameters` are those of its Bind message with texts in UTF-8. */
export function bindExtended(
  statement: Statement,
  parameterOids: readonly number[],
  bind: BindMessage,
  parameters: readonly (Buffer | null)[],
  fields: readonly FieldDescription[] | null,
): BoundStatement {
  return {
    statement,
    parameterOids,
    parameterFormats: bind.parameterFormats,
    parameters,
    bindTail: bind.tail,
    isTailUtf8: false,
    fields,
  };
}

/** The Bind tail for a query of the gateway's own over the same parameters, with text results. */
export function explainTail(bound: BoundStatement): Buffer {
  return bindTailWithTextResults(bound.parameterFormats, bound.parameters);
}

const INTEGER_BYTES: Readonly<Record<number, number>> = { 20: 8, 21: 2, 23: 4 };

/** Reads integer parameters, for LIMIT and OFFSET. */
export function parameterNumber(bound: BoundStatement): ParameterNumber {
  return (n) => {
    const value = bound.parameters[n - 1];
    if (value === undefined) return undefined;
    if (value === null) return null;
    const size = INTEGER_BYTES[bound.parameterOids[n - 1] ?? 0];
    if (size === undefined) return undefined;
    const formats = bound.parameterFormats;
    const format = formats.length === 1 ? formats[0] : (formats[n - 1] ?? 0);
    if (format === 1) {
      if (value.length !== size) throw errors.protocolViolation(`incorrect binary data format in bind parameter ${n}`);
      return toSafe(size === 8 ? Number(value.readBigInt64BE()) : value.readIntBE(0, size));
    }
    const text = value.toString('latin1').trim();
    return /^[+-]?\d+$/.test(text) ? toSafe(Number(text)) : undefined;
  };
}

function toSafe(value: number): number | undefined {
  return Number.isSafeInteger(value) ? value : undefined;
}
