/** Why no response came. */
export interface ConnectionProblem {
  /** In words, for `detail`. */
  readonly reason: string;
  /** `connect`: the server saw nothing of the request; `sent`: it may have; `timeout`: no answer came in time. */
  readonly stage: 'connect' | 'sent' | 'timeout';
  readonly isTransient: boolean;
}

/** A proxy that did not pass the request on. */
export class ProxyRefusal extends Error {
  constructor(readonly status: number) {
    super(`the proxy answered ${status}`);
  }
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
  UND_ERR_CONNECT_TIMEOUT: ['connecting timed out', true],
};

const SENT_REASONS: Readonly<Record<string, string>> = {
  ECONNRESET: 'the connection was reset (ECONNRESET)',
  EPIPE: 'the connection was closed (EPIPE)',
  UND_ERR_SOCKET: 'the server closed the connection without an answer',
};

/** Sorts an error of undici or the socket below it. */
export function classifyConnectionError(error: unknown): ConnectionProblem {
  for (const cause of causes(error)) {
    const refusal = proxyRefusal(cause);
    if (refusal !== null) return refusal;
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
    if (code === 'UND_ERR_HEADERS_TIMEOUT')
      return { reason: 'no answer came in time', stage: 'timeout', isTransient: true };
    if (code in SENT_REASONS) return { reason: SENT_REASONS[code]!, stage: 'sent', isTransient: true };
    if (code.startsWith('HPE_')) {
      return { reason: `the answer is not HTTP (${code})`, stage: 'sent', isTransient: false };
    }
  }
  return { reason: messageOf(error), stage: 'sent', isTransient: false };
}

/** The reason why a body broke off; null for an error that is not the connection's. */
export function bodyProblem(error: unknown): string | null {
  for (const cause of causes(error)) {
    const code = codeOf(cause);
    if (code === 'UND_ERR_BODY_TIMEOUT') return 'no further data came in time';
    if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') return 'it is shorter than its Content-Length';
    if (code === 'UND_ERR_SOCKET') return 'the server closed the connection';
    if (code in SENT_REASONS) return SENT_REASONS[code]!;
    if (code.startsWith('HPE_')) return `its framing is broken (${code})`;
  }
  return null;
}

/** What a proxy answered in the place of a tunnel; null for another error. Undici only says it in words. */
function proxyRefusal(error: unknown): ConnectionProblem | null {
  const status =
    error instanceof ProxyRefusal
      ? error.status
      : Number(/^Proxy response \((\d+)\) !== 200/.exec(messageOf(error))?.[1] ?? Number.NaN);
  if (Number.isNaN(status)) return null;
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
