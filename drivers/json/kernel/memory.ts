import { instantiateKernel, type KernelInstance } from '../../kernel/kernel-module.js';
import { Rows } from '../../kernel/kernel-rows.js';

/** Where things are in the kernel's memory, as kernels/json/layout.ts has it. */
export const Layout = {
  ...Rows,
  between: 0x10008,
  depthLimit: 0x10028,
  keyNode: 0x1002c,
  keyStart: 0x10030,
  keyEnd: 0x10034,
  slots: 0x11000,
  states: 0x20000,
  stateBytes: 0x20000,
  input: 0x120000,
  inputBytes: 0x40000,
  /** Containers within a record. */
  maxDepth: 120,
} as const;

/** Readers that take turns without the kernel having to be told again what they want. */
const STATE_COUNT = 8;

interface KernelExports {
  scan(state: number): number;
  addHead(state: number): number;
  addKey(state: number, owner: number, from: number, size: number, target: number, share: number): number;
}

/** A reader as the kernel's memory knows it. */
export interface StateOwner {
  /** Tells the kernel in the state at this address what the reader wants. */
  load(state: number): void;
}

/**
 * The compiled scanner of kernels/json and its memory. There is one in a process, which all readers share: each call works on one
 * reader's bytes from beginning to end.
 */
export class KernelMemory implements KernelInstance<KernelExports> {
  readonly exports: KernelExports;
  readonly bytes: Buffer;
  readonly view: DataView;
  readonly numbers: Int32Array;
  /** Whose bytes the input holds. */
  inputOwner: object | null = null;
  readonly #owners: (object | null)[] = Array.from({ length: STATE_COUNT }, () => null);
  #nextState = 0;

  constructor({ exports, bytes, view, numbers }: KernelInstance<KernelExports>) {
    this.exports = exports;
    this.bytes = bytes;
    this.view = view;
    this.numbers = numbers;
  }

  /** The state of a reader; `token` stands for it, so that nothing of the reader itself is kept. */
  stateOf(token: object, owner: StateOwner): number {
    const known = this.#owners.indexOf(token);
    if (known >= 0) return Layout.states + known * Layout.stateBytes;
    const index = this.#nextState;
    this.#nextState = (index + 1) % STATE_COUNT;
    this.#owners[index] = token;
    const state = Layout.states + index * Layout.stateBytes;
    this.bytes.fill(0, state, state + Layout.stateBytes);
    owner.load(state);
    return state;
  }

  /** Forgets what was loaded for the reader. */
  forget(token: object): void {
    const known = this.#owners.indexOf(token);
    if (known >= 0) this.#owners[known] = null;
  }
}

let shared: KernelMemory | null | undefined;

/** The process's kernel; null where there is none: not built, or no WebAssembly with SIMD. Then the general path reads everything. */
export function kernelMemory(): KernelMemory | null {
  shared ??= instantiate();
  return shared;
}

function instantiate(): KernelMemory | null {
  const instance = instantiateKernel<KernelExports>('json');
  return instance === null ? null : new KernelMemory(instance);
}
