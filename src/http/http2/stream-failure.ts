/** The error codes of HTTP/2 by number (RFC 9113, section 7). */
const NAMES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
] as const;

/** An answer over HTTP/2 that broke off, or never came. */
export class StreamFailure extends Error {
  constructor(
    /** What happened, in words. */
    reason: string,
    /** True when the server says that it did not work on the request (RFC 9113, sections 6.8 and 8.7). */
    readonly isUnprocessed: boolean,
    cause: unknown = null,
    /** True when the server wants to be asked by HTTP/1.1. */
    readonly wantsHttp1: boolean = false,
  ) {
    super(reason, { cause });
    this.name = 'StreamFailure';
  }
}

/** The failure of a stream that the server ended with this code. */
export function resetFailure(code: number, cause: unknown = null): StreamFailure {
  const name = nameOf(code);
  const wantsHttp1 = name === 'HTTP_1_1_REQUIRED';
  return new StreamFailure(
    `the server reset the stream (${name})`,
    wantsHttp1 || name === 'REFUSED_STREAM',
    cause,
    wantsHttp1,
  );
}

/** The failure of a stream whose connection the server leaves with this code. */
export function goAwayFailure(code: number, isUnprocessed: boolean): StreamFailure {
  const name = nameOf(code);
  return new StreamFailure(`the server went away (${name})`, isUnprocessed, null, name === 'HTTP_1_1_REQUIRED');
}

function nameOf(code: number): string {
  return NAMES[code] ?? String(code);
}
