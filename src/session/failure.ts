import { randomUUID } from 'node:crypto';
import { errors, GatewayError } from '../core/errors.js';
import { backend } from '../wire/write.js';
import type { ClientText } from './client-text.js';
import type { ClientWriter } from './client-writer.js';
import { EngineError, SkippedError } from './engine-answers.js';
import type { EngineLink } from './engine-link.js';
import { raiseInEngine, withPosition } from './engine-requests.js';
import type { Log } from './services.js';

/** Maps a 1-based character position in the text the engine was given to one in the client's; null: has no place there. */
export type PositionMap = (position: number) => number | null;

/**
 * Tells the client that its statement failed, and makes its transaction fail with it.
 * @returns the SQLSTATE the client was given; null when it was told before
 */
export async function reportFailure(
  error: unknown,
  link: EngineLink,
  client: ClientWriter,
  text: ClientText,
  map: PositionMap,
  log: Log,
): Promise<string | null> {
  // Something before it in the pipeline failed, and the client has that error.
  if (error instanceof SkippedError) {
    if (!link.isClosed) return null;
    client.write(backend.error(errors.shuttingDown('the connection to the engine was lost'), 'FATAL'));
    return '57P01';
  }
  if (error instanceof EngineError) {
    client.write(text.encodeFields(withPosition(error.frame, map)));
    return error.fields.get('C') ?? 'XX000';
  }
  const known = error instanceof GatewayError ? error : unforeseen(error, log);
  const position = known.position === undefined ? undefined : (map(known.position) ?? undefined);
  client.write(text.encodeFields(await raiseInEngine(link, known, position)));
  return known.sqlstate;
}

/** Wraps what nobody foresaw: the client gets an id, the log has the rest. */
export function unforeseen(error: unknown, log: Log): GatewayError {
  const id = randomUUID();
  log('error', { err: error, id }, 'unforeseen error');
  return errors.internal('internal error of the gateway', {
    detail: `Error id ${id}.`,
    hint: "The gateway's log has the details under this id.",
  });
}
