import { unescapeString } from './tokens.js';

const MAX_KEYS = 2048;
const MAX_POOL_BYTES = 32 * 1024;
const HASH_SLOTS = 4096;
const COLON = 0x3a;

/**
 * The keys that the wanted objects of a scan's records have had so far, as raw bytes, with the node each leads to and the key
 * that followed it last time: the next record's keys are mostly the same in the same order, so one comparison with the
 * prediction replaces a search. What is learned is bounded; keys beyond it still work, by the slower search by text.
 *
 * Key `0` is no key. Each object node has a head, a pseudo-key whose `next` is the object's first key.
 */
export class KeyTable {
  /** All keys' bytes, each with its quotes and a colon. */
  readonly #pool = Buffer.alloc(MAX_POOL_BYTES);
  readonly view = new DataView(this.#pool.buffer, this.#pool.byteOffset, this.#pool.length);
  readonly start: Int32Array;
  /** Lengths in the pool, quotes and colon included: at least 4. */
  readonly size: Int32Array;
  /** The record shape's node that the key leads to; 0: unwanted. */
  readonly target: Int32Array;
  readonly next: Int32Array;
  readonly #owner: Int32Array;
  readonly #hash = new Int32Array(HASH_SLOTS);
  /** By owner node: key text to node. */
  readonly #wanted: readonly ReadonlyMap<string, number>[];
  #count = 1;
  #poolUsed = 0;

  /** `wanted`: for each node, its members that lead to nodes; nodes without any have no head. */
  constructor(wanted: readonly ReadonlyMap<string, number>[]) {
    this.#wanted = wanted;
    const capacity = MAX_KEYS + wanted.length;
    this.start = new Int32Array(capacity);
    this.size = new Int32Array(capacity);
    this.target = new Int32Array(capacity);
    this.next = new Int32Array(capacity);
    this.#owner = new Int32Array(capacity);
  }

  /** Makes a node's head; all heads are made before the first lookup. */
  makeHead(node: number): number {
    const id = this.#count++;
    this.#owner[id] = node;
    return id;
  }

  /** The node that the key's text leads to from `owner`, 0 for none. */
  targetOf(owner: number, text: string): number {
    return this.#wanted[owner]!.get(text) ?? 0;
  }

  /**
   * Finds or learns the key with raw bytes `[start, end)` of `bytes`, both quotes included. Returns its id, or `-1 - target`
   * when it cannot be learned.
   */
  lookup(owner: number, bytes: Buffer, start: number, end: number): number {
    const length = end - start;
    let hash = owner * 0x9e3779b1 + length;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    let slot = (hash ^ (hash >>> 15)) & (HASH_SLOTS - 1);
    for (;;) {
      const id = this.#hash[slot]!;
      if (id === 0) break;
      if (this.#owner[id] === owner && this.size[id] === length + 1 && this.#equals(id, bytes, start)) return id;
      slot = (slot + 1) & (HASH_SLOTS - 1);
    }
    const target = this.targetOf(owner, unescapeString(bytes, start + 1, end - 1));
    // Keys that are data (ids, dates) must not crowd out real ones: the last quarter is for wanted keys.
    const limit = target === 0 ? (MAX_KEYS * 3) / 4 : MAX_KEYS;
    const poolLimit = target === 0 ? (MAX_POOL_BYTES * 3) / 4 : MAX_POOL_BYTES;
    // The empty key is too short for the scanner's comparison.
    if (length < 3 || this.#count >= limit || this.#poolUsed + length + 1 > poolLimit) return -1 - target;
    const id = this.#count++;
    this.start[id] = this.#poolUsed;
    this.size[id] = length + 1;
    this.target[id] = target;
    this.#owner[id] = owner;
    this.#hash[slot] = id;
    this.#pool.set(bytes.subarray(start, end), this.#poolUsed);
    this.#pool[this.#poolUsed + length] = COLON;
    this.#poolUsed += length + 1;
    return id;
  }

  #equals(id: number, bytes: Buffer, start: number): boolean {
    const from = this.start[id]!;
    const size = this.size[id]! - 1;
    for (let i = 0; i < size; i++) if (this.#pool[from + i] !== bytes[start + i]) return false;
    return true;
  }
}
