/** A header's name, in lower case, and its value, a character for each byte. */
export type HeaderField = readonly [name: string, value: string];

/** What both sides know from the start (RFC 7541, appendix A); the first has the number 1. */
export const STATIC_TABLE: readonly HeaderField[] = `
:authority
:method: GET
:method: POST
:path: /
:path: /index.html
:scheme: http
:scheme: https
:status: 200
:status: 204
:status: 206
:status: 304
:status: 400
:status: 404
:status: 500
accept-charset
accept-encoding: gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate
`
  .trim()
  .split('\n')
  .map((line) => {
    const colon = line.indexOf(': ');
    return colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 2)];
  });

/** What a field counts besides its letters (RFC 7541, section 4.1). */
const FIELD_OVERHEAD = 32;

/** The fields that a connection's sender has asked to remember, the latest first, within a number of bytes. */
export class HeaderTable {
  readonly #fields: HeaderField[] = [];
  readonly #mostBytes: number;
  #limit: number;
  #bytes = 0;

  /** `mostBytes`: what the sender was told it may use. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
    this.#limit = mostBytes;
  }

  /** By number, the static table's in front; null for none. */
  at(index: number): HeaderField | null {
    if (index < 1) return null;
    return STATIC_TABLE[index - 1] ?? this.#fields[index - 1 - STATIC_TABLE.length] ?? null;
  }

  add(field: HeaderField): void {
    this.#fields.unshift(field);
    this.#bytes += sizeOf(field);
    this.#shrink();
  }

  /** False for more than the sender was told. */
  resize(limit: number): boolean {
    if (limit > this.#mostBytes) return false;
    this.#limit = limit;
    this.#shrink();
    return true;
  }

  #shrink(): void {
    while (this.#bytes > this.#limit) this.#bytes -= sizeOf(this.#fields.pop()!);
  }
}

function sizeOf([name, value]: HeaderField): number {
  return name.length + value.length + FIELD_OVERHEAD;
}
