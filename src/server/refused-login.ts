import { createHmac, randomBytes } from 'node:crypto';
import { errors } from '../core/errors.js';
import { readErrorFields } from '../wire/messages.js';
import { backend } from '../wire/write.js';

/**
 * What clients see of a login that fails: the same exchange and the same answer whether the user does not exist or the
 * password is wrong, so that nobody learns which names exist.
 */
export class RefusedLogin {
  readonly #key = randomBytes(32);

  /**
   * The start-up parameters for a user that the gateway does not know. The engine asks them for a password and refuses
   * every one. They go by a name that nobody has: an external engine may have roles that are not the gateway's users.
   * The same user always gets the same name, because PostgreSQL derives the salt that it shows from it.
   */
  askInVain(parameters: ReadonlyMap<string, string>, user: string): ReadonlyMap<string, string> {
    const nobody = createHmac('sha256', this.#key).update(user).digest('hex').slice(0, 40);
    return new Map([...parameters, ['user', `tidegate_nobody_${nobody}`]]);
  }

  /** Whether the engine does not take the user or the password. */
  isRefusal(frame: Buffer): boolean {
    return /^28/.test(readErrorFields(frame).get('C') ?? '');
  }

  /** The ErrorResponse for the client in the place of the engine's, which may name what is behind the gateway. */
  answer(frame: Buffer, user: string): Buffer {
    if (!this.isRefusal(frame)) return frame;
    return backend.error(
      errors.wrongPassword(`password authentication failed for user "${user}"`, {
        hint: 'Users and their passwords are under "users" in tidegate.yaml.',
      }),
      'FATAL',
    );
  }
}
