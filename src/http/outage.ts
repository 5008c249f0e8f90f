import { ExchangeFailure } from './client.js';
import { RefusedAddress } from './refused-addresses.js';
import { BodyFailure } from './response.js';

/** The API answered with an error status. */
export class StatusFailure extends Error {
  constructor(readonly status: number) {
    super(`status ${status}`);
    this.name = 'StatusFailure';
  }
}

/**
 * Whether an error says that the API is out of order: it could not be reached, did not answer in time, broke off, or answered
 * 5xx. Not when it answered that something is wrong with the request (4xx) or with its data.
 */
export function isOutage(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof RefusedAddress) return false;
    if (cause instanceof StatusFailure) return cause.status >= 500;
    if (cause instanceof ExchangeFailure) return !(cause.cause instanceof RefusedAddress);
    if (cause instanceof BodyFailure) return cause.isTransient;
  }
  return false;
}
