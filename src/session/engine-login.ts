import sasl from 'pg/lib/crypto/sasl.js';
import { errors } from '../core/errors.js';
import type { Secret } from '../core/secret.js';
import type { Frame } from '../wire/frames.js';
import { BodyReader } from '../wire/frames.js';
import { frontend } from '../wire/write.js';
import type { EngineLink } from './engine-link.js';

const AUTHENTICATION = 'R'.charCodeAt(0);

/** Authentication request codes of the protocol. */
const REQUEST = { ok: 0, cleartext: 3, sasl: 10, saslContinue: 11, saslFinal: 12 } as const;

/**
 * Logs a user in whom the gateway trusts but the engine does not (an external one with passwords), so that the client
 * is never asked. https://www.postgresql.org/docs/18/sasl-authentication.html
 */
export class EngineLogin {
  readonly #link: EngineLink;
  readonly #password: Secret;
  #session: ReturnType<typeof sasl.startSession> | null = null;
  /** Called when the exchange cannot go on. */
  onFailed: (error: unknown) => void = () => {};

  constructor(link: EngineLink, password: Secret) {
    this.#link = link;
    this.#password = password;
  }

  /** What the client gets of a start-up frame: nothing of the exchange, everything else. */
  accept(frame: Frame): Buffer | null {
    if (frame.type !== AUTHENTICATION) return frame.bytes;
    const body = new BodyReader(frame.bytes);
    const request = body.int32();
    if (request === REQUEST.ok) return frame.bytes;
    this.#answer(request, body).catch((error: unknown) => this.onFailed(error));
    return null;
  }

  async #answer(request: number, body: BodyReader): Promise<void> {
    switch (request) {
      case REQUEST.cleartext:
        this.#link.send(frontend.password(this.#password.reveal()));
        return;
      case REQUEST.sasl: {
        const mechanisms: string[] = [];
        for (let name = body.cstring(); name !== ''; name = body.cstring()) mechanisms.push(name);
        this.#session = sasl.startSession(mechanisms);
        this.#link.send(frontend.saslInitialResponse(this.#session.mechanism, this.#session.response));
        return;
      }
      case REQUEST.saslContinue:
        await sasl.continueSession(this.#session!, this.#password.reveal(), body.rest().toString('utf8'));
        this.#link.send(frontend.saslResponse(this.#session!.response));
        return;
      case REQUEST.saslFinal:
        sasl.finalizeSession(this.#session!, body.rest().toString('utf8'));
        return;
      default:
        throw errors.cannotConnect('the engine asks for a kind of login that the gateway does not have', {
          detail: `Authentication request ${request}.`,
          hint: "Let the server of engine.url use scram-sha-256 or trust for the gateway's users.",
        });
    }
  }
}
