import { readAlike, rowEnd } from './alike';
import { addHead, addKey } from './keys';
import {
  AFTER,
  AFTER_LINE,
  DONE,
  FIRST,
  FULL,
  LINE,
  NEEDS_MORE,
  OUTPUT,
  P_BETWEEN,
  P_BYTE_LIMIT,
  P_CELLS,
  P_DEFERRED,
  P_DEPTH_LIMIT,
  P_END,
  P_OUT,
  P_POSITION,
  P_ROW_LIMIT,
  P_ROWS,
  S_SLOT_COUNT,
  S_TEMPLATE_DEPTH,
  S_TEMPLATE_STATUS,
  SLOT_ENTRY,
  SLOTS,
  UNKNOWN_KEY,
  UNUSUAL,
} from './layout';
import { learnRecord, startLearning } from './learn';
import { lacksKey, readRecord } from './record';
import { writeRow } from './row';
import { clearSlots } from './slots';
import { BY_SLOTS, hitTemplate, IN_ORDER, isForLearning, missTemplate, RESTING, restTemplate } from './template';
import { skipSpace, stoppedAt } from './values';

export { addHead, addKey };

/** A token that is cut by the end of the input is seen as malformed at most so many bytes before that. */
const LONGEST_TOKEN: usize = 64;

/**
 * Reads whole records from the position on and writes their rows, until the records, the input or the room end, or something
 * comes up that the general path has to look at: then the position is that record's. Every byte passed over was checked
 * against RFC 8259.
 */
export function scan(state: usize): i32 {
  const end = <usize>load<u32>(P_END);
  const rowLimit = load<i32>(P_ROW_LIMIT);
  const outLimit = OUTPUT + <usize>load<u32>(P_BYTE_LIMIT);
  const depthLimit = load<i32>(P_DEPTH_LIMIT);
  const slotsEnd = SLOTS + <usize>load<i32>(state + S_SLOT_COUNT) * SLOT_ENTRY;
  const hasLines = load<i32>(P_BETWEEN) >= LINE;
  // Below it a record may be deeper than the limit and yet like the template.
  const isDeepEnough = depthLimit >= load<i32>(state + S_TEMPLATE_DEPTH);
  let status = load<i32>(state + S_TEMPLATE_STATUS);
  let rows = 0;
  let out = OUTPUT;
  let i = <usize>load<u32>(P_POSITION);
  let between = load<i32>(P_BETWEEN);
  store<i32>(P_ROWS, 0);
  store<u32>(P_OUT, <u32>OUTPUT);
  store<i32>(P_CELLS, 0);
  store<i32>(P_DEFERRED, 0);

  while (true) {
    // Between records: what is done by here stays done.
    store<u32>(P_POSITION, <u32>i);
    store<i32>(P_BETWEEN, between);
    if (rows >= rowLimit || out >= outLimit) return FULL;
    if (hasLines) {
      let byte = load<u8>(i);
      while (byte <= 0x20 && (byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09)) {
        if (byte == 0x0a) between = LINE;
        byte = load<u8>(++i);
      }
      if (i >= end) return NEEDS_MORE;
      if (between == AFTER_LINE) return UNUSUAL;
    } else {
      i = skipSpace(i);
      if (between == AFTER) {
        if (load<u8>(i) == 0x2c) i = skipSpace(i + 1);
        else if (load<u8>(i) == 0x5d) {
          store<u32>(P_POSITION, <u32>(i + 1));
          return DONE;
        } else return i >= end ? NEEDS_MORE : UNUSUAL;
      } else if (between == FIRST && load<u8>(i) == 0x5d) {
        store<u32>(P_POSITION, <u32>(i + 1));
        return DONE;
      }
      if (i >= end) return NEEDS_MORE;
    }

    // A record, by the template or else key by key.
    const hasTemplate = isDeepEnough && (status == IN_ORDER || status == BY_SLOTS);
    if (status != IN_ORDER) clearSlots(SLOTS, slotsEnd);
    let behind: usize = hasTemplate ? readAlike(state, i, out, depthLimit) : 0;
    if (behind != 0) {
      hitTemplate(state);
      out = rowEnd;
    } else {
      const isLearning = isForLearning(state, status);
      if (isLearning) startLearning();
      if (hasTemplate) clearSlots(SLOTS, slotsEnd);
      behind = readRecord(state, i, depthLimit, isLearning);
      if (behind == 0) return lacksKey ? UNKNOWN_KEY : stoppedAt + LONGEST_TOKEN >= end ? NEEDS_MORE : UNUSUAL;
      if (isLearning) status = learnRecord(state, status, i, behind);
      else if (hasTemplate) status = missTemplate(state, status);
      else if (status == RESTING) status = restTemplate(state);
      const next = writeRow(state, out);
      if (next == 0) return rows == 0 ? UNUSUAL : FULL;
      out = next;
    }
    i = behind;
    rows++;
    store<i32>(P_ROWS, rows);
    store<u32>(P_OUT, <u32>out);
    between = hasLines ? AFTER_LINE : AFTER;
  }
}
