import { addKey, findKey, isKeyAt } from './keys';
import {
  JSON,
  K_NEXT,
  K_SIZE,
  K_TARGET,
  N_ELEMENT_COUNT,
  N_ELEMENTS,
  N_HEAD,
  N_HIGH,
  N_LEAF,
  N_LOW,
  N_OWN,
  NUMBER,
  P_KEY_END,
  P_KEY_NODE,
  P_KEY_START,
  S_ROOT,
  STACK,
  STACK_ENTRY,
} from './layout';
import { learnTarget, learnValue } from './learn';
import { clearSlots, putValue } from './slots';
import { endOfValue, skipSpace, stopAt, stringEnd, valueKind } from './values';

// Records of any shape, key by key: wanted values into their slots.

/** Whether the record could not be read for a key with escapes that is not known: P_KEY_START and so on say which. */
export let lacksKey: bool = false;

/** How many keys behind the one that came last time are looked at before the key is looked up: optional ones may be absent. */
const ATTEMPTS: i32 = 4;

/** What `readKey` has read; 0 for a key that nobody wants and that there was no room to learn. */
let memberKey: usize = 0;

/** The key at `i` if it is the one that came behind `place` last time or one of a few that came behind that; else 0. */
// @ts-ignore: decorator
@inline
function expectedKey(place: usize, i: usize): usize {
  const key = <usize>load<u32>(place + K_NEXT);
  if (key == 0 || isKeyAt(key, i)) return key;
  return laterKey(key, i);
}

function laterKey(place: usize, i: usize): usize {
  let key = place;
  for (let attempt = 1; attempt < ATTEMPTS; attempt++) {
    key = <usize>load<u32>(key + K_NEXT);
    if (key == 0 || isKeyAt(key, i)) return key;
  }
  return 0;
}

/** Reads any key at `i` of object node `node`, whose last key was `place`. Returns what is behind the colon; 0 when there is none. */
function readKey(state: usize, node: usize, place: usize, i: usize): usize {
  if (load<u8>(i) != 0x22) return stopAt(i);
  const end = stringEnd(i + 1);
  if (end == 0) return 0;
  const colon = skipSpace(end + 1);
  if (load<u8>(colon) != 0x3a) return stopAt(colon);
  const size = <i32>(end + 1 - i);
  memberKey = findKey(state, node, i, size);
  if (memberKey == 0) {
    if (hasBackslash(i, end)) {
      store<u32>(P_KEY_NODE, <u32>node);
      store<u32>(P_KEY_START, <u32>i);
      store<u32>(P_KEY_END, <u32>(end + 1));
      lacksKey = true;
      return stopAt(0);
    }
    // Every wanted key is known from the start, so this is none; keys that are data must not crowd out the others.
    memberKey = addKey(state, node, i, size, 0, 3);
  }
  if (memberKey != 0) store<u32>(place + K_NEXT, <u32>memberKey);
  return colon + 1;
}

function hasBackslash(from: usize, end: usize): bool {
  for (let i = from; i < end; i++) if (load<u8>(i) == 0x5c) return true;
  return false;
}

/** Whether the object or array that starts with byte `first` has members that node `target` wants. */
// @ts-ignore: decorator
@inline
function hasWanted(target: usize, first: i32): bool {
  if (target == 0) return false;
  return first == 0x7b ? load<u32>(target + N_HEAD) != 0 : first == 0x5b && load<u32>(target + N_ELEMENT_COUNT) != 0;
}

/**
 * Reads the record at `start` into the slots, which were cleared before, and tells its values to the template if that is
 * `isLearning`. Returns where the record ends; 0 when it is malformed, not whole or too deep (see `stoppedAt`), or lacks a key.
 */
export function readRecord(state: usize, start: usize, depthLimit: i32, isLearning: bool): usize {
  let i = start;
  let depth = 0;
  let isObject = false;
  let node: usize = 0;
  let place: usize = 0;
  let target = state + S_ROOT;
  lacksKey = false;
  while (true) {
    i = skipSpace(i);
    if (isObject) {
      const key = expectedKey(place, i);
      if (key != 0) {
        place = key;
        target = <usize>load<u32>(key + K_TARGET);
        i += load<i32>(key + K_SIZE);
      } else {
        i = readKey(state, node, place, i);
        if (i == 0) return 0;
        target = memberKey == 0 ? 0 : <usize>load<u32>(memberKey + K_TARGET);
        if (memberKey != 0) place = memberKey;
      }
      i = skipSpace(i);
    } else if (depth > 0) {
      target = 0;
      if (place < <usize>load<u32>(node + N_ELEMENT_COUNT)) {
        target = <usize>load<u32>(<usize>load<u32>(node + N_ELEMENTS) + (place << 2));
      }
    }

    const first = <i32>load<u8>(i);
    const leaf: usize = target == 0 ? 0 : <usize>load<u32>(target + N_LEAF);
    if (target != 0) {
      // Takes back what an earlier equal key has brought.
      if (leaf == 0) clearSlots(<usize>load<u32>(target + N_LOW), <usize>load<u32>(target + N_HIGH));
      if (isLearning) learnTarget(target);
    }
    if (leaf == 0 && hasWanted(target, first)) {
      if (depth >= depthLimit) return stopAt(0);
      const entry = STACK + <usize>depth * STACK_ENTRY;
      store<i32>(entry, isObject ? 1 : 0);
      store<u32>(entry + 4, <u32>node);
      store<u32>(entry + 8, <u32>place);
      store<u32>(entry + 12, <u32>i);
      depth++;
      isObject = first == 0x7b;
      node = target;
      place = isObject ? <usize>load<u32>(node + N_HEAD) : 0;
      i = skipSpace(i + 1);
      if (<i32>load<u8>(i) != first + 2) continue;
    } else {
      const behind = endOfValue(i, depthLimit - depth);
      if (behind == 0) return 0;
      const kind = valueKind;
      if (isLearning) learnValue(i, behind, target, depth);
      const slot = leaf != 0 || target == 0 ? leaf : <usize>load<u32>(target + N_OWN);
      const quote: usize = first == 0x22 ? 1 : 0;
      if (slot != 0) putValue(slot, kind, i + quote, behind - quote);
      i = behind;
      // A number that ends with the input may go on behind it.
      if (depth == 0) return kind == NUMBER && load<u8>(i) == 0 ? stopAt(i) : i;
      i = skipSpace(i);
    }

    // Behind a value, or at the end of an empty container.
    while (load<u8>(i) == (isObject ? 0x7d : 0x5d)) {
      i++;
      depth--;
      const entry = STACK + <usize>depth * STACK_ENTRY;
      const own = <usize>load<u32>(node + N_OWN);
      if (own != 0) putValue(own, JSON, <usize>load<u32>(entry + 12), i);
      if (depth == 0) return i;
      isObject = load<i32>(entry) != 0;
      node = <usize>load<u32>(entry + 4);
      place = <usize>load<u32>(entry + 8);
      i = skipSpace(i);
    }
    if (load<u8>(i) != 0x2c) return stopAt(i);
    i++;
    if (!isObject) place++;
  }
}
