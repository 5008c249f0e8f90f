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
      /** Rows forward from where the cursor is; null: any other movement. */
      readonly forward: number | null;
      readonly isMove: boolean;
    }
  /** `name` null: CLOSE ALL. */
  | { readonly type: 'close'; readonly name: string | null };

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
      const count = (body.howMany as number | undefined) ?? 0;
      const isForward = body.direction === 'FETCH_FORWARD' && count > 0;
      const forward = !isForward ? null : count === ALL ? Number.POSITIVE_INFINITY : count;
      return { type: 'fetch', name: body.portalname as string, forward, isMove: body.ismove === true };
    }
    case 'ClosePortalStmt':
      return { type: 'close', name: (body.portalname as string | undefined) ?? null };
    default:
      return null;
  }
}
