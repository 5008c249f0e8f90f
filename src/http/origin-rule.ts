import { errors } from '../core/errors.js';

/** Where requests of a source may go. */
export interface OriginRule {
  /** The source's own origin, the only one that sees its secrets. */
  readonly home: string;
  /** Further origins (`https://files.example.com`) that links may lead to. */
  readonly allowed: readonly string[];
  /** `table "shop.orders"`. */
  readonly subject: string;
}

/** Whether a link may lead there. */
export function isAllowedOrigin(url: URL, { home, allowed }: OriginRule): boolean {
  return url.origin === home || allowed.some((origin) => isSameOrigin(origin, url));
}

/** Throws HV000, naming the origin, when a redirect or page link leads where the DSN does not allow it. */
export function checkOrigin(url: URL, rule: OriginRule, kind: 'redirect' | 'page link'): void {
  if (isAllowedOrigin(url, rule)) return;
  const origin = url.origin === 'null' ? url.protocol : url.origin;
  throw errors.apiError(`the API's ${kind} leads to another origin, "${origin}"`, {
    detail: `${rule.subject}, whose own origin is ${rule.home}`,
    hint:
      url.protocol === 'http:' || url.protocol === 'https:'
        ? `Add "${origin}" to allow_origins if it may be asked too; it gets no credentials.`
        : `A ${kind} can only lead to an http or https address.`,
  });
}

function isSameOrigin(allowed: string, url: URL): boolean {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return false;
  return URL.canParse(allowed) && new URL(allowed).origin === url.origin;
}
