// Where everything is in the kernel's memory. drivers/json/kernel/memory.ts has the same numbers.

// Parameters and results of a call.
export const P_POSITION: usize = 0x10000;
export const P_END: usize = 0x10004;
export const P_BETWEEN: usize = 0x10008;
export const P_ROWS: usize = 0x1000c;
export const P_OUT: usize = 0x10010;
export const P_CELLS: usize = 0x10014;
export const P_DEFERRED: usize = 0x10018;
export const P_ROW_LIMIT: usize = 0x1001c;
export const P_BYTE_LIMIT: usize = 0x10020;
export const P_BIAS: usize = 0x10024;
export const P_DEPTH_LIMIT: usize = 0x10028;
export const P_KEY_NODE: usize = 0x1002c;
export const P_KEY_START: usize = 0x10030;
export const P_KEY_END: usize = 0x10034;

// Containers that the scan is in: kind, node, place, target, start.
export const STACK: usize = 0x10100;
export const STACK_ENTRY: usize = 20;

// By slot: kind, start, end, nothing.
export const SLOTS: usize = 0x11000;
export const SLOT_ENTRY: usize = 16;

export const OUTPUT: usize = 0x170000;
export const OUTPUT_LIMIT: usize = 0x1ff000;
export const OFFSETS: usize = 0x200000;
export const LENGTHS: usize = 0x240000;
export const DEFERRED: usize = 0x280000;
export const MAX_DEFERRED: i32 = 8192;

// Of a state, from its start.
export const S_SLOT_COUNT: usize = 0x00;
export const S_COLUMN_COUNT: usize = 0x04;
export const S_KEY_COUNT: usize = 0x08;
export const S_POOL_USED: usize = 0x0c;
export const S_ROOT: usize = 0x120;
export const S_COLUMNS: usize = 0x5100;
export const S_KEYS: usize = 0xd100;
export const S_HASH: usize = 0x11100;
export const S_POOL: usize = 0x11900;
export const POOL_BYTES: i32 = 0x6000;
export const MAX_KEYS: i32 = 512;
export const HASH_SLOTS: u32 = 1024;

// Of a node: addresses of slots, of its keys' head, of its elements' nodes; 0 for none.
export const N_LEAF: usize = 0;
export const N_OWN: usize = 4;
export const N_LOW: usize = 8;
export const N_HIGH: usize = 12;
export const N_HEAD: usize = 16;
export const N_ELEMENTS: usize = 20;
export const N_ELEMENT_COUNT: usize = 24;

// Of a key: its bytes, with quotes and colon, and the key that came after it last time.
export const K_START: usize = 0;
export const K_SIZE: usize = 4;
export const K_TARGET: usize = 8;
export const K_NEXT: usize = 12;
export const K_OWNER: usize = 16;
export const K_MASK: usize = 20;
export const KEY_ENTRY: usize = 32;

// Of a column.
export const C_TYPE: usize = 0;
export const C_SLOT: usize = 4;
export const C_NOT_NULL: usize = 8;
export const C_P1: usize = 12;
export const C_P2: usize = 16;
export const C_DEFAULT_SIZE: usize = 24;
export const C_DEFAULT: usize = 28;
export const COLUMN_ENTRY: usize = 32;

// Column types. What is not among them is DEFERRED: its raw bytes go out, and JavaScript turns them into cells.
export const T_DEFERRED: i32 = 0;
export const T_TEXT: i32 = 1;
export const T_VARCHAR: i32 = 2;
export const T_BOOLEAN: i32 = 3;
export const T_INTEGER: i32 = 4;
export const T_NUMERIC: i32 = 5;
export const T_FLOAT: i32 = 6;
export const T_DATE: i32 = 7;
export const T_TIME: i32 = 8;
export const T_TIMESTAMP: i32 = 9;
export const T_UUID: i32 = 10;
export const T_JSON: i32 = 11;
export const T_JSONB: i32 = 12;
export const T_CONSTANT: i32 = 13;

// Kinds of values, as in drivers/json/tokens.ts.
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
/** A key with escapes has to be learned. */
export const UNKNOWN_KEY: i32 = 4;

// Places between records, as in drivers/json/record-scanner.ts.
export const FIRST: i32 = 0;
export const NEXT: i32 = 1;
export const AFTER: i32 = 2;
export const LINE: i32 = 4;
export const AFTER_LINE: i32 = 5;
