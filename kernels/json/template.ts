import {
  C_SLOT,
  C_TYPE,
  COLUMN_ENTRY,
  EVENT_ENTRY,
  EVENTS,
  L_DEPTH,
  L_MASK,
  L_OPERATION,
  L_SIZE,
  L_START,
  L_TARGET,
  LITERALS,
  MOST_EVENTS,
  MOST_STEPS,
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
  S_TEMPLATE_DEPTH,
  S_TEMPLATE_HITS,
  S_TEMPLATE_MISSES,
  S_TEMPLATE_PATIENCE,
  S_TEMPLATE_REST,
  S_TEMPLATE_STATUS,
  STATE_BITS,
  STATES,
  STEP_ENTRY,
  TEMPLATE_BYTES,
  TEMPLATES,
} from './layout';

// The template of a scan's records: the bytes between their values, which are the same in most of them, and what to do with
// each value. It is made of a record that the scan has read key by key.

// Of S_TEMPLATE_STATUS. The next record is to be learned:
export const LEARNING: i32 = 0;
/** Records are compared with the template first; the columns come in the order of the values. */
export const IN_ORDER: i32 = 1;
/** The same; the columns come in another order, so that the values go to their slots. */
export const BY_SLOTS: i32 = 2;
/** Records differ too much; nothing is learned for a while. */
export const RESTING: i32 = 3;

const E_START: usize = 0;
const E_END: usize = 4;
const E_TARGET: usize = 8;
const E_DEPTH: usize = 12;

const LEAST_PATIENCE: i32 = 16;
const MOST_PATIENCE: i32 = 4096;
/** A record that is not like the template weighs as much as this many that are. */
const MISS_WEIGHT: i32 = 8;
const MOST_MISSES: i32 = 40;
/** A template that so many records were like is worth another. */
const USEFUL_HITS: i32 = 256;

let eventsEnd: usize = EVENTS;
let isFit: bool = false;
let stepCount: i32 = 0;
let step: usize = 0;
let literal: usize = 0;
let literalLimit: usize = 0;

export function templateOf(state: usize): usize {
  return TEMPLATES + ((state - STATES) >> STATE_BITS) * TEMPLATE_BYTES;
}

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

/** A step: the bytes `[from, from + size)`, which are compared, then the operation. */
function addStep(from: usize, size: i32, operation: i32, target: usize, depth: i32): void {
  if (stepCount >= MOST_STEPS || literal + size + 32 > literalLimit) {
    isFit = false;
    return;
  }
  memory.copy(literal, from, size);
  store<u32>(step + L_START, <u32>literal);
  store<i32>(step + L_SIZE, size);
  store<i32>(step + L_MASK, size >= 16 ? 0xffff : (1 << size) - 1);
  store<i32>(step + L_OPERATION, operation);
  store<u32>(step + L_TARGET, <u32>target);
  store<i32>(step + L_DEPTH, depth);
  literal += size;
  step += STEP_ENTRY;
  stepCount++;
}

function addAbsent(column: usize, last: usize): void {
  for (; column < last; column += COLUMN_ENTRY) addStep(literal, 0, O_ABSENT, column, 0);
}

/** Makes the template of the record `[start, end)`, whose values have been learned; returns the state's new status. */
export function learnRecord(state: usize, start: usize, end: usize): i32 {
  const last = state + S_COLUMNS + <usize>load<i32>(state + S_COLUMN_COUNT) * COLUMN_ENTRY;
  const inOrder = areInOrder(state + S_COLUMNS, last);
  let column = state + S_COLUMNS;
  let behind = start;
  let deepest = 0;
  stepCount = 0;
  step = templateOf(state);
  literal = step + LITERALS;
  literalLimit = step + TEMPLATE_BYTES;
  // A record that is no object or array: nothing would say that its value is whole.
  if (eventsEnd == EVENTS || <usize>load<u32>(EVENTS + E_START) == start) isFit = false;
  for (let event = EVENTS; isFit && event < eventsEnd; event += EVENT_ENTRY) {
    const target = <usize>load<u32>(event + E_TARGET);
    const depth = load<i32>(event + E_DEPTH);
    const slot: usize = target == 0 ? 0 : <usize>load<u32>(target + N_LEAF);
    const from = <usize>load<u32>(event + E_START);
    const taker = slot == 0 ? last : columnOf(slot, inOrder ? column : state + S_COLUMNS, last);
    let operation = target == 0 || load<u32>(target + N_LOW) == load<u32>(target + N_HIGH) ? O_SKIP : O_SCALAR;
    let operand: usize = 0;
    if (taker < last) {
      operation = inOrder ? load<i32>(taker + C_TYPE) : O_SLOT;
      operand = inOrder ? taker : slot;
      if (inOrder) {
        addAbsent(column, taker);
        column = taker + COLUMN_ENTRY;
      }
    } else if (slot != 0) operation = O_SKIP;
    addStep(behind, <i32>(from - behind), operation, operand, depth);
    behind = <usize>load<u32>(event + E_END);
    if (depth > deepest) deepest = depth;
  }
  if (inOrder) addAbsent(column, last);
  addStep(behind, <i32>(end - behind), inOrder ? O_END : O_END_SLOTS, 0, 0);
  if (!isFit) return rest(state);
  store<i32>(state + S_TEMPLATE_DEPTH, deepest);
  store<i32>(state + S_TEMPLATE_MISSES, 0);
  store<i32>(state + S_TEMPLATE_HITS, 0);
  return setStatus(state, inOrder ? IN_ORDER : BY_SLOTS);
}

/** A record was like the template. */
// @ts-ignore: decorator
@inline
export function hitTemplate(state: usize): void {
  const misses = load<i32>(state + S_TEMPLATE_MISSES);
  if (misses > 0) store<i32>(state + S_TEMPLATE_MISSES, misses - 1);
  store<i32>(state + S_TEMPLATE_HITS, load<i32>(state + S_TEMPLATE_HITS) + 1);
}

/** A record was not like the template; returns the state's new status. */
export function missTemplate(state: usize, status: i32): i32 {
  const misses = load<i32>(state + S_TEMPLATE_MISSES) + MISS_WEIGHT;
  store<i32>(state + S_TEMPLATE_MISSES, misses);
  if (misses < MOST_MISSES) return status;
  if (load<i32>(state + S_TEMPLATE_HITS) < USEFUL_HITS) return rest(state);
  // It was of use, and another one will be.
  store<i32>(state + S_TEMPLATE_PATIENCE, LEAST_PATIENCE);
  return setStatus(state, LEARNING);
}

/** No template was tried for a record; returns the state's new status. */
export function restTemplate(state: usize): i32 {
  const left = load<i32>(state + S_TEMPLATE_REST) - 1;
  store<i32>(state + S_TEMPLATE_REST, left);
  return left > 0 ? RESTING : setStatus(state, LEARNING);
}

function rest(state: usize): i32 {
  const patience = max(LEAST_PATIENCE, load<i32>(state + S_TEMPLATE_PATIENCE));
  store<i32>(state + S_TEMPLATE_REST, patience);
  store<i32>(state + S_TEMPLATE_PATIENCE, min(2 * patience, MOST_PATIENCE));
  return setStatus(state, RESTING);
}

function setStatus(state: usize, status: i32): i32 {
  store<i32>(state + S_TEMPLATE_STATUS, status);
  return status;
}
