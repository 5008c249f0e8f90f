import type { BooleanValues } from '../../config/model.js';
import type { ByteWriter, Coercer } from './contract.js';
import { unknownBooleanValue } from './failure.js';
import { trimSpaces } from './spaces.js';

const T = 0x74;
const F = 0x66;

/**
 * Coercer of a boolean column with `values`: the texts listed there, whatever kind of value they are in the source, are true
 * and false, and no others; a JSON boolean that is not listed is itself. Spaces around a text are passed over unless they are listed.
 */
export function makeBooleanValuesCoercer(values: BooleanValues): Coercer {
  const cells = new Map<string, string>();
  for (const text of values.true) cells.set(text, 't');
  for (const text of values.false) cells.set(text, 'f');
  const known = [...cells].map(([text, cell]) => ({ bytes: Buffer.from(text, 'utf8'), cell: cell === 't' ? T : F }));
  const fromString = (text: string): string => {
    const cell = cells.get(text) ?? cells.get(trimSpaces(text));
    if (cell === undefined) throw unknownBooleanValue(text);
    return cell;
  };
  const write: ByteWriter = (source, start, end, target, at) => {
    for (const { bytes, cell } of known) {
      if (bytes.length !== end - start) continue;
      let i = 0;
      while (i < bytes.length && bytes[i] === source[start + i]) i++;
      if (i < bytes.length) continue;
      target[at] = cell;
      return 1;
    }
    return -1;
  };
  return {
    fromString,
    fromNumber: fromString,
    fromBoolean: (value) => cells.get(String(value)) ?? (value ? 't' : 'f'),
    fromJson: fromString,
    writeString: write,
    writeNumber: write,
  };
}
