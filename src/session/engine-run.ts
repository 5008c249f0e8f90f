import type { Frame } from '../wire/frames.js';
import { frontend } from '../wire/write.js';
import type { BoundStatement } from './bound-statement.js';
import type { EngineLink } from './engine-link.js';
import type { PortalRun } from './prepared.js';
import { inUtf8 } from './utf8-window.js';

/** What the client gets in the place of an ErrorResponse. */
export type ErrorTransform = (frame: Buffer) => Buffer;

/** What an engine run does with the frames of its answer on their way to the client; null: nothing. */
export type FrameTransform = (frame: Frame) => Buffer | null;

/** Runs a rewritten statement in the client's engine session, with the client's parameters, and relays the answer. */
export class EngineRun implements PortalRun {
  readonly #link: EngineLink;
  readonly portalName: string;
  readonly onError: ErrorTransform;
  readonly #onFrame: FrameTransform | null;
  readonly #isBound: Promise<unknown>;

  /**
   * Sends the statement to be parsed and bound, in UTF-8, under a name of the gateway's own. The answer comes with that of the
   * first `execute`, which saves a round trip.
   * @param name is unique in the session
   */
  constructor(
    link: EngineLink,
    name: string,
    sql: Buffer,
    bound: BoundStatement,
    onError: ErrorTransform,
    onFrame: FrameTransform | null,
  ) {
    this.#link = link;
    this.portalName = name;
    this.onError = onError;
    this.#onFrame = onFrame;
    const parse = () => link.ask(frontend.parse(name, sql, bound.parameterOids), 'parse');
    const bind = () => link.ask(frontend.bindWithTail(name, name, bound.bindTail), 'bind');
    this.#isBound = Promise.all([
      ...(bound.isTailUtf8 ? inUtf8(link, () => [parse(), bind()]) : [inUtf8(link, parse), bind()]),
      // A portal goes on without its statement.
      link.ask(frontend.close('statement', name), 'close'),
    ]);
    this.#isBound.catch(() => {});
  }

  /** @throws EngineError when the engine refuses the statement */
  async execute(maxRows: number): Promise<void> {
    const onError = this.onError;
    const disposition = this.#onFrame === null ? { onError } : { onError, onFrame: this.#onFrame };
    this.#link.request(frontend.execute(this.portalName, maxRows), 'execute', disposition);
    await this.#link.settled();
    await this.#isBound;
  }

  async close(isGone = false): Promise<void> {
    if (isGone || this.#link.isFailed || this.#link.isClosed) return;
    // Its answer comes with that to the next message.
    this.#link.ask(frontend.close('portal', this.portalName), 'close').catch(() => {});
  }
}
