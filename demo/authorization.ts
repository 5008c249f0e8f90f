import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { DemoResponse } from './response.js';
import { jsonResponse } from './response.js';

/** The one client that the demo's authorization server knows. */
export interface DemoCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

interface IssuedToken {
  readonly expiresAtMs: number;
  usesLeft: number;
}

/** What came with a token request. */
export interface TokenRequest {
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  readonly body: string;
}

const MAX_TOKENS = 1_000;
const SCOPE = 'demo.read';

/** A client_credentials authorization server (RFC 6749, section 4.4) and the check of the tokens it issued (RFC 6750). */
export class DemoAuthorization {
  readonly #credentials: DemoCredentials;
  readonly #lifetimeSeconds: number;
  readonly #tokenUses: number;
  readonly #tokens = new Map<string, IssuedToken>();

  constructor(credentials: DemoCredentials, lifetimeSeconds: number, tokenUses: number) {
    this.#credentials = credentials;
    this.#lifetimeSeconds = lifetimeSeconds;
    this.#tokenUses = tokenUses;
  }

  /** Answers `POST /oauth/token`: 200 with an opaque token, or the error document of RFC 6749, section 5.2. */
  answerTokenRequest(request: TokenRequest): DemoResponse {
    if (!/^application\/x-www-form-urlencoded\b/i.test(request.contentType ?? '')) {
      return tokenError(400, 'invalid_request', 'the request must be application/x-www-form-urlencoded');
    }
    const form = new URLSearchParams(request.body);
    const repeated = [...form.keys()].find((name, index, names) => names.indexOf(name) !== index);
    if (repeated !== undefined) return tokenError(400, 'invalid_request', 'a parameter is there more than once');
    const basic = request.authorization === undefined ? null : readBasic(request.authorization);
    if (basic !== null && form.has('client_secret')) {
      return tokenError(400, 'invalid_request', 'use one way of client authentication, not two');
    }
    const isBasic = request.authorization !== undefined;
    const given = isBasic
      ? basic
      : { clientId: form.get('client_id') ?? '', clientSecret: form.get('client_secret') ?? '' };
    if (given === null || !this.#isClient(given)) {
      const challenge = isBasic ? { 'www-authenticate': 'Basic realm="tidegate-demo"' } : {};
      return tokenError(401, 'invalid_client', 'unknown client or wrong secret', challenge);
    }
    const grant = form.get('grant_type');
    if (grant === null) return tokenError(400, 'invalid_request', 'grant_type is missing');
    if (grant !== 'client_credentials') {
      return tokenError(400, 'unsupported_grant_type', 'this server knows client_credentials only');
    }
    const scopes = form.get('scope')?.split(' ').filter(Boolean) ?? [];
    if (scopes.some((scope) => scope !== SCOPE)) return tokenError(400, 'invalid_scope', `the only scope is ${SCOPE}`);
    const body = { access_token: this.#issue(), token_type: 'Bearer', expires_in: this.#lifetimeSeconds, scope: SCOPE };
    return jsonResponse(200, body, NO_STORE);
  }

  /** Null when the request's bearer token is good (and one use of it is spent), else the 401 to answer. */
  refuse(authorization: string | undefined): DemoResponse | null {
    const text = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization ?? '')?.[1];
    if (text === undefined) return unauthorized('', 'a bearer token is required');
    const key = digest(text).toString('hex');
    const token = this.#tokens.get(key);
    if (token !== undefined && Date.now() < token.expiresAtMs && token.usesLeft > 0) {
      token.usesLeft--;
      return null;
    }
    this.#tokens.delete(key);
    return unauthorized(
      ', error="invalid_token", error_description="the token is unknown or has expired"',
      'invalid token',
    );
  }

  #issue(): string {
    const text = randomBytes(32).toString('base64url');
    const now = Date.now();
    for (const [key, { expiresAtMs }] of this.#tokens) {
      if (expiresAtMs <= now || this.#tokens.size >= MAX_TOKENS) this.#tokens.delete(key);
    }
    const expiresAtMs = now + this.#lifetimeSeconds * 1_000;
    this.#tokens.set(digest(text).toString('hex'), { expiresAtMs, usesLeft: this.#tokenUses });
    return text;
  }

  #isClient({ clientId, clientSecret }: DemoCredentials): boolean {
    const isId = timingSafeEqual(digest(clientId), digest(this.#credentials.clientId));
    return timingSafeEqual(digest(clientSecret), digest(this.#credentials.clientSecret)) && isId;
  }
}

const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache' };

function tokenError(
  status: number,
  error: string,
  description: string,
  headers: Readonly<Record<string, string>> = {},
): DemoResponse {
  return jsonResponse(status, { error, error_description: description }, { ...NO_STORE, ...headers });
}

function unauthorized(details: string, message: string): DemoResponse {
  const headers = { 'www-authenticate': `Bearer realm="tidegate-demo"${details}` };
  return jsonResponse(401, { error: { code: 'unauthorized', message } }, headers);
}

/** Both halves are form-encoded before they are joined (RFC 6749, section 2.3.1). */
function readBasic(authorization: string): DemoCredentials | null {
  const encoded = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(authorization)?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) return null;
  try {
    return { clientId: decodeForm(text.slice(0, colon)), clientSecret: decodeForm(text.slice(colon + 1)) };
  } catch {
    return null;
  }
}

function decodeForm(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
