// What a kernel is told of a column. drivers/kernel/column-code.ts has the same numbers.

export const C_TYPE: usize = 0;
export const C_SLOT: usize = 4;
export const C_NOT_NULL: usize = 8;
export const C_P1: usize = 12;
export const C_P2: usize = 16;
export const C_DEFAULT_SIZE: usize = 24;
export const C_DEFAULT: usize = 28;
export const COLUMN_ENTRY: usize = 32;

// Types. What is not among them is DEFERRED: its raw bytes go out, and JavaScript turns them into cells.
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
