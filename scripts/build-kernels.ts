import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Compiles kernels/*.ts, which are AssemblyScript, to WebAssembly beside the compiled drivers: one module for each folder. Does
 * nothing when what was compiled is newer than the sources.
 */
const SOURCES = new URL('../../kernels/', import.meta.url);
const TARGET = new URL('../kernels/', import.meta.url);

/** No runtime and no imports: the kernels manage their memory themselves. */
const OPTIONS = ['--runtime', 'stub', '--noAssert', '--use', 'abort=', '-O3', '--enable', 'simd'];
/** Pages of 64 KB: each kernel's layout.ts says what for. */
const PAGES = ['--initialMemory', '48', '--maximumMemory', '48'];

const newestSource = Math.max(
  statSync(fileURLToPath(import.meta.url)).mtimeMs,
  ...readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).map(
    (name) => statSync(new URL(name, SOURCES)).mtimeMs,
  ),
);
const kernels = readdirSync(SOURCES, { withFileTypes: true }).filter((entry) => entry.isDirectory());

mkdirSync(TARGET, { recursive: true });
for (const { name } of kernels) {
  const target = new URL(`${name}.wasm`, TARGET);
  if (existsSync(target) && statSync(target).mtimeMs > newestSource) continue;
  const { main } = await import('assemblyscript/asc');
  const parameters = [`${name}/scan.ts`, '--outFile', fileURLToPath(target), '--baseDir', fileURLToPath(SOURCES)];
  const { error, stderr } = await main([...parameters, ...OPTIONS, ...PAGES]);
  if (error === null) continue;
  process.stderr.write(`${stderr.toString()}\n${error.message}\n`);
  process.exit(1);
}
