import { errors, type GatewayError } from '../core/errors.js';
import { apiMessage, htmlTitle, shorten } from '../http/api-message.js';
import type { ExchangeFailure } from '../http/client.js';
import { statusText } from '../http/request-errors.js';

/** What errors of a token endpoint tell: never a secret. */
export interface TokenSubject {
  readonly dsn: string;
  /** `POST https://…` as it may be shown. */
  readonly request: string;
  readonly mask: (text: string) => string;
  /** The key that says where the request goes; token_url where absent. */
  readonly setting?: string;
}

/** The authorization server's own error answer (RFC 6749, section 5.2), or whatever else it sent with an error status. */
export function tokenStatusError(status: number, body: string, subject: TokenSubject): GatewayError {
  const answer = readErrorFields(body);
  const said = answer ?? apiMessage(body);
  const detail = subject.mask(
    `${subject.request} answered ${statusText(status)}${said === null ? '' : `; it says: ${said}`}`,
  );
  if (status === 401 || answer?.startsWith('invalid_client') === true) {
    return errors.apiError(`authorization server refused the client credentials of DSN "${subject.dsn}"`, {
      detail,
      hint: `Check client_id, client_secret and client_auth in the auth settings of DSN "${subject.dsn}".`,
    });
  }
  if (answer === null && htmlTitle(body.trim()) !== null) return notJson(status, body, subject);
  return errors.apiError(`authorization server gave no token for DSN "${subject.dsn}"`, {
    detail,
    hint: statusHint(status, answer, subject.dsn),
  });
}

/** An answer that holds no token although its status says so. */
export function tokenAnswerError(
  status: number,
  body: string,
  reason: string | null,
  subject: TokenSubject,
): GatewayError {
  if (reason === null) return notJson(status, body, subject);
  return errors.apiError(`the authorization server's answer for DSN "${subject.dsn}" has no usable token`, {
    detail: subject.mask(`${subject.request} answered ${statusText(status)}: ${reason}`),
    hint: `Check ${subject.setting ?? 'token_url'} in the auth settings of DSN "${subject.dsn}".`,
  });
}

/** No answer at all. */
export function tokenExchangeError(failure: ExchangeFailure, subject: TokenSubject): GatewayError {
  const { problem, host } = failure;
  const fields = { detail: `${subject.request}: ${problem.reason}`, cause: failure };
  if (problem.stage === 'connect') {
    return errors.cannotConnect(
      `could not connect to the authorization server of DSN "${subject.dsn}" at ${host}: ${problem.reason}`,
      {
        ...fields,
        hint: 'Check token_url and that the authorization server can be reached from this machine.',
      },
    );
  }
  const what = problem.stage === 'timeout' ? 'did not answer in time' : 'broke the connection off without an answer';
  return errors.apiError(`authorization server of DSN "${subject.dsn}" at ${host} ${what}`, {
    ...fields,
    hint: 'Check token_url, and try again when the authorization server works.',
  });
}

function notJson(status: number, body: string, subject: TokenSubject): GatewayError {
  const title = htmlTitle(body.trim());
  const what = title === null ? 'text that is not JSON' : 'an HTML page';
  const told = shorten(title ?? body, 120);
  return errors.apiError(`authorization server of DSN "${subject.dsn}" answered with ${what} instead of a token`, {
    detail: subject.mask(
      `${subject.request} answered ${statusText(status)}${told === null ? ' without a body' : `: ${told}`}`,
    ),
    hint: 'Check token_url: it must be the token endpoint, not a login page.',
  });
}

function readErrorFields(body: string): string | null {
  try {
    const json = JSON.parse(body) as Record<string, unknown> | null;
    const fields = [json?.error, json?.error_description].filter((text): text is string => typeof text === 'string');
    return typeof json?.error === 'string' ? shorten(fields.join(': ')) : null;
  } catch {
    return null;
  }
}

/** The `error` of an error answer; null where the body has none. */
export function serverErrorCode(body: string): string | null {
  try {
    const { error } = JSON.parse(body) as { error?: unknown };
    return typeof error === 'string' ? error : null;
  } catch {
    return null;
  }
}

function statusHint(status: number, answer: string | null, dsn: string): string {
  if (answer?.startsWith('invalid_scope') === true) return `Check scopes in the auth settings of DSN "${dsn}".`;
  if (status === 404 || status === 405) return 'Check token_url: it must be the token endpoint.';
  if (status === 429 || status >= 500) return 'The authorization server failed; try again later.';
  return `Check grant, scopes and extra_token_parameters in the auth settings of DSN "${dsn}".`;
}
