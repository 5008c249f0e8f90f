import { readAlike, rowEnd } from './alike';
import { addHead, addKey, findKey, isKeyAt } from './keys';
import {
  AFTER,
  AFTER_LINE,
  DONE,
  ESCAPED,
  FALSE,
  FIRST,
  FULL,
  JSON,
  K_NEXT,
  K_SIZE,
  K_TARGET,
  LINE,
  MISSING,
  N_ELEMENT_COUNT,
  N_ELEMENTS,
  N_HEAD,
  N_HIGH,
  N_LEAF,
  N_LOW,
  N_OWN,
  NEEDS_MORE,
  NEXT,
  NULL,
  NUMBER,
  OUTPUT,
  P_BETWEEN,
  P_BYTE_LIMIT,
  P_CELLS,
  P_DEFERRED,
  P_DEPTH_LIMIT,
  P_END,
  P_KEY_END,
  P_KEY_NODE,
  P_KEY_START,
  P_OUT,
  P_POSITION,
  P_ROW_LIMIT,
  P_ROWS,
  S_ROOT,
  S_SLOT_COUNT,
  S_TEMPLATE_DEPTH,
  S_TEMPLATE_STATUS,
  SLOT_ENTRY,
  SLOTS,
  STACK,
  STACK_ENTRY,
  STRING,
  TRUE,
  UNKNOWN_KEY,
  UNUSUAL,
} from './layout';
import { writeRow } from './row';
import { numberEnd } from './numbers';
import { escapeEnd, stringStop } from './strings';
import {
  BY_SLOTS,
  hitTemplate,
  IN_ORDER,
  LEARNING,
  learnRecord,
  learnTarget,
  learnValue,
  missTemplate,
  RESTING,
  restTemplate,
  startLearning,
} from './template';
import { skipSpace } from './values';

export { addHead, addKey };

const NONE: i32 = 0;
const OBJECT: i32 = 1;
const ARRAY: i32 = 2;

// @ts-ignore: decorator
@inline
function clearSlots(end: usize): void {
  for (let slot = SLOTS; slot < end; slot += SLOT_ENTRY) store<i32>(slot, MISSING);
}

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
  const root = state + S_ROOT;
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

    // A record.
    const hasTemplate = isDeepEnough && (status == IN_ORDER || status == BY_SLOTS);
    if (status != IN_ORDER) clearSlots(slotsEnd);
    if (hasTemplate) {
      const behind = readAlike(state, i, out, depthLimit);
      if (behind != 0) {
        hitTemplate(state);
        i = behind;
        out = rowEnd;
        rows++;
        store<i32>(P_ROWS, rows);
        store<u32>(P_OUT, <u32>out);
        between = hasLines ? AFTER_LINE : AFTER;
        continue;
      }
      clearSlots(slotsEnd);
    }
    const isLearning = status == LEARNING;
    if (isLearning) startLearning();
    const recordStart = i;
    let depth = 0;
    let container = NONE;
    let node: usize = 0;
    let place: usize = 0;
    let target: usize = root;
    let start: usize = 0;
    let valueEnd: usize = 0;
    let kind = MISSING;
    let isWhole = false;
    let isPassedOver = true;
    while (!isWhole) {
      if (container == OBJECT) {
        if (load<u8>(i) <= 0x20) i = skipSpace(i);
        target = 0;
        let isKnown = false;
        if (node != 0) {
          // The key that came here last time, else those that followed it: optional keys may be absent.
          let key = <usize>load<u32>(place + K_NEXT);
          for (let attempt = 0; key != 0 && attempt < 4; attempt++) {
            if (isKeyAt(key, i)) {
              isKnown = true;
              target = <usize>load<u32>(key + K_TARGET);
              place = key;
              i += load<i32>(key + K_SIZE);
              break;
            }
            key = <usize>load<u32>(key + K_NEXT);
          }
        }
        if (!isKnown) {
          if (load<u8>(i) != 0x22) return i >= end ? NEEDS_MORE : UNUSUAL;
          const from = i++;
          let hasEscapes = false;
          while (true) {
            i = stringStop(i);
            const byte = load<u8>(i);
            if (byte == 0x22) break;
            if (byte != 0x5c) return i >= end ? NEEDS_MORE : UNUSUAL;
            hasEscapes = true;
            const behind = escapeEnd(i);
            if (behind == 0) return i + 6 >= end ? NEEDS_MORE : UNUSUAL;
            i = behind;
          }
          i++;
          if (node != 0) {
            const size = <i32>(i - from);
            let key = findKey(state, node, from, size);
            if (key == 0) {
              if (hasEscapes) {
                store<u32>(P_KEY_NODE, <u32>node);
                store<u32>(P_KEY_START, <u32>from);
                store<u32>(P_KEY_END, <u32>i);
                return UNKNOWN_KEY;
              }
              // Every wanted key is known from the start, so this is none; keys that are data must not crowd out the others.
              key = addKey(state, node, from, size, 0, 3);
            }
            if (key != 0) {
              store<u32>(place + K_NEXT, <u32>key);
              place = key;
              target = <usize>load<u32>(key + K_TARGET);
            }
          }
          i = skipSpace(i);
          if (load<u8>(i) != 0x3a) return i >= end ? NEEDS_MORE : UNUSUAL;
          i++;
        }
      } else if (container == ARRAY) {
        target =
          node != 0 && place < <usize>load<u32>(node + N_ELEMENT_COUNT)
            ? <usize>load<u32>(<usize>load<u32>(node + N_ELEMENTS) + (place << 2))
            : 0;
      }

      if (load<u8>(i) <= 0x20) i = skipSpace(i);
      const first = load<u8>(i);
      start = i;
      isPassedOver = true;
      if (first == 0x22) {
        start = ++i;
        kind = STRING;
        while (true) {
          i = stringStop(i);
          const byte = load<u8>(i);
          if (byte == 0x22) break;
          if (byte != 0x5c) return i >= end ? NEEDS_MORE : UNUSUAL;
          kind = ESCAPED;
          const behind = escapeEnd(i);
          if (behind == 0) return i + 6 >= end ? NEEDS_MORE : UNUSUAL;
          i = behind;
        }
        valueEnd = i++;
      } else if (first == 0x2d || <u32>(first - 0x30) <= 9) {
        kind = NUMBER;
        valueEnd = numberEnd(i);
        if (valueEnd == 0) return i + 64 >= end ? NEEDS_MORE : UNUSUAL;
        i = valueEnd;
        if (i >= end) return NEEDS_MORE;
      } else if (first == 0x7b || first == 0x5b) {
        if (depth >= depthLimit) return UNUSUAL;
        if (target != 0) {
          const high = <usize>load<u32>(target + N_HIGH);
          for (let slot = <usize>load<u32>(target + N_LOW); slot < high; slot += SLOT_ENTRY) store<i32>(slot, MISSING);
          if (isLearning) learnTarget(target);
        }
        const entry = STACK + <usize>depth * STACK_ENTRY;
        store<i32>(entry, container);
        store<u32>(entry + 4, <u32>node);
        store<u32>(entry + 8, <u32>place);
        store<u32>(entry + 12, <u32>target);
        store<u32>(entry + 16, <u32>i);
        depth++;
        i++;
        if (first == 0x7b) {
          container = OBJECT;
          place = target == 0 ? 0 : <usize>load<u32>(target + N_HEAD);
          node = place == 0 ? 0 : target;
        } else {
          container = ARRAY;
          place = 0;
          node = target != 0 && load<u32>(target + N_ELEMENT_COUNT) != 0 ? target : 0;
        }
        if (load<u8>(i) <= 0x20) i = skipSpace(i);
        if (load<u8>(i) != first + 2) continue;
        // Empty: leave it at once.
        i++;
        depth--;
        kind = JSON;
        isPassedOver = target == 0 || load<u32>(target + N_LEAF) != 0;
        container = load<i32>(entry);
        node = <usize>load<u32>(entry + 4);
        place = <usize>load<u32>(entry + 8);
        valueEnd = i;
      } else {
        const word = load<u32>(i);
        if (word == 0x65757274) {
          kind = TRUE;
          i += 4;
        } else if (word == 0x6c6c756e) {
          kind = NULL;
          i += 4;
        } else if (word == 0x736c6166 && load<u8>(i + 4) == 0x65) {
          kind = FALSE;
          i += 5;
        } else return i + 5 >= end ? NEEDS_MORE : UNUSUAL;
        valueEnd = i;
      }

      // Behind a value: remember it, then close what it ends.
      while (true) {
        if (isLearning && isPassedOver) {
          const quote: usize = kind == STRING || kind == ESCAPED ? 1 : 0;
          learnValue(start - quote, valueEnd + quote, target, depth);
        }
        if (target != 0) {
          let slot = <usize>load<u32>(target + N_LEAF);
          if (slot == 0) {
            // A container's members are in their slots by now; a scalar takes back those of an earlier equal key.
            if (kind != JSON) {
              const high = <usize>load<u32>(target + N_HIGH);
              for (let s = <usize>load<u32>(target + N_LOW); s < high; s += SLOT_ENTRY) store<i32>(s, MISSING);
            }
            slot = <usize>load<u32>(target + N_OWN);
          }
          if (slot != 0) {
            store<i32>(slot, kind);
            store<u32>(slot + 4, <u32>start);
            store<u32>(slot + 8, <u32>valueEnd);
          }
        }
        if (depth == 0) {
          isWhole = true;
          break;
        }
        let byte = load<u8>(i);
        if (byte <= 0x20) {
          i = skipSpace(i);
          byte = load<u8>(i);
        }
        if (byte == 0x2c) {
          i++;
          if (container == ARRAY) place++;
          break;
        }
        if (byte != (container == OBJECT ? 0x7d : 0x5d)) return i >= end ? NEEDS_MORE : UNUSUAL;
        i++;
        depth--;
        const entry = STACK + <usize>depth * STACK_ENTRY;
        kind = JSON;
        isPassedOver = node == 0;
        container = load<i32>(entry);
        node = <usize>load<u32>(entry + 4);
        place = <usize>load<u32>(entry + 8);
        target = <usize>load<u32>(entry + 12);
        start = <usize>load<u32>(entry + 16);
        valueEnd = i;
      }
    }

    // The record is whole.
    if (isLearning) status = learnRecord(state, recordStart, i);
    else if (hasTemplate) status = missTemplate(state, status);
    else if (status == RESTING) status = restTemplate(state);
    const next = writeRow(state, out);
    if (next == 0) return rows == 0 ? UNUSUAL : FULL;
    out = next;
    rows++;
    store<i32>(P_ROWS, rows);
    store<u32>(P_OUT, <u32>out);
    between = hasLines ? AFTER_LINE : AFTER;
  }
}
