import { STATUS_CODES } from 'node:http';
import { errors, type GatewayError } from '../core/errors.js';
import { apiMessage } from './api-message.js';
import type { ExchangeFailure } from './client.js';
import { StatusFailure } from './outage.js';
import type { Redactor } from './redactor.js';
import type { HttpResponse } from './response.js';
import type { Attempts } from './retry.js';

const LONGEST_ERROR_BODY_BYTES = 64 * 1024;

/** What an error of a request tells besides its cause. */
export interface RequestSubject {
  /** `table "shop.orders"`. */
  readonly subject: string;
  readonly dsn: string;
}

/** HV000 for a response that is an error; reads its body's beginning and closes it. */
export async function statusError(
  response: HttpResponse,
  subject: RequestSubject,
  attempts: Attempts,
  redactor: Redactor,
): Promise<GatewayError> {
  const message = apiMessage(await readErrorBody(response));
  const told = message === null ? '' : `; the API says: ${message}`;
  return errors.apiError(`API answered ${statusText(response.status)}`, {
    detail: redactor.mask(`${response.name}, ${attempts}${told}`),
    hint: statusHint(response.status, subject),
    cause: new StatusFailure(response.status),
  });
}

/** HV00N when the server was never reached, else HV000. */
export function exchangeError(
  failure: ExchangeFailure,
  shownRequest: string,
  subject: RequestSubject,
  attempts: Attempts,
): GatewayError {
  const { problem, host } = failure;
  const detail = `${problem.reason}; ${shownRequest}, ${attempts}`;
  if (problem.stage === 'connect') {
    return errors.cannotConnect(`could not connect to ${host}: ${problem.reason}`, {
      detail: `${shownRequest}, ${attempts}`,
      hint: `Check the address of ${subject.subject} and that the API can be reached from this machine.`,
      cause: failure,
    });
  }
  if (problem.stage === 'timeout') {
    return errors.apiError(`API at ${host} did not answer in time`, {
      detail,
      hint: `Raise timeout for ${subject.subject} if the API needs longer.`,
      cause: failure,
    });
  }
  if (problem.stage === 'refused') {
    return errors.apiError(`API at ${host} refused the request`, {
      detail,
      hint: `Lower limits of ${subject.subject}: the API takes no more requests at once or in a while.`,
      cause: failure,
    });
  }
  return errors.apiError(`API at ${host} broke the connection off without an answer`, {
    detail,
    hint: 'Try again; if it stays so, check that the address and the scheme (http or https) are right.',
    cause: failure,
  });
}

/** `404 Not Found`. */
export function statusText(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? ''}`.trim();
}

/** The beginning of an error's body as text, empty when it cannot be read; closes the response. */
export async function readErrorBody(response: HttpResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response.body) {
      chunks.push(Buffer.from(chunk));
      bytes += chunk.length;
      if (bytes >= LONGEST_ERROR_BODY_BYTES) break;
    }
  } catch {
    // The status says enough; an abort is noticed by whoever asked for the response.
  } finally {
    response.discard();
  }
  return Buffer.concat(chunks).toString('utf8');
}

function statusHint(status: number, subject: RequestSubject): string {
  if (status === 401 || status === 403)
    return `Check the auth settings of DSN "${subject.dsn}" and what its account may read.`;
  if (status === 404 || status === 410) return `Check base_url and path of ${subject.subject}.`;
  if (status === 429) return `Lower limits.requests_per_second of DSN "${subject.dsn}", or allow more retry.attempts.`;
  if (status >= 500) return 'The API itself failed; try again later.';
  if (status >= 300 && status < 400) return `Point base_url or path of ${subject.subject} at the final address.`;
  return `Check the parameters, headers and body that ${subject.subject} declares.`;
}
