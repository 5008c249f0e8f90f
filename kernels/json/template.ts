import {
  S_TEMPLATE_HITS,
  S_TEMPLATE_MISSES,
  S_TEMPLATE_PATIENCE,
  S_TEMPLATE_REST,
  S_TEMPLATE_SHAPES,
  S_TEMPLATE_STATUS,
  STATE_BITS,
  STATES,
  TEMPLATE_BYTES,
  TEMPLATES,
} from './layout';

// The template of a scan's records: the bytes between their values, which are the same in most of them, and what to do with
// each value. learn.ts makes it of records that were read key by key, alike.ts reads others by it; here is when.
//
// A template is a list of steps. Where records differ, as by a key that some lack, a step names another one for those that
// are not like it, from which their own list goes on.

// Of S_TEMPLATE_STATUS. There is no template, the next record makes one:
export const LEARNING: i32 = 0;
/** Records are compared with the template first; the columns come in the order of the values. */
export const IN_ORDER: i32 = 1;
/** The same; the columns come in another order, so that the values go to their slots. */
export const BY_SLOTS: i32 = 2;
/** Records differ too much; nothing is learned for a while. */
export const RESTING: i32 = 3;

const MOST_SHAPES: i32 = 12;
const LEAST_PATIENCE: i32 = 16;
const MOST_PATIENCE: i32 = 4096;
/** A record that is not like the template weighs as much as this many that are. */
const MISS_WEIGHT: i32 = 8;
const MOST_MISSES: i32 = 40;
/** A template that so many records were like is worth another. */
const USEFUL_HITS: i32 = 256;

export function templateOf(state: usize): usize {
  return TEMPLATES + ((state - STATES) >> STATE_BITS) * TEMPLATE_BYTES;
}

/** Whether a record that is read key by key should be learned. */
export function isForLearning(state: usize, status: i32): bool {
  return status == LEARNING || (status != RESTING && load<i32>(state + S_TEMPLATE_SHAPES) < MOST_SHAPES);
}

/** A record was like the template. */
// @ts-ignore: decorator
@inline
export function hitTemplate(state: usize): void {
  const misses = load<i32>(state + S_TEMPLATE_MISSES);
  if (misses > 0) store<i32>(state + S_TEMPLATE_MISSES, misses - 1);
  store<i32>(state + S_TEMPLATE_HITS, load<i32>(state + S_TEMPLATE_HITS) + 1);
}

/** A record was not like the template, which goes if there are many; returns the state's new status. */
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

/** Nothing is learned for a while, a longer one each time; returns the state's new status. */
export function rest(state: usize): i32 {
  const patience = max(LEAST_PATIENCE, load<i32>(state + S_TEMPLATE_PATIENCE));
  store<i32>(state + S_TEMPLATE_REST, patience);
  store<i32>(state + S_TEMPLATE_PATIENCE, min(2 * patience, MOST_PATIENCE));
  return setStatus(state, RESTING);
}

export function setStatus(state: usize, status: i32): i32 {
  store<i32>(state + S_TEMPLATE_STATUS, status);
  return status;
}
