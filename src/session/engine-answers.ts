import type { Frame } from '../wire/frames.js';
import { readErrorFields } from '../wire/messages.js';

/** An ErrorResponse of the engine to something the gateway itself asked. */
export class EngineError extends Error {
  readonly fields: ReadonlyMap<string, string>;
  /** The ErrorResponse. */
  readonly frame: Buffer;

  constructor(frame: Buffer) {
    const fields = readErrorFields(frame);
    super(fields.get('M') ?? 'the engine answered an error');
    this.name = 'EngineError';
    this.fields = fields;
    this.frame = frame;
  }
}

/** A request was never run, because one before it in the same pipeline failed or the connection ended. */
export class SkippedError extends Error {
  override readonly name = 'SkippedError';
}

/** What was asked of the engine, by how its answer ends. */
export type RequestKind =
  | 'startup'
  | 'parse'
  | 'bind'
  | 'close'
  | 'describe'
  | 'execute'
  | 'sync'
  | 'query'
  | 'function';

/** What is done with the answer to one request. Without `onFrame` it goes to the client as it comes. */
export interface Disposition {
  /** Sees each frame of the answer; returns what the client gets instead, null for nothing. */
  readonly onFrame?: (frame: Frame) => Buffer | null;
  /** Sees an ErrorResponse in the place of `onFrame`; returns what the client gets instead. */
  readonly onError?: (frame: Buffer) => Buffer | null;
  readonly onDone?: () => void;
  /** The request failed (with the ErrorResponse) or was skipped (null). */
  readonly onFailed?: (error: Buffer | null) => void;
}

/** A request that the engine has not answered yet. */
export interface Expectation extends Disposition {
  readonly kind: RequestKind;
}

const code = (letter: string): number => letter.charCodeAt(0);
/** Type bytes of the backend messages that are told apart. */
export const ANSWER = {
  error: code('E'),
  ready: code('Z'),
  notice: code('N'),
  parameterStatus: code('S'),
  notification: code('A'),
  dataRow: code('D'),
  copyData: code('d'),
  copyIn: code('G'),
};

/** The frames that end the answer to each kind of request. */
export const FINAL: Readonly<Record<RequestKind, ReadonlySet<number>>> = {
  startup: new Set([ANSWER.ready]),
  parse: new Set([code('1')]),
  bind: new Set([code('2')]),
  close: new Set([code('3')]),
  describe: new Set([code('T'), code('n')]),
  execute: new Set([code('C'), code('I'), code('s')]),
  sync: new Set([ANSWER.ready]),
  query: new Set([ANSWER.ready]),
  function: new Set([ANSWER.ready]),
};

/** Requests that run nothing: they change no setting, and no table. */
export const PREPARES: ReadonlySet<RequestKind> = new Set(['parse', 'bind', 'describe', 'close']);

/** Requests after which the engine is ready again even if they failed. */
export const ENDS_IN_READY: ReadonlySet<RequestKind> = new Set(['startup', 'sync', 'query', 'function']);
