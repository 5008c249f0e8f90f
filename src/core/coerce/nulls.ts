import type { ColumnModel } from '../../config/model.js';
import { GatewayError } from '../errors.js';
import type { ByteWriter, Coercer } from './contract.js';

/**
 * Adds `null_values` (compared with the value as the API writes it, whatever its JSON kind) and `on_error: set_null` to a
 * coercer; a column without either keeps the coercer as it is.
 */
export function withNulls(coercer: Coercer, column: Pick<ColumnModel, 'nullValues' | 'onError'>): Coercer {
  const { nullValues, onError } = column;
  if ((nullValues === null || nullValues.length === 0) && onError === 'fail') return coercer;
  const nulls = new Set(nullValues);
  const guard =
    (coerce: (text: string) => string | null) =>
    (text: string): string | null => {
      if (nulls.has(text)) return null;
      if (onError === 'fail') return coerce(text);
      try {
        return coerce(text);
      } catch (error) {
        if (error instanceof GatewayError) return null;
        throw error;
      }
    };
  const fromBoolean = guard((text) => coercer.fromBoolean(text === 'true'));
  const writeGuard = writeUnlessNull([...nulls].map((text) => Buffer.from(text, 'utf8')));
  return {
    fromString: guard((text) => coercer.fromString(text)),
    fromNumber: guard((text) => coercer.fromNumber(text)),
    fromBoolean: (value) => fromBoolean(String(value)),
    fromJson: guard((text) => coercer.fromJson(text)),
    writeString: writeGuard(coercer.writeString),
    writeNumber: writeGuard(coercer.writeNumber),
  };
}

/** Leaves texts that mean NULL to the complete path. */
function writeUnlessNull(nulls: readonly Uint8Array[]): (write: ByteWriter) => ByteWriter {
  if (nulls.length === 0) return (write) => write;
  return (write) => (source, start, end, target, at) => {
    for (const text of nulls) {
      if (text.length !== end - start) continue;
      let i = 0;
      while (i < text.length && text[i] === source[start + i]) i++;
      if (i === text.length) return -1;
    }
    return write(source, start, end, target, at);
  };
}
