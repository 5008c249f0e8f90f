import {
  FULL,
  MARKS,
  MOST_MARKS,
  NEEDS_MORE,
  OUTPUT,
  P_BYTE_LIMIT,
  P_CELLS,
  P_DEFERRED,
  P_END,
  P_LINES,
  P_OUT,
  P_POSITION,
  P_ROW_LIMIT,
  P_ROWS,
  ROW_ENDS,
  S_COMMENT,
  S_DELIMITER,
  S_QUOTE,
  S_WIDTH,
  UNUSUAL,
} from './layout';
import { badAt, countBreaks, findMarks, hasInnerBreaks, markCount, rowEndCount } from './marks';
import { writeRow } from './row';

const GOING_ON: i32 = -1;

/**
 * Makes rows of the input from the position on, which is a row's start, until the batch is full, one comes that is not as all
 * others, or the input has no whole row any more. What is done by the result stays done.
 */
export function scan(): i32 {
  const start = <usize>load<u32>(P_POSITION);
  const end = <usize>load<u32>(P_END);
  const rowLimit = load<i32>(P_ROW_LIMIT);
  const outLimit = OUTPUT + <usize>load<i32>(P_BYTE_LIMIT);
  const width = load<i32>(S_WIDTH);
  const delimiter = load<i32>(S_DELIMITER);
  const quote = load<i32>(S_QUOTE);
  const comment = load<i32>(S_COMMENT);
  let i = start;
  let out = OUTPUT;
  let rows = 0;
  let hasInner = false;
  let result = GOING_ON;
  store<i32>(P_CELLS, 0);
  store<i32>(P_DEFERRED, 0);

  while (result == GOING_ON) {
    if (i >= end) {
      result = NEEDS_MORE;
      break;
    }
    findMarks(i, end, delimiter, quote);
    if (hasInnerBreaks) hasInner = true;
    const rowEnds = rowEndCount;
    const bad = badAt;
    if (rowEnds == 0) {
      result = bad < end || markCount >= MOST_MARKS ? UNUSUAL : NEEDS_MORE;
      break;
    }
    let mark = 0;
    for (let r = 0; r < rowEnds; r++) {
      if (rows >= rowLimit || out >= outLimit) {
        result = FULL;
        break;
      }
      const endMark = load<i32>(ROW_ENDS + (<usize>r << 2));
      const at = <usize>load<u32>(MARKS + (<usize>endMark << 2));
      let behind = at + 1;
      if (load<u8>(at) == 0x0d) {
        // Only what follows says whether it is half of a line break.
        if (behind >= end) {
          result = NEEDS_MORE;
          break;
        }
        if (load<u8>(behind) == 0x0a) behind++;
      }
      if (at >= bad || endMark - mark != width || <i32>load<u8>(i) == comment) {
        result = UNUSUAL;
        break;
      }
      const marks = MARKS + (<usize>mark << 2);
      store<u32>(marks, <u32>(i - 1));
      const next = writeRow(marks, out);
      if (next == 0) {
        result = rows == 0 ? UNUSUAL : FULL;
        break;
      }
      out = next;
      rows++;
      i = behind;
      mark = endMark;
    }
  }
  store<u32>(P_POSITION, <u32>i);
  store<i32>(P_ROWS, rows);
  store<u32>(P_OUT, <u32>out);
  store<i32>(P_LINES, hasInner ? countBreaks(start, i) : rows);
  return result;
}
