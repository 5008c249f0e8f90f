import { digitMask } from '../cells';
import { isRestAt } from './keys';
import {
  C_P1,
  C_P2,
  C_SLOT,
  COLUMN_ENTRY,
  JSON,
  L_ABSENT,
  L_BEHIND,
  L_DEPTH,
  L_MASK,
  L_OPERATION,
  L_OTHER,
  L_SIZE,
  L_START,
  L_TARGET,
  MISSING,
  O_ABSENT,
  O_END,
  O_END_SLOTS,
  O_SCALAR,
  O_SKIP,
  O_SLOT,
  OUTER,
  OUTPUT,
  OUTPUT_LIMIT,
  P_BIAS,
  P_CELLS,
  P_DEFERRED,
  S_COLUMN_COUNT,
  STEP_ENTRY,
  T_BOOLEAN,
  T_INTEGER,
  T_NUMERIC,
  T_TEXT,
} from './layout';
import { numberEnd } from './numbers';
import { endCell, endRow, writeRow, writeValue } from './row';
import { putValue } from './slots';
import { stopMask, stringStop } from './strings';
import { templateOf } from './template';
import { endOfValue, valueKind } from './values';

// Records that are like the one that the template was made of: what is between their values is compared, and each value that
// has its column's usual form becomes a cell at once.

/** Where the row ends that `readAlike` has written. */
export let rowEnd: usize = 0;

/**
 * Reads the record at `start` by the state's template and writes its row at `out`. Returns where the record ends, or 0 when
 * it is not like the template, not whole, or without room: then nothing is written.
 */
export function readAlike(state: usize, start: usize, out: usize, depthLimit: i32): usize {
  const deferred = load<i32>(P_DEFERRED);
  const end = readSteps(state, start, out, depthLimit);
  if (end == 0) store<i32>(P_DEFERRED, deferred);
  return end;
}

/** Whether what is at `i` is what the step has before it. */
// @ts-ignore: decorator
@inline
function isStepAt(step: usize, i: usize): bool {
  const literal = <usize>load<u32>(step + L_START);
  const mask = load<i32>(step + L_MASK);
  if ((i8x16.bitmask(i8x16.eq(v128.load(i), v128.load(literal))) & mask) != mask) return false;
  const size = load<i32>(step + L_SIZE);
  return size <= 16 || isRestAt(literal, i, size);
}

/** Writes the cells of the columns before the step's target that have no value; returns where they end, 0 when there is no room. */
function writeAbsent(step: usize, at: usize, cell: usize, bias: i32): usize {
  const last = <usize>load<u32>(step + L_TARGET);
  let end = at;
  let place = cell;
  for (let column = last - <usize>load<u16>(step + L_ABSENT) * COLUMN_ENTRY; column < last; column += COLUMN_ENTRY) {
    end = writeValue(column, load<u32>(column + C_SLOT) == 0 ? OUTER : MISSING, 0, 0, end, place, bias);
    if (end == 0) return 0;
    place += 4;
  }
  return end;
}

function readSteps(state: usize, start: usize, out: usize, depthLimit: i32): usize {
  const bias = load<i32>(P_BIAS) - <i32>OUTPUT;
  let cell = <usize>load<i32>(P_CELLS) << 2;
  let at = out + 7;
  let i = start;
  let step = templateOf(state);
  while (true) {
    if (isStepAt(step, i)) {
      const target = <usize>load<u32>(step + L_TARGET);
      const from = i + load<i32>(step + L_SIZE);
      let operation = load<i32>(step + L_OPERATION);
      switch (operation) {
        case T_TEXT: {
          if (load<u8>(from) != 0x22) break;
          let stop = from + 1;
          let to = at + 4;
          let stops = 0;
          while (to + 64 <= OUTPUT_LIMIT) {
            const v = v128.load(stop);
            v128.store(to, v);
            stops = stopMask(v);
            if (stops != 0) break;
            stop += 16;
            to += 16;
          }
          if (stops == 0) return 0;
          stop += ctz(stops);
          if (load<u8>(stop) != 0x22) break;
          at = endCell(<i32>(stop - from - 1), at, cell, bias);
          i = stop + 1;
          cell += 4;
          step += STEP_ENTRY;
          continue;
        }
        case T_INTEGER: {
          const sign = <usize>(load<u8>(from) == 0x2d);
          const v = v128.load(from + sign);
          const count = ctz(~digitMask(v));
          // Fewer digits than the type's largest value has.
          if (count == 0 || count >= min(load<i32>(target + C_P1), 15) || at + 64 > OUTPUT_LIMIT) break;
          if (load<u8>(from + sign) == 0x30 && (count > 1 || sign != 0)) break;
          store<u8>(at + 4, 0x2d);
          v128.store(at + 4 + sign, v);
          at = endCell(<i32>sign + count, at, cell, bias);
          i = from + sign + <usize>count;
          cell += 4;
          step += STEP_ENTRY;
          continue;
        }
        case T_NUMERIC: {
          const v = v128.load(from);
          const digits = digitMask(v);
          const whole = ctz(~digits);
          if (whole == 0 || whole > min(load<i32>(target + C_P1), 14) || at + 64 > OUTPUT_LIMIT) break;
          if (load<u8>(from) == 0x30 && whole > 1) break;
          let fraction = 0;
          let length = whole;
          if (load<u8>(from + whole) == 0x2e) {
            fraction = ctz(~(digits >> (whole + 1)));
            length = whole + 1 + fraction;
            if (fraction == 0 || length >= 16) break;
          }
          const scale = load<i32>(target + C_P2);
          if (scale >= 0 && scale != fraction) break;
          v128.store(at + 4, v);
          at = endCell(length, at, cell, bias);
          i = from + length;
          cell += 4;
          step += STEP_ENTRY;
          continue;
        }
        case T_BOOLEAN: {
          const word = load<u32>(from);
          const isTrue = word == 0x65757274;
          if ((!isTrue && (word != 0x736c6166 || load<u8>(from + 4) != 0x65)) || at + 64 > OUTPUT_LIMIT) break;
          store<u8>(at + 4, isTrue ? 0x74 : 0x66);
          at = endCell(1, at, cell, bias);
          i = from + (isTrue ? 4 : 5);
          cell += 4;
          step += STEP_ENTRY;
          continue;
        }
        case O_SKIP: {
          const first = load<u8>(from);
          let end: usize = 0;
          if (first == 0x22) {
            const stop = stringStop(from + 1);
            if (load<u8>(stop) != 0x22) break;
            end = stop + 1;
          } else {
            if (first != 0x2d && <u32>(first - 0x30) > 9) break;
            end = numberEnd(from);
            if (end == 0) return 0;
          }
          i = end;
          step += STEP_ENTRY;
          continue;
        }
        case O_END:
          endRow(out, at, load<i32>(state + S_COLUMN_COUNT));
          rowEnd = at;
          return from;
        case O_END_SLOTS:
          rowEnd = writeRow(state, out);
          return rowEnd == 0 ? 0 : from;
      }

      // A value that is not of its column's usual form.
      const deferred = load<i32>(P_DEFERRED);
      let absentEnd = at;
      let place = cell;
      if (operation == O_ABSENT) {
        absentEnd = writeAbsent(step, at, cell, bias);
        if (absentEnd == 0) return 0;
        place += <usize>load<u16>(step + L_ABSENT) << 2;
        operation = load<u16>(step + L_BEHIND);
        if (operation == O_END) {
          endRow(out, absentEnd, load<i32>(state + S_COLUMN_COUNT));
          rowEnd = absentEnd;
          return from;
        }
      }
      const behind = endOfValue(from, depthLimit - load<i32>(step + L_DEPTH));
      if (behind == 0) return 0;
      const quote: usize = load<u8>(from) == 0x22 ? 1 : 0;
      if (operation < O_ABSENT) {
        const end = writeValue(target, valueKind, from + quote, behind - quote, absentEnd, place, bias);
        if (end == 0) return 0;
        at = end;
        cell = place + 4;
      } else if (operation == O_SLOT) putValue(target, valueKind, from + quote, behind - quote);
      if (operation != O_SCALAR || valueKind != JSON) {
        i = behind;
        step += STEP_ENTRY;
        continue;
      }
      store<i32>(P_DEFERRED, deferred);
    }
    // Another record may be like this one so far.
    step = <usize>load<u32>(step + L_OTHER);
    if (step == 0) return 0;
  }
}
