import type { GatewayError } from '../core/errors.js';
import type { Frame } from '../wire/frames.js';
import { readDataRow, readErrorFields } from '../wire/messages.js';
import { backend, errorFields, frontend, textBindTail } from '../wire/write.js';
import { EngineError } from './engine-answers.js';
import type { EngineLink } from './engine-link.js';
import { inUtf8 } from './utf8-window.js';

/** Name of the statement and the portal that the gateway uses in a client's engine session for moments at a time. */
const OWN = 'tidegate_own';

const DATA_ROW = 'D'.charCodeAt(0);

export interface OwnQuery {
  /** Text, or bytes as they are to be sent. */
  readonly sql: string | Buffer;
  readonly parameterOids?: readonly number[];
  /** Parameters and result formats of a Bind message; none by default. */
  readonly bindTail?: Buffer;
}

/** The rows of an answer, as texts. */
export type OwnRows = readonly (readonly (string | null)[])[];

/**
 * Sends queries of the gateway's own inside the client's session and transaction, without a Sync, which would end the
 * client's implicit transaction. They are answered with what is sent behind them and flushed. All texts are in UTF-8.
 * @returns per query its rows; rejects with an EngineError where it fails, the client's transaction then has failed with it
 */
export function sendQueries(link: EngineLink, queries: readonly OwnQuery[]): Promise<OwnRows>[] {
  return inUtf8(link, () => queries.map((query) => send(link, query)));
}

/**
 * Runs queries as `sendQueries` does, all in one round trip.
 * @throws EngineError for the first that fails
 */
export async function ownQueries(link: EngineLink, queries: readonly OwnQuery[]): Promise<OwnRows[]> {
  const answers = sendQueries(link, queries);
  link.send(frontend.flush);
  return Promise.all(answers);
}

async function send(
  link: EngineLink,
  { sql, parameterOids = [], bindTail = textBindTail() }: OwnQuery,
): Promise<(string | null)[][]> {
  const setup = [
    // Closing what does not exist is no error, and an earlier failure may have left them.
    link.ask(frontend.close('statement', OWN), 'close'),
    link.ask(frontend.parse(OWN, sql, parameterOids), 'parse'),
    link.ask(frontend.bindWithTail(OWN, OWN, bindTail), 'bind'),
  ];
  const rows = link.ask(frontend.execute(OWN), 'execute');
  const teardown = link.ask(frontend.close('portal', OWN), 'close');
  const [frames] = await Promise.all([rows, ...setup, teardown]);
  return rowsOf(frames);
}

function rowsOf(frames: readonly Frame[]): (string | null)[][] {
  return frames.filter((frame) => frame.type === DATA_ROW).map((frame) => readDataRow(frame.bytes));
}

/**
 * Raises an error in the client's engine session, so that its transaction fails as it must.
 * @param position the error's place in the client's query text, which may hold several statements
 * @returns the ErrorResponse for the client
 */
export async function raiseInEngine(
  link: EngineLink,
  error: GatewayError,
  position: number | undefined,
): Promise<Buffer> {
  if (link.isFailed || link.isClosed) return backend.error(error);
  const parameters = [error.sqlstate, error.message, error.detail ?? null, error.hint ?? null];
  try {
    await ownQueries(link, [
      {
        sql: 'SELECT tidegate.raise($1, $2, $3, $4)',
        parameterOids: [25, 25, 25, 25],
        bindTail: textBindTail(parameters),
      },
    ]);
  } catch (raised) {
    if (raised instanceof EngineError && raised.fields.get('C') === error.sqlstate) {
      return withoutOrigin(raised.fields, position);
    }
  }
  return backend.error(error);
}

/** Fields of an ErrorResponse that tell where in the engine it came from: of no use where the gateway raised it. */
const ORIGIN_FIELDS = new Set(['W', 'F', 'L', 'R', 'p', 'q', 'P']);

function withoutOrigin(fields: ReadonlyMap<string, string>, position: number | undefined): Buffer {
  const kept = [...fields].filter(([code]) => !ORIGIN_FIELDS.has(code));
  if (position !== undefined) kept.push(['P', String(position)]);
  return errorFields('E', kept);
}

/**
 * An ErrorResponse of the engine, in whatever encoding, with its position field mapped to the client's text; null: it has
 * no place there.
 */
export function withPosition(frame: Buffer, map: (position: number) => number | null): Buffer {
  const fields = readErrorFields(frame, 'latin1');
  const position = fields.get('P');
  const mapped = position === undefined ? null : map(Number(position));
  const kept = [...fields].filter(([code]) => code !== 'P');
  if (mapped !== null) kept.push(['P', String(mapped)]);
  return errorFields('E', kept, (text) => Buffer.from(text, 'latin1'));
}
