/** The connection ended, or gave no sign, at a moment when that is a fault; `code` sorts it like an error of the system. */
export class ConnectionFailure extends Error {
  constructor(
    readonly code: 'TIDEGATE_CONNECT_TIMEOUT' | 'TIDEGATE_CLOSED',
    cause?: unknown,
  ) {
    super(code, { cause });
    this.name = 'ConnectionFailure';
  }
}

/** What came as an answer is not HTTP/1.1 (RFC 9112), or goes beyond what is taken of it. */
export class NotHttp extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'NotHttp';
  }
}

/** A body that did not come to its end; the message says why. */
export class BrokenBody extends Error {
  constructor(reason: string, cause?: unknown) {
    super(reason, { cause });
    this.name = 'BrokenBody';
  }
}

/** A proxy that did not pass the request on. */
export class ProxyRefusal extends Error {
  constructor(readonly status: number) {
    super(`the proxy answered ${status}`);
  }
}

/** Why an exchange is ended whose response does not come in time. */
export const LATE = new Error('too late');
