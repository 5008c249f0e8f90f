// Where everything is in the kernel's memory. drivers/json/kernel/memory.ts has the same numbers.

export * from '../columns';
export * from '../rows';

// Parameters and results of a call, besides those of ../rows.ts.
export const P_BETWEEN: usize = 0x10008;
export const P_DEPTH_LIMIT: usize = 0x10028;
export const P_KEY_NODE: usize = 0x1002c;
export const P_KEY_START: usize = 0x10030;
export const P_KEY_END: usize = 0x10034;

// Containers that the record's reader is in: whether it is an object, node, place, start.
export const STACK: usize = 0x10100;
export const STACK_ENTRY: usize = 16;

// What ends the containers of a value that is passed over, one byte each.
export const CLOSINGS: usize = 0x10c00;

// By slot: kind, start, end, nothing.
export const SLOTS: usize = 0x11000;
export const SLOT_ENTRY: usize = 16;

// States, one after the other, and of each from its start.
export const STATES: usize = 0x20000;
export const STATE_BITS: usize = 17;
export const S_SLOT_COUNT: usize = 0x00;
export const S_COLUMN_COUNT: usize = 0x04;
export const S_KEY_COUNT: usize = 0x08;
export const S_POOL_USED: usize = 0x0c;
/** What template.ts knows of the state's records. */
export const S_TEMPLATE_STATUS: usize = 0x10;
export const S_TEMPLATE_DEPTH: usize = 0x14;
export const S_TEMPLATE_MISSES: usize = 0x18;
export const S_TEMPLATE_HITS: usize = 0x1c;
export const S_TEMPLATE_REST: usize = 0x20;
export const S_TEMPLATE_PATIENCE: usize = 0x24;
/** Where the next step and the next bytes to compare go, and how many shapes of records there are. */
export const S_TEMPLATE_STEPS: usize = 0x28;
export const S_TEMPLATE_BYTES: usize = 0x2c;
export const S_TEMPLATE_SHAPES: usize = 0x30;
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

// Templates, one for each state: steps, then the bytes that they compare.
export const TEMPLATES: usize = 0x290000;
export const TEMPLATE_BYTES: usize = 0xa000;
export const LITERALS: usize = 0x5000;
export const L_START: usize = 0;
export const L_SIZE: usize = 4;
export const L_MASK: usize = 8;
export const L_OPERATION: usize = 12;
/** A column's address, or a slot's. */
export const L_TARGET: usize = 16;
/** Containers of the record that the value stands in. */
export const L_DEPTH: usize = 20;
/** The step to take in this one's place by a record that is not like it, 0 for none. */
export const L_OTHER: usize = 24;
/** Of O_ABSENT: how many columns before the target have no value (two bytes), and the operation behind them (two bytes). */
export const L_ABSENT: usize = 28;
export const L_BEHIND: usize = 30;
export const STEP_ENTRY: usize = 32;

// Operations of steps: a column's type writes the value that stands here as the row's next cell.
/** Cells of columns that have no value in these records, then another operation. */
export const O_ABSENT: i32 = 13;
/** A value that nobody wants. */
export const O_SKIP: i32 = 14;
/** The same, where an object or array would have wanted values. */
export const O_SCALAR: i32 = 15;
/** A value for its slot: the columns come in another order. */
export const O_SLOT: i32 = 16;
/** The record ends, its row is written. */
export const O_END: i32 = 17;
/** The record ends, its values are in the slots. */
export const O_END_SLOTS: i32 = 18;

// Values of the record that a template is made of: where they start and end with their quotes, target, depth.
export const EVENTS: usize = 0x2e0000;
export const EVENT_ENTRY: usize = 16;
export const MOST_EVENTS: i32 = 384;

// Why a scan returned, besides what ../rows.ts has.
/** A key with escapes has to be learned. */
export const UNKNOWN_KEY: i32 = 4;

// Places between records, as in drivers/json/record-scanner.ts.
export const FIRST: i32 = 0;
export const NEXT: i32 = 1;
export const AFTER: i32 = 2;
export const LINE: i32 = 4;
export const AFTER_LINE: i32 = 5;
