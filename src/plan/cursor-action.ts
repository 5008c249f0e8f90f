import type { Node } from './syntax.js';

/** What a statement does with a cursor. */
export type CursorAction =
  | {
      readonly type: 'declare';
      readonly name: string;
      /** Text rows, and forward only unless the plan allows more. */
      readonly isPlain: boolean;
      /** WITH HOLD: outlives a transaction that is committed. */
      readonly isHeld: boolean;
    }
  | {
      readonly type: 'fetch';
      readonly name: string;
      readonly movement: CursorMovement;
      readonly isMove: boolean;
    }
  /** `name` null: CLOSE ALL. */
  | { readonly type: 'close'; readonly name: string | null };

/** Forward by rows from where the cursor is, to the row so far from there, or to that of so many from the start. */
export interface CursorMovement {
  readonly type: 'forward' | 'relative' | 'absolute';
  /** Negative: backward; from the end, where it is absolute. */
  readonly count: number;
}

/** Bits of DeclareCursorStmt.options (PostgreSQL's parsenodes.h). */
const BINARY = 0x1;
const SCROLL = 0x2;
const HOLD = 0x20;

/** How the parser writes the count of FETCH ALL. */
const ALL = 2147483647;

/** Reads the action off a statement's node; null for other statements. */
export function readCursorAction(nodeName: string, body: Node): CursorAction | null {
  switch (nodeName) {
    case 'DeclareCursorStmt': {
      const options = (body.options as number | undefined) ?? 0;
      return {
        type: 'declare',
        name: body.portalname as string,
        isPlain: (options & (BINARY | SCROLL)) === 0,
        isHeld: (options & HOLD) !== 0,
      };
    }
    case 'FetchStmt': {
      return {
        type: 'fetch',
        name: body.portalname as string,
        movement: readMovement(body.direction, (body.howMany as number | undefined) ?? 0),
        isMove: body.ismove === true,
      };
    }
    case 'ClosePortalStmt':
      return { type: 'close', name: (body.portalname as string | undefined) ?? null };
    default:
      return null;
  }
}

function readMovement(direction: unknown, howMany: number): CursorMovement {
  const count = howMany === ALL ? Number.POSITIVE_INFINITY : howMany;
  switch (direction) {
    case 'FETCH_RELATIVE':
      return { type: 'relative', count };
    case 'FETCH_ABSOLUTE':
      return { type: 'absolute', count };
    default:
      return { type: 'forward', count: direction === 'FETCH_BACKWARD' ? -count : count };
  }
}
