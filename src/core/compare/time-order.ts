import {
  readDays,
  readFraction,
  readSecondsOfDay,
  readTimestampMicros,
  readTimestampSeconds,
} from '../encode/canonical-time.js';
import type { CellOrder } from './contract.js';

/** Infinities are equal to themselves, so they must not be subtracted. */
function sign(left: number, right: number): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The order of dates. */
export function dateOrder(constant: Uint8Array): CellOrder {
  const right = readDays(constant, 0, constant.length);
  return (bytes, start, end) => sign(readDays(bytes, start, end), right);
}

/** The order of times of day. */
export function timeOrder(constant: Uint8Array): CellOrder {
  const right = readSecondsOfDay(constant, 0) * 1_000_000 + readFraction(constant, 8, constant.length);
  return (bytes, start, end) =>
    readSecondsOfDay(bytes, start) * 1_000_000 + readFraction(bytes, start + 8, end) - right;
}

/** Whether a timestamp lies in the years 1 to 9999, whose text sorts as the times do up to the whole second. */
function hasUsualYear(bytes: Uint8Array, start: number, end: number): boolean {
  return bytes[start + 4] === 0x2d && bytes[start]! <= 0x39 && bytes[end - 1] !== 0x43;
}

/** The order of timestamps, with or without zone: canonical text is always in UTC. */
export function timestampOrder(constant: Uint8Array): CellOrder {
  const right = readTimestampSeconds(constant, 0, constant.length);
  const rightMicros = Number.isFinite(right) ? readTimestampMicros(constant, 0, constant.length) : 0;
  const isUsual = hasUsualYear(constant, 0, constant.length);
  return (bytes, start, end) => {
    if (isUsual && hasUsualYear(bytes, start, end)) {
      for (let i = 0; i < 19; i++) {
        const difference = bytes[start + i]! - constant[i]!;
        if (difference !== 0) return difference;
      }
      return readFraction(bytes, start + 19, end) - rightMicros;
    }
    const seconds = readTimestampSeconds(bytes, start, end);
    if (seconds !== right) return sign(seconds, right);
    return Number.isFinite(seconds) ? readTimestampMicros(bytes, start, end) - rightMicros : 0;
  };
}
