/** Longest name in bytes that PostgreSQL does not cut. */
const MAX_BYTES = 63;
/** PostgreSQL's own columns of every table. */
const SYSTEM_COLUMNS = new Set(['ctid', 'tableoid', 'xmin', 'xmax', 'cmin', 'cmax']);

/** Makes names that SQL takes without quotes where it can: lower case, words joined by `_`, no two alike. */
export class NameMaker {
  readonly #taken = new Set<string>();

  /** `taken` are names that are in use already. */
  constructor(taken: Iterable<string> = []) {
    for (const name of taken) this.#taken.add(name);
  }

  /** A name like the source's own: `customerName` and `Customer Name` become `customer_name`. */
  make(source: string): string {
    const base = toIdentifier(source);
    for (let turn = 1; ; turn++) {
      const suffix = turn === 1 ? '' : `_${turn}`;
      const name = `${cut(base, MAX_BYTES - suffix.length)}${suffix}`;
      if (this.#taken.has(name)) continue;
      this.#taken.add(name);
      return name;
    }
  }
}

/** A source's name as an SQL identifier. */
export function toIdentifier(source: string): string {
  const plain = source
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1_$2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1_$2')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '');
  const name = plain === '' ? 'column' : /^\p{N}/u.test(plain) ? `column_${plain}` : plain;
  return SYSTEM_COLUMNS.has(name) ? `${name}_` : name;
}

function cut(text: string, maxBytes: number): string {
  let result = text;
  while (Buffer.byteLength(result) > maxBytes) result = [...result].slice(0, -1).join('');
  return result;
}
