// What every kernel's memory has in the same place: a call's limits and results, and the rows it wrote. drivers/kernel/layout.ts
// has the same numbers.

export const P_POSITION: usize = 0x10000;
export const P_END: usize = 0x10004;
export const P_ROWS: usize = 0x1000c;
export const P_OUT: usize = 0x10010;
export const P_CELLS: usize = 0x10014;
export const P_DEFERRED: usize = 0x10018;
export const P_ROW_LIMIT: usize = 0x1001c;
export const P_BYTE_LIMIT: usize = 0x10020;
export const P_BIAS: usize = 0x10024;

// DataRow messages, one after the other.
export const OUTPUT: usize = 0x170000;
export const OUTPUT_LIMIT: usize = 0x1ff000;

// By cell: where its text starts in the batch, and its length.
export const OFFSETS: usize = 0x200000;
export const LENGTHS: usize = 0x240000;

// Cells that are left to JavaScript: their number in this call, and what they are.
export const DEFERRED: usize = 0x280000;
export const MAX_DEFERRED: i32 = 8192;

// Kinds of values, of which the deferred ones are told; as in drivers/json/tokens.ts.
export const MISSING: i32 = 0;
export const NULL: i32 = 1;
export const TRUE: i32 = 2;
export const FALSE: i32 = 3;
export const NUMBER: i32 = 4;
export const STRING: i32 = 5;
export const ESCAPED: i32 = 6;
export const JSON: i32 = 7;
/** Not from the record. */
export const OUTER: i32 = 8;

// Why a scan returned.
export const NEEDS_MORE: i32 = 0;
export const FULL: i32 = 1;
export const DONE: i32 = 2;
/** The record at the position is for the general path. */
export const UNUSUAL: i32 = 3;
