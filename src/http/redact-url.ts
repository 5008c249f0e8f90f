import type { Redactor } from './redactor.js';

const SECRET_NAME = /token|key|secret|password|sig|auth|code/i;
const MASK = '[secret]';

/** What of a URL is known to be secret besides the names that say so themselves. */
export interface UrlSecrets {
  /** Names of query parameters whose values came from authentication or from a secret. */
  readonly parameters: ReadonlySet<string>;
  /** True when the path itself was written with a secret in it. */
  readonly isPathSecret: boolean;
}

const NOTHING: UrlSecrets = { parameters: new Set(), isPathSecret: false };

/**
 * A URL that may be shown and logged: no user information, no fragment, and masks in the place of query values that
 * are secret by origin or by name, and of every secret text that `redactor` knows.
 */
export function redactUrl(url: URL, redactor: Redactor, secrets: UrlSecrets = NOTHING): string {
  const path = secrets.isPathSecret ? `/${MASK}` : url.pathname;
  const query = url.search === '' ? '' : `?${redactQuery(url.search.slice(1), secrets.parameters)}`;
  return redactor.mask(`${url.protocol}//${url.host}${path}${query}`);
}

function redactQuery(query: string, parameters: ReadonlySet<string>): string {
  return query
    .split('&')
    .map((pair) => {
      const equals = pair.indexOf('=');
      const name = equals < 0 ? pair : pair.slice(0, equals);
      const decoded = decodeQueryText(name);
      const isSecret = parameters.has(decoded) || SECRET_NAME.test(decoded);
      return isSecret && equals >= 0 ? `${name}=${MASK}` : pair;
    })
    .join('&');
}

/** A query name or value as the server will read it; text that is not properly encoded is taken as it stands. */
export function decodeQueryText(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
