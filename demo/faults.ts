import { type DemoResponse, errorResponse } from './response.js';

/** What the demo API shall do wrong, for tests; clients cannot ask for it. */
export interface DemoFaults {
  /** A token is refused after so many uses, long before it expires. */
  readonly tokenUses?: number;
  /** Every n-th data request is answered 429. */
  readonly tooManyRequestsEvery?: number;
  /** Retry-After of those 429s; 0 by default, so that tests need not wait. */
  readonly retryAfterSeconds?: number;
  /** Every n-th data request is answered 503. */
  readonly unavailableEvery?: number;
  /** Every n-th data response is cut off in the middle of its body. */
  readonly cutOffEvery?: number;
  /** How long every data request waits before it is answered. */
  readonly delayMs?: number;
}

/** What happens to one data request. */
export interface FaultDecision {
  /** Answered instead of the data; null: the data. */
  readonly response: DemoResponse | null;
  readonly isCutOff: boolean;
  readonly delayMs: number;
}

/** Decides by counting requests, so that a test knows which one fails. */
export class FaultPlan {
  readonly #faults: DemoFaults;
  #count = 0;

  constructor(faults: DemoFaults) {
    this.#faults = faults;
  }

  /** Counts one more data request and says what happens to it. */
  next(): FaultDecision {
    const { tooManyRequestsEvery, unavailableEvery, cutOffEvery, delayMs = 0, retryAfterSeconds = 0 } = this.#faults;
    const count = ++this.#count;
    const isTurn = (every: number | undefined): boolean => every !== undefined && count % every === 0;
    let response: DemoResponse | null = null;
    if (isTurn(tooManyRequestsEvery)) {
      response = errorResponse(429, 'too_many_requests', 'slow down', { 'retry-after': String(retryAfterSeconds) });
    } else if (isTurn(unavailableEvery)) {
      response = errorResponse(503, 'unavailable', 'the service is restarting');
    }
    return { response, isCutOff: response === null && isTurn(cutOffEvery), delayMs };
  }
}
