/** More names than this in one element are not learnt. */
const MAX_NAMES = 2000;

/** Bytes behind the pool, so that a name's last word can be read. */
const MARGIN = 8;

/** What a name that has not been seen in an element means; see `NameTable.target`. */
export type NameResolver = (element: number, name: string) => number;

/**
 * The names seen in elements, of children or attributes, with what each means there, in arrays for the scanner. It learns the
 * order that names come in: `next` of a name is the one that followed it the last time, and the head of an element stands before its first.
 */
export class NameTable {
  /** By name: its bytes in the pool, what it means, and its guessed successor; 0 is no name. */
  start = new Int32Array(64);
  size = new Int32Array(64);
  /** Whatever the resolver answered: negative for names that the general path has to see. */
  target = new Int32Array(64);
  next = new Int32Array(64);
  view: DataView;
  /** By element: what stands before its first name. */
  readonly heads: Int32Array;
  readonly #resolve: NameResolver;
  /** By element: its names. */
  readonly #lists: number[][];
  #pool = Buffer.alloc(1024);
  #used = 0;
  #count = 1;

  constructor(elementCount: number, resolve: NameResolver) {
    this.#resolve = resolve;
    this.heads = new Int32Array(elementCount);
    this.#lists = Array.from(this.heads, () => []);
    this.view = new DataView(this.#pool.buffer, this.#pool.byteOffset, this.#pool.length);
    this.clear();
  }

  /** Forgets all names: what they mean has changed. */
  clear(): void {
    this.#used = 0;
    this.#count = 1;
    this.#lists.forEach((list, element) => {
      list.length = 0;
      this.heads[element] = this.#add(0);
    });
  }

  /** The name of bytes `[from, to)` in an element; 0 where there are too many to learn another. */
  find(element: number, bytes: Buffer, from: number, to: number): number {
    const list = this.#lists[element]!;
    const size = to - from;
    for (const id of list) {
      if (this.size[id] !== size) continue;
      const start = this.start[id]!;
      if (this.#pool.compare(bytes, from, to, start, start + size) === 0) return id;
    }
    if (list.length > MAX_NAMES) return 0;
    const target = this.#resolve(element, bytes.toString('utf8', from, to));
    const id = this.#add(target);
    this.#append(bytes.subarray(from, to), id);
    list.push(id);
    return id;
  }

  #add(target: number): number {
    if (this.#count === this.start.length) {
      this.start = larger(this.start);
      this.size = larger(this.size);
      this.target = larger(this.target);
      this.next = larger(this.next);
    }
    const id = this.#count++;
    this.start[id] = 0;
    this.size[id] = 0;
    this.target[id] = target;
    this.next[id] = 0;
    return id;
  }

  #append(name: Uint8Array, id: number): void {
    if (this.#used + name.length + MARGIN > this.#pool.length) {
      const pool = Buffer.alloc(2 * (this.#pool.length + name.length));
      pool.set(this.#pool);
      this.#pool = pool;
      this.view = new DataView(pool.buffer, pool.byteOffset, pool.length);
    }
    this.#pool.set(name, this.#used);
    this.start[id] = this.#used;
    this.size[id] = name.length;
    this.#used += name.length;
  }
}

function larger(array: Int32Array): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(2 * array.length);
  copy.set(array);
  return copy;
}
