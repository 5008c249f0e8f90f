/**
 * Writes the binary form of canonical text `[start, end)` at `target[at]` and returns the bytes written. `target` has room for
 * `binaryExpansion(type) * (end - start) + 64` bytes.
 */
export type BinaryEncoder = (text: Uint8Array, start: number, end: number, target: Buffer, at: number) => number;
