import type { ConnectionResponse, RequestOptions } from '../connection/connection.js';
import { LATE } from '../connection/failures.js';
import type { OutgoingRequest } from '../connection/request-head.js';
import { ResponseHeaders } from '../response.js';
import type { Http2Connection } from './connection.js';
import type { HeaderField } from './header-table.js';

/** Headers about a connection, which HTTP/2 does not know (RFC 9113, section 8.2.2), and what has another name there. */
const OF_HTTP1: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/** One request, which `checkRequest` lets pass, and its answer. Throws what a stream of `Http2Connection` fails with, and the signal's reason. */
export function requestOver(
  connection: Http2Connection,
  request: OutgoingRequest,
  { signal, bodyIdleMs }: RequestOptions,
): Promise<ConnectionResponse> {
  const body = request.body === null ? null : Buffer.from(request.body, 'utf8');
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      // What did not answer in time may never do so again.
      if (signal.reason === LATE) connection.retire();
      reject(signal.reason);
      stream.abort(signal.reason);
    };
    const listener = {
      onHeaders: (status: number, fields: readonly HeaderField[]) =>
        resolve({ head: { status, minorVersion: 1, headers: headersOf(fields) }, body: stream.body }),
      onFailure: reject,
      onClosed: () => signal.removeEventListener('abort', onAbort),
    };
    const fields = fieldsOf(request, body);
    const stream = connection.open({ fields, body, isHead: request.method === 'HEAD', bodyIdleMs }, listener);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

function fieldsOf({ method, target, host, headers }: OutgoingRequest, body: Buffer | null): HeaderField[] {
  const fields: HeaderField[] = [];
  let authority = host;
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (lower === 'host') authority = value;
    if (!OF_HTTP1.has(lower)) fields.push([lower, value]);
  }
  if (body !== null) fields.push(['content-length', String(body.length)]);
  return [[':method', method], [':scheme', 'https'], [':authority', authority], [':path', target], ...fields];
}

function headersOf(fields: readonly HeaderField[]): ResponseHeaders {
  const values = new Map<string, string[]>();
  for (const [name, value] of fields) {
    const known = values.get(name);
    if (known === undefined) values.set(name, [value]);
    else known.push(value);
  }
  return new ResponseHeaders(values);
}
