import {
  C_SLOT,
  C_TYPE,
  COLUMN_ENTRY,
  EVENT_ENTRY,
  EVENTS,
  L_ABSENT,
  L_BEHIND,
  L_DEPTH,
  L_MASK,
  L_OPERATION,
  L_OTHER,
  L_SIZE,
  L_START,
  L_TARGET,
  LITERALS,
  MOST_EVENTS,
  N_HIGH,
  N_LEAF,
  N_LOW,
  N_OWN,
  O_ABSENT,
  O_END,
  O_END_SLOTS,
  O_SCALAR,
  O_SKIP,
  O_SLOT,
  S_COLUMN_COUNT,
  S_COLUMNS,
  S_TEMPLATE_BYTES,
  S_TEMPLATE_DEPTH,
  S_TEMPLATE_HITS,
  S_TEMPLATE_MISSES,
  S_TEMPLATE_SHAPES,
  S_TEMPLATE_STEPS,
  STEP_ENTRY,
  TEMPLATE_BYTES,
} from './layout';
import { BY_SLOTS, IN_ORDER, LEARNING, rest, setStatus, templateOf } from './template';

// Makes templates of records that are read key by key: their values are noted first, and become steps when the record is whole.

const E_START: usize = 0;
const E_END: usize = 4;
const E_TARGET: usize = 8;
const E_DEPTH: usize = 12;

let eventsEnd: usize = EVENTS;
let isFit: bool = false;

/** The template's room, and where it goes on. */
let step: usize = 0;
let literal: usize = 0;
let room: usize = 0;
/** The step of the template that the record's next one may be equal to, 0 once it has steps of its own. */
let known: usize = 0;
/** The step that the first of its own is to be the other of, 0 when it is the template's first record. */
let branch: usize = 0;

/** A record starts that may be learned. */
export function startLearning(): void {
  eventsEnd = EVENTS;
  isFit = true;
}

/** The record has a value at `[start, end)`, its quotes included, for node `target` (0: none). */
export function learnValue(start: usize, end: usize, target: usize, depth: i32): void {
  if (eventsEnd >= EVENTS + <usize>MOST_EVENTS * EVENT_ENTRY) isFit = false;
  if (!isFit) return;
  store<u32>(eventsEnd + E_START, <u32>start);
  store<u32>(eventsEnd + E_END, <u32>end);
  store<u32>(eventsEnd + E_TARGET, <u32>target);
  store<i32>(eventsEnd + E_DEPTH, depth);
  eventsEnd += EVENT_ENTRY;
}

/** The record has something for node `target`; some such things no template can say. */
export function learnTarget(target: usize): void {
  // Both the whole and members of it are wanted.
  if (load<u32>(target + N_OWN) != load<u32>(target + N_LEAF)) isFit = false;
  // It takes the place of what an equal key before it has brought.
  const low = load<u32>(target + N_LOW);
  const high = load<u32>(target + N_HIGH);
  for (let event = EVENTS; event < eventsEnd; event += EVENT_ENTRY) {
    const other = <usize>load<u32>(event + E_TARGET);
    if (other == 0) continue;
    const slot = load<u32>(other + N_OWN);
    if (slot >= low && slot < high) isFit = false;
  }
}

/** Where the value for the slot is in the record: an event, 0 if there is none. */
function eventOf(slot: usize): usize {
  for (let event = EVENTS; event < eventsEnd; event += EVENT_ENTRY) {
    const target = <usize>load<u32>(event + E_TARGET);
    if (target != 0 && <usize>load<u32>(target + N_LEAF) == slot) return event;
  }
  return 0;
}

/** The column that takes the slot, from `column` on; `last` if there is none. */
function columnOf(slot: usize, column: usize, last: usize): usize {
  while (column < last && <usize>load<u32>(column + C_SLOT) != slot) column += COLUMN_ENTRY;
  return column;
}

/** Whether the columns from `column` on take their values in the order that these have in the record, each its own. */
function areInOrder(column: usize, last: usize): bool {
  let before: usize = 0;
  for (; column < last; column += COLUMN_ENTRY) {
    const slot = <usize>load<u32>(column + C_SLOT);
    const event: usize = slot == 0 ? 0 : eventOf(slot);
    if (event == 0) continue;
    if (event <= before) return false;
    before = event;
  }
  return true;
}

/** Whether the step has these bytes before it and does the same. */
function isEqual(other: usize, from: usize, size: i32, operation: i32, target: usize, absent: i32): bool {
  if (load<i32>(other + L_SIZE) != size || <usize>load<u32>(other + L_TARGET) != target) return false;
  if (<i32>load<u16>(other + L_BEHIND) != operation || <i32>load<u16>(other + L_ABSENT) != absent) return false;
  const start = <usize>load<u32>(other + L_START);
  for (let k = 0; k < size; k++) if (load<u8>(start + k) != load<u8>(from + k)) return false;
  return true;
}

/**
 * The record's next step: the bytes `[from, from + size)`, which are compared, cells of `absent` columns before the target, then
 * the operation. One that the template has is taken, up to the first that it has not.
 */
function addStep(from: usize, size: i32, operation: i32, target: usize, absent: i32, depth: i32): void {
  while (known != 0) {
    if (isEqual(known, from, size, operation, target, absent)) {
      known += STEP_ENTRY;
      return;
    }
    branch = known;
    known = <usize>load<u32>(known + L_OTHER);
  }
  const end = room + TEMPLATE_BYTES;
  if (step + STEP_ENTRY > room + LITERALS || literal + size + 32 > end) {
    isFit = false;
    return;
  }
  memory.copy(literal, from, size);
  store<u32>(step + L_START, <u32>literal);
  store<i32>(step + L_SIZE, size);
  store<i32>(step + L_MASK, size >= 16 ? 0xffff : (1 << size) - 1);
  store<i32>(step + L_OPERATION, absent == 0 ? operation : O_ABSENT);
  store<u32>(step + L_TARGET, <u32>target);
  store<i32>(step + L_DEPTH, depth);
  store<u32>(step + L_OTHER, 0);
  store<u16>(step + L_ABSENT, <u16>absent);
  store<u16>(step + L_BEHIND, <u16>operation);
  literal += size;
  step += STEP_ENTRY;
}

/** Makes steps of the record `[start, end)`, whose values have been noted. */
function addSteps(state: usize, start: usize, end: usize, inOrder: bool): void {
  const columns = state + S_COLUMNS;
  const last = columns + <usize>load<i32>(state + S_COLUMN_COUNT) * COLUMN_ENTRY;
  let column = columns;
  let behind = start;
  for (let event = EVENTS; event < eventsEnd; event += EVENT_ENTRY) {
    const node = <usize>load<u32>(event + E_TARGET);
    const from = <usize>load<u32>(event + E_START);
    const slot: usize = node == 0 ? 0 : <usize>load<u32>(node + N_LEAF);
    const taker = slot == 0 ? last : columnOf(slot, inOrder ? column : columns, last);
    let operation = slot != 0 || node == 0 || load<u32>(node + N_LOW) == load<u32>(node + N_HIGH) ? O_SKIP : O_SCALAR;
    let target: usize = 0;
    let absent = 0;
    if (taker < last && !inOrder) {
      operation = O_SLOT;
      target = slot;
    } else if (taker < last) {
      operation = load<i32>(taker + C_TYPE);
      target = taker;
      absent = <i32>((taker - column) / COLUMN_ENTRY);
      column = taker + COLUMN_ENTRY;
    }
    addStep(behind, <i32>(from - behind), operation, target, absent, load<i32>(event + E_DEPTH));
    behind = <usize>load<u32>(event + E_END);
  }
  const left = inOrder ? <i32>((last - column) / COLUMN_ENTRY) : 0;
  addStep(behind, <i32>(end - behind), inOrder ? O_END : O_END_SLOTS, last, left, 0);
}

function deepestValue(): i32 {
  let deepest = 0;
  for (let event = EVENTS; event < eventsEnd; event += EVENT_ENTRY) deepest = max(deepest, load<i32>(event + E_DEPTH));
  return deepest;
}

/**
 * Makes the template of the record `[start, end)`, whose values have been noted, or adds it to the template, if it can be said
 * in one; returns the state's new status.
 */
export function learnRecord(state: usize, status: i32, start: usize, end: usize): i32 {
  const columns = state + S_COLUMNS;
  const inOrder = areInOrder(columns, columns + <usize>load<i32>(state + S_COLUMN_COUNT) * COLUMN_ENTRY);
  const isFirst = status == LEARNING;
  // It counts also if it cannot be added: after so many records nothing more is learned.
  store<i32>(state + S_TEMPLATE_SHAPES, isFirst ? 1 : load<i32>(state + S_TEMPLATE_SHAPES) + 1);
  // A record that is no object or array: nothing would say that its value is whole.
  if (eventsEnd == EVENTS || <usize>load<u32>(EVENTS + E_START) == start) isFit = false;
  if (!isFirst && inOrder != (status == IN_ORDER)) isFit = false;
  room = templateOf(state);
  step = isFirst ? room : <usize>load<u32>(state + S_TEMPLATE_STEPS);
  literal = isFirst ? room + LITERALS : <usize>load<u32>(state + S_TEMPLATE_BYTES);
  known = isFirst ? 0 : room;
  branch = 0;
  const own = step;
  if (isFit) addSteps(state, start, end, inOrder);
  if (!isFit) return isFirst ? rest(state) : status;
  // Only now that it is whole can it be reached.
  if (branch != 0 && step != own) store<u32>(branch + L_OTHER, <u32>own);
  const deepest = deepestValue();
  store<i32>(state + S_TEMPLATE_DEPTH, isFirst ? deepest : max(deepest, load<i32>(state + S_TEMPLATE_DEPTH)));
  store<u32>(state + S_TEMPLATE_STEPS, <u32>step);
  store<u32>(state + S_TEMPLATE_BYTES, <u32>literal);
  if (!isFirst) return status;
  store<i32>(state + S_TEMPLATE_MISSES, 0);
  store<i32>(state + S_TEMPLATE_HITS, 0);
  return setStatus(state, inOrder ? IN_ORDER : BY_SLOTS);
}
