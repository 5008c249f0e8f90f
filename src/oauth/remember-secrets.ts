import type { AuthModel } from '../config/model.js';
import { Secret } from '../core/secret.js';
import type { Redactor } from '../http/redactor.js';

/** Makes every secret of the settings known, so that no message repeats one that a server sent back. */
export function rememberSecrets(model: AuthModel, redactor: Redactor): void {
  for (const [name, value] of Object.entries(model)) {
    // Client identifiers and addresses are no secrets, though they may come from a variable.
    if (name !== 'clientId' && name !== 'tokenUrl') visit(value);
  }

  function visit(value: unknown): void {
    if (value instanceof Secret) redactor.add(value.reveal());
    else if (value instanceof Map) for (const item of value.values()) visit(item);
    else if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) visit(item);
  }
}
