/** The operators that PostgreSQL's btree and hash classes have. */
export type ComparisonOperator = '=' | '<>' | '<' | '<=' | '>' | '>=';

/** Whether the non-null canonical cell `[start, end)` satisfies the comparison. */
export type CellPredicate = (bytes: Uint8Array, start: number, end: number) => boolean;

/** Negative, zero or positive as the cell sorts before, with or after the constant it was made for. */
export type CellOrder = (bytes: Uint8Array, start: number, end: number) => number;
