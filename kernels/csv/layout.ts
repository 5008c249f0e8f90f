// Where everything is in the kernel's memory. drivers/csv/kernel/memory.ts has the same numbers.

export * from '../columns';
export * from '../rows';

// Results of a call, besides those of ../rows.ts.
export const P_LINES: usize = 0x10040;

// What the reader wants, and how its rows are written. A quote or comment that there is not is 256.
export const S_WIDTH: usize = 0x20000;
export const S_COLUMN_COUNT: usize = 0x20004;
export const S_DELIMITER: usize = 0x20008;
export const S_QUOTE: usize = 0x2000c;
export const S_COMMENT: usize = 0x20010;
export const COLUMNS: usize = 0x20100;

/** Of a column that does not come from records, in place of its field. */
export const NO_FIELD: i32 = -1;

/** Kind of a deferred cell besides those of ../rows.ts: a field without a character in a column where that is not simply NULL. */
export const EMPTY: i32 = 9;

/** Where fields end, and before them the byte in front of the first row. */
export const MARKS: usize = 0x90000;
/** So many are looked for before rows are made of them; a block of 64 bytes more may be. */
export const MARKS_AT_ONCE: i32 = 4096;
export const MOST_MARKS: i32 = 0xff00;

/** Which of the marks end rows. */
export const ROW_ENDS: usize = 0xd0000;
export const ROWS_AT_ONCE: i32 = 1024;
