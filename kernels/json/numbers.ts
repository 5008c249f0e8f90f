import { digitMask } from '../cells';

// Numbers as RFC 8259 has them.

/** Behind the number at `start`, whose first byte is a minus or a digit; 0 when it is none. */
// @ts-ignore: decorator
@inline
export function numberEnd(start: usize): usize {
  let i = start;
  if (load<u8>(i) == 0x2d) i++;
  const mask = digitMask(v128.load(i));
  const whole = ctz(~mask);
  if (whole == 0) return 0;
  if (whole >= 16) return longNumberEnd(i);
  if (whole > 1 && load<u8>(i) == 0x30) return 0;
  i += whole;
  const byte = load<u8>(i);
  if (byte != 0x2e) return (byte | 0x20) == 0x65 ? exponentEnd(i) : i;
  const fraction = ctz(~(mask >> (whole + 1)));
  if (whole + 1 + fraction >= 16) return fractionEnd(i);
  if (fraction == 0) return 0;
  i += 1 + fraction;
  return (load<u8>(i) | 0x20) == 0x65 ? exponentEnd(i) : i;
}

function digitsEnd(i: usize): usize {
  while (<u32>(load<u8>(i) - 0x30) <= 9) i++;
  return i;
}

function longNumberEnd(start: usize): usize {
  if (load<u8>(start) == 0x30) return 0;
  const i = digitsEnd(start);
  const byte = load<u8>(i);
  if (byte == 0x2e) return fractionEnd(i);
  return (byte | 0x20) == 0x65 ? exponentEnd(i) : i;
}

function fractionEnd(point: usize): usize {
  const i = digitsEnd(point + 1);
  if (i == point + 1) return 0;
  return (load<u8>(i) | 0x20) == 0x65 ? exponentEnd(i) : i;
}

function exponentEnd(e: usize): usize {
  let i = e + 1;
  if (load<u8>(i) == 0x2b || load<u8>(i) == 0x2d) i++;
  const end = digitsEnd(i);
  return end == i ? 0 : end;
}
