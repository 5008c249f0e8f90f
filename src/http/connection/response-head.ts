import { ResponseHeaders } from '../response.js';
import { NotHttp } from './failures.js';
import { TOKEN } from './request-head.js';

/** Status line and headers together; servers send some kilobytes at the most. */
const LONGEST_HEAD_BYTES = 64 * 1024;

const CR = 13;
const LF = 10;
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |$)/;
const FORBIDDEN = /[\0\r\n]/;

/** The status line and the headers of a response. */
export interface ResponseHead {
  readonly status: number;
  /** Of HTTP/1. */
  readonly minorVersion: number;
  readonly headers: ResponseHeaders;
}

/** Collects the heads of a connection's responses, which may come in any number of pieces. */
export class HeadReader {
  #head: ResponseHead | null = null;
  #pieces: Buffer = Buffer.alloc(0);

  /** The head that `take` came to the end of. */
  get head(): ResponseHead {
    return this.#head!;
  }

  /** Takes bytes `[start, end)`: the index behind the head, or -1 when it is not complete. Throws `NotHttp`. */
  take(bytes: Buffer, start: number, end: number): number {
    const isFirst = this.#pieces.length === 0;
    const all = isFirst ? bytes.subarray(start, end) : Buffer.concat([this.#pieces, bytes.subarray(start, end)]);
    const stop = headEnd(all, Math.max(0, this.#pieces.length - 3));
    if (stop > LONGEST_HEAD_BYTES || (stop < 0 && all.length > LONGEST_HEAD_BYTES)) {
      throw new NotHttp(`its headers are longer than ${LONGEST_HEAD_BYTES / 1024} KB`);
    }
    if (stop < 0) {
      // What is no HTTP at all need not be waited for.
      if (!'HTTP/1.'.startsWith(all.toString('latin1', 0, 7))) throw new NotHttp('it does not begin with "HTTP/1."');
      this.#pieces = isFirst ? Buffer.from(all) : all;
      return -1;
    }
    const taken = stop - this.#pieces.length;
    this.#pieces = Buffer.alloc(0);
    this.#head = parseHead(all.toString('latin1', 0, stop));
    return start + taken;
  }
}

/** Index behind the empty line that ends a head; -1: not there yet. A bare LF ends a line too (RFC 9112, section 2.2). */
function headEnd(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(LF, from); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) return at + 2;
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return at + 3;
  }
  return -1;
}

function parseHead(text: string): ResponseHead {
  const lines = text.split('\n');
  const first = withoutCr(lines[0]!);
  const status = STATUS_LINE.exec(first);
  if (status === null || FORBIDDEN.test(first)) throw new NotHttp('it does not begin with a status line of HTTP/1');
  const fields = new Map<string, string[]>();
  let last: string[] | null = null;
  for (let index = 1; index < lines.length; index++) {
    const line = withoutCr(lines[index]!);
    if (line === '') break;
    if (FORBIDDEN.test(line)) throw new NotHttp('a header holds a control character');
    if (line[0] === ' ' || line[0] === '\t') {
      // A folded line belongs to the one above (RFC 9112, section 5.2).
      if (last === null) throw new NotHttp('its first header begins with a space');
      last.push(`${last.pop()!} ${trimmed(line)}`.trimStart());
      continue;
    }
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon));
    if (!TOKEN.test(name)) throw new NotHttp('a header has no name that one may have');
    const key = name.toLowerCase();
    last = fields.get(key) ?? null;
    if (last === null) {
      last = [];
      fields.set(key, last);
    }
    last.push(trimmed(line.slice(colon + 1)));
  }
  return { status: Number(status[2]), minorVersion: Number(status[1]), headers: new ResponseHeaders(fields) };
}

function withoutCr(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

/** Without spaces and tabs at both ends, and nothing else. */
function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && (text[start] === ' ' || text[start] === '\t')) start++;
  while (end > start && (text[end - 1] === ' ' || text[end - 1] === '\t')) end--;
  return text.slice(start, end);
}
