import { CLOSINGS, ESCAPED, FALSE, JSON, NULL, NUMBER, STRING, TRUE } from './layout';
import { numberEnd } from './numbers';
import { escapeEnd, stringStop } from './strings';

// Values by themselves, each checked against RFC 8259 and passed over as a whole.

/** Of the value that was read last: one of the kinds of ../rows.ts. */
export let valueKind: i32 = 0;

/** Where reading came to something that is malformed or not whole; 0 where it is only too deep. */
export let stoppedAt: usize = 0;

/** Reading stops at `i`; to be returned in the place of an end. */
export function stopAt(i: usize): usize {
  stoppedAt = i;
  return 0;
}

/** Passes over white space, of which there is mostly none. */
// @ts-ignore: decorator
@inline
export function skipSpace(i: usize): usize {
  return load<u8>(i) > 0x20 ? i : spaceEnd(i);
}

function spaceEnd(start: usize): usize {
  let i = start;
  let byte = load<u8>(i);
  while (byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09) byte = load<u8>(++i);
  return i;
}

/** The quote that ends the string whose content starts at `i`; 0 when it is malformed or not whole. */
// @ts-ignore: decorator
@inline
export function stringEnd(i: usize): usize {
  const stop = stringStop(i);
  return load<u8>(stop) == 0x22 ? stop : escapedStringEnd(stop);
}

function escapedStringEnd(stop: usize): usize {
  let i = stop;
  while (load<u8>(i) == 0x5c) {
    const behind = escapeEnd(i);
    if (behind == 0) return stopAt(i);
    i = stringStop(behind);
  }
  return load<u8>(i) == 0x22 ? i : stopAt(i);
}

/** Behind the string, number or word at `i`, whose first byte is `first`; 0 when there is none that is whole. Its kind is `valueKind`. */
// @ts-ignore: decorator
@inline
export function scalarEnd(i: usize, first: i32): usize {
  if (first == 0x22) {
    const stop = stringStop(i + 1);
    if (load<u8>(stop) == 0x22) {
      valueKind = STRING;
      return stop + 1;
    }
    valueKind = ESCAPED;
    const end = escapedStringEnd(stop);
    return end == 0 ? 0 : end + 1;
  }
  if (first == 0x2d || <u32>(first - 0x30) <= 9) {
    valueKind = NUMBER;
    const end = numberEnd(i);
    return end == 0 ? stopAt(i) : end;
  }
  const word = load<u32>(i);
  if (word == 0x65757274) {
    valueKind = TRUE;
    return i + 4;
  }
  if (word == 0x6c6c756e) {
    valueKind = NULL;
    return i + 4;
  }
  if (word == 0x736c6166 && load<u8>(i + 4) == 0x65) {
    valueKind = FALSE;
    return i + 5;
  }
  return stopAt(i);
}

/** Behind the object or array at `start`, of which `depthLimit` containers may stand in each other; 0 when there is none that is whole. */
export function containerEnd(start: usize, depthLimit: i32): usize {
  let i = start;
  let depth = 0;
  let close = 0;
  while (true) {
    if (close == 0x7d) {
      if (load<u8>(i) != 0x22) return stopAt(i);
      const end = stringEnd(i + 1);
      if (end == 0) return 0;
      i = skipSpace(end + 1);
      if (load<u8>(i) != 0x3a) return stopAt(i);
      i = skipSpace(i + 1);
    }
    const first = <i32>load<u8>(i);
    if (first == 0x7b || first == 0x5b) {
      if (depth >= depthLimit) return stopAt(0);
      store<u8>(CLOSINGS + depth, close);
      close = first + 2;
      depth++;
      i = skipSpace(i + 1);
      if (<i32>load<u8>(i) != close) continue;
    } else {
      i = scalarEnd(i, first);
      if (i == 0) return 0;
      i = skipSpace(i);
    }
    // Behind a value, or at the end of an empty container.
    while (<i32>load<u8>(i) == close) {
      i++;
      depth--;
      if (depth == 0) return i;
      close = load<u8>(CLOSINGS + depth);
      i = skipSpace(i);
    }
    if (load<u8>(i) != 0x2c) return stopAt(i);
    i = skipSpace(i + 1);
  }
}

/** Behind the value at `i`, whose kind is then `valueKind`; 0 when it is malformed, not whole or too deep: see `stoppedAt`. */
// @ts-ignore: decorator
@inline
export function endOfValue(i: usize, depthLimit: i32): usize {
  const first = <i32>load<u8>(i);
  if (first != 0x7b && first != 0x5b) return scalarEnd(i, first);
  const end = containerEnd(i, depthLimit);
  valueKind = JSON;
  return end;
}
