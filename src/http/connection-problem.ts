import { BrokenBody, NotHttp, ProxyRefusal } from './connection/failures.js';
import { StreamFailure } from './http2/stream-failure.js';

/** Why no response came. */
export interface ConnectionProblem {
  /** In words, for `detail`. */
  readonly reason: string;
  /**
   * `connect`: the server saw nothing of the request; `refused`: it says that it did not work on it; `sent`: it may have;
   * `timeout`: no answer came in time.
   */
  readonly stage: 'connect' | 'refused' | 'sent' | 'timeout';
  readonly isTransient: boolean;
}

const CONNECT_REASONS: Readonly<Record<string, readonly [reason: string, isTransient: boolean]>> = {
  ENOTFOUND: ['the host name is not known (ENOTFOUND)', false],
  EAI_AGAIN: ['the host name could not be looked up (EAI_AGAIN)', true],
  ECONNREFUSED: ['connection refused (ECONNREFUSED)', true],
  EHOSTUNREACH: ['the host cannot be reached (EHOSTUNREACH)', true],
  ENETUNREACH: ['the network cannot be reached (ENETUNREACH)', true],
  EADDRNOTAVAIL: ['no local address was available (EADDRNOTAVAIL)', true],
  EACCES: ['connecting is not permitted (EACCES)', false],
  TIDEGATE_REFUSED_ADDRESS: [
    'the address is link-local or that of a metadata service; allow_link_local of the DSN would let it be asked',
    false,
  ],
  ETIMEDOUT: ['connecting timed out (ETIMEDOUT)', true],
  TIDEGATE_CONNECT_TIMEOUT: ['connecting timed out', true],
};

const SENT_REASONS: Readonly<Record<string, string>> = {
  ECONNRESET: 'the connection was reset (ECONNRESET)',
  EPIPE: 'the connection was closed (EPIPE)',
  TIDEGATE_CLOSED: 'the server closed the connection without an answer',
};

/** Sorts an error of a connection or the socket below it. */
export function classifyConnectionError(error: unknown): ConnectionProblem {
  for (const cause of causes(error)) {
    if (cause instanceof ProxyRefusal) return proxyRefusal(cause.status);
    if (cause instanceof StreamFailure) {
      return { reason: cause.message, stage: cause.isUnprocessed ? 'refused' : 'sent', isTransient: true };
    }
    if (cause instanceof NotHttp) {
      return { reason: `the answer is not HTTP: ${cause.message}`, stage: 'sent', isTransient: false };
    }
    const code = codeOf(cause);
    const connect = CONNECT_REASONS[code];
    if (connect !== undefined) return { reason: connect[0], stage: 'connect', isTransient: connect[1] };
    if (isCertificateProblem(code)) {
      return {
        reason: `the certificate is not trusted (${code}): ${messageOf(cause)}`,
        stage: 'connect',
        isTransient: false,
      };
    }
    if (code.startsWith('ERR_SSL') || code === 'EPROTO') {
      return { reason: `TLS could not be set up (${code})`, stage: 'connect', isTransient: false };
    }
    if (code in SENT_REASONS) return { reason: SENT_REASONS[code]!, stage: 'sent', isTransient: true };
  }
  return { reason: messageOf(error), stage: 'sent', isTransient: false };
}

/** The reason why a body broke off; null for an error that is not the connection's. */
export function bodyProblem(error: unknown): string | null {
  for (const cause of causes(error)) {
    if (cause instanceof BrokenBody || cause instanceof StreamFailure) return cause.message;
    const code = codeOf(cause);
    if (code === 'TIDEGATE_CLOSED') return 'the server closed the connection';
    if (code in SENT_REASONS) return SENT_REASONS[code]!;
  }
  return null;
}

function proxyRefusal(status: number): ConnectionProblem {
  const reason =
    status === 407 ? 'the proxy wants another user and password (407)' : `the proxy did not connect to it (${status})`;
  return { reason, stage: 'connect', isTransient: status === 429 || status >= 500 };
}

function isCertificateProblem(code: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/.test(code);
}

/** The error, what an AggregateError (one per address tried) holds, and their causes. */
function* causes(error: unknown): Generator<unknown, void, void> {
  if (error === null || typeof error !== 'object') return;
  yield error;
  if (error instanceof AggregateError) for (const inner of error.errors) yield* causes(inner);
  if (error instanceof Error && error.cause !== undefined) yield* causes(error.cause);
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' ? code : '';
}

function messageOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : 'unknown reason';
}
