import type { SessionModel } from '../config/model.js';
import { finishRequest } from '../http/finish-request.js';
import { draftFromSource } from '../http/request-template.js';
import { checkEndpoint } from './endpoints.js';
import type { Grant } from './grant.js';
import type { OAuthContext } from './oauth-context.js';
import { readObject, type TokenSet, valueAt } from './token-answer.js';
import { readLifetimeMs } from './token-cache.js';
import { askServer, type ServerAnswer, subjectOf } from './token-endpoint.js';
import { type TokenSubject, tokenAnswerError, tokenStatusError } from './token-errors.js';

/** A login request whose answer holds the token that the API wants to see. */
export class SessionGrant implements Grant {
  readonly description = 'session login';
  readonly seed = null;
  readonly needsStore = false;
  readonly #model: SessionModel;
  readonly #context: OAuthContext;

  constructor(model: SessionModel, context: OAuthContext) {
    this.#model = model;
    this.#context = context;
  }

  usesUp(): boolean {
    return false;
  }

  async obtain(_stored: unknown, signal: AbortSignal): Promise<TokenSet> {
    const { login } = this.#model;
    const endpoint = checkEndpoint(login.url, 'login.url', this.#context);
    const draft = draftFromSource({ ...login, query: new Map() }, this.#context.redactor);
    const request = finishRequest(draft, this.#context.redactor);
    const sent = { ...request, headers: { accept: 'application/json, */*;q=0.1', ...request.headers } };
    const answer = await askServer(sent, endpoint, this.#context, signal);
    const subject = { ...subjectOf(endpoint, this.#context, login.method), setting: 'login' };
    return this.#read(answer, subject);
  }

  #read(answer: ServerAnswer, subject: TokenSubject): TokenSet {
    const { tokenField, tokenHeader, expiresInField } = this.#model;
    const { status, body } = answer;
    if (status < 200 || status > 399) throw tokenStatusError(status, body, subject);
    const needsBody = tokenField !== null || expiresInField !== null || this.#model.metadata?.url === null;
    const json = needsBody ? readObject(answer, subject) : {};
    const token = tokenField === null ? headerToken(answer, tokenHeader!) : valueAt(json, tokenField);
    if ((typeof token !== 'string' && typeof token !== 'number') || token === '') {
      const where = tokenField === null ? `header "${tokenHeader}"` : `field "${tokenField}"`;
      throw tokenAnswerError(status, body, `its ${where} is missing or not a text`, subject);
    }
    const lifetimeMs = expiresInField === null ? null : readLifetimeMs(valueAt(json, expiresInField));
    return { accessToken: String(token), lifetimeMs, refreshToken: null, scopes: null, idToken: null, answer: json };
  }
}

/** A cookie goes back as name and value, without what the server says of it. */
function headerToken(answer: ServerAnswer, name: string): string | null {
  const value = answer.header(name);
  return name.toLowerCase() === 'set-cookie' ? (value?.split(';')[0]?.trim() ?? null) : value;
}
