/** A name of RFC 9110, section 5.6.2. */
export const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What RFC 9110, section 5.5 lets stand in a value. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const TARGET = /^[\x21-\x7e\x80-\xff]+$/;
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** A request as its connection sends it. */
export interface OutgoingRequest {
  readonly method: string;
  /** Path and query; to a proxy the whole URL. */
  readonly target: string;
  /** `example.com:8080`, for servers that have several names. */
  readonly host: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** Throws `TypeError` for what would let a value pass for something else, without showing the value. */
export function checkRequest({ method, target, headers }: OutgoingRequest): void {
  if (!TOKEN.test(method)) throw new TypeError('the method is not one that HTTP can have');
  if (!TARGET.test(target)) throw new TypeError('the URL holds a character that cannot be sent');
  for (const [name, value] of Object.entries(headers)) {
    if (!TOKEN.test(name)) throw new TypeError(`"${name}" is not a name that a header can have`);
    if (!VALUE.test(value)) throw new TypeError(`header "${name}" holds a character that cannot be sent`);
  }
}

/** Request line and headers, in Latin-1 (RFC 9112, section 3), of a request that `checkRequest` lets pass. */
export function writeRequestHead({ method, target, host, headers, body }: OutgoingRequest): string {
  let hasHost = false;
  let fields = '';
  for (const [name, value] of Object.entries(headers)) {
    const key = name.toLowerCase();
    // Framing and the connection's life are this side's own affair.
    if (key === 'content-length' || key === 'transfer-encoding' || key === 'connection') continue;
    hasHost ||= key === 'host';
    fields += `${name}: ${value}\r\n`;
  }
  if (!hasHost) fields = `host: ${host}\r\n${fields}`;
  if (body !== null) fields += `content-length: ${Buffer.byteLength(body)}\r\n`;
  else if (WITH_BODY.has(method)) fields += 'content-length: 0\r\n';
  return `${method} ${target} HTTP/1.1\r\n${fields}connection: keep-alive\r\n\r\n`;
}
