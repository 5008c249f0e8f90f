import { readFileSync } from 'node:fs';

/** What the compiled kernel of a format exports, with its memory. */
export interface KernelInstance<Exports> {
  readonly exports: Exports;
  readonly bytes: Buffer;
  readonly view: DataView;
  readonly numbers: Int32Array;
}

/** Beside the compiled drivers; for sources that run as they are, in the build. */
const FOLDERS = ['../../kernels/', '../../dist/kernels/'];

/** An instance of a kernel; null where there is none: not built, or no WebAssembly with SIMD. Then the general path reads everything. */
export function instantiateKernel<Exports>(name: 'json' | 'csv'): KernelInstance<Exports> | null {
  if (typeof WebAssembly === 'undefined') return null;
  for (const folder of FOLDERS) {
    let code: Buffer;
    try {
      code = readFileSync(new URL(`${folder}${name}.wasm`, import.meta.url));
    } catch {
      continue;
    }
    if (!WebAssembly.validate(code)) return null;
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code));
    const { buffer } = exports.memory as WebAssembly.Memory;
    return {
      exports: exports as unknown as Exports,
      bytes: Buffer.from(buffer),
      view: new DataView(buffer),
      numbers: new Int32Array(buffer),
    };
  }
  return null;
}
