import type { CellOrder, CellPredicate } from './contract.js';

/** Whether a cell is byte for byte the constant. */
export function equalsBytes(constant: Uint8Array): CellPredicate {
  const length = constant.length;
  return (bytes, start, end) => {
    if (end - start !== length) return false;
    for (let i = 0; i < length; i++) if (bytes[start + i] !== constant[i]) return false;
    return true;
  };
}

/** Bytewise, the shorter first where one begins with the other: C.UTF-8's order. */
export function textOrder(constant: Uint8Array): CellOrder {
  const length = constant.length;
  return (bytes, start, end) => {
    const shorter = Math.min(end - start, length);
    for (let i = 0; i < shorter; i++) {
      const difference = bytes[start + i]! - constant[i]!;
      if (difference !== 0) return difference;
    }
    return end - start - length;
  };
}
