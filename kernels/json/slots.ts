import { MISSING, SLOT_ENTRY } from './layout';

// The wanted values of the record that is read: for each slot a kind, and where the text starts and ends.

/** Forgets the values of the slots `[low, high)`. */
// @ts-ignore: decorator
@inline
export function clearSlots(low: usize, high: usize): void {
  for (let slot = low; slot < high; slot += SLOT_ENTRY) store<i32>(slot, MISSING);
}

// @ts-ignore: decorator
@inline
export function putValue(slot: usize, kind: i32, start: usize, end: usize): void {
  store<i32>(slot, kind);
  store<u32>(slot + 4, <u32>start);
  store<u32>(slot + 8, <u32>end);
}
