import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findCycles } from './layers/import-cycles.js';
import { checkLayer, checkPlace, isDependency, type Violation } from './layers/layer-order.js';
import { listSourceFiles, readImports } from './layers/source-imports.js';

/**
 * Checks the layer order and the absence of import cycles in the project at `root`.
 * @returns the violations, by file and line; empty when the tree keeps the rules
 * @throws when there is nothing to check, so that a wrong folder does not pass
 */
export function checkLayers(root: string): readonly Violation[] {
  const files = listSourceFiles(root);
  if (files.length === 0) throw new Error(`no TypeScript files below ${root}: run this in the project's root`);
  const imports = files.flatMap((file) => readImports(root, file));
  const found = [
    ...files.map(checkPlace),
    ...imports.map(checkLayer),
    ...findCycles(imports.filter(isDependency)),
  ].filter((violation) => violation !== null);
  return found.sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
}

/** The violations as lines of `file:line: rule`. */
export function formatViolations(violations: readonly Violation[]): string {
  return violations.map(({ file, line, message }) => `${file}:${line}: ${message}\n`).join('');
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const violations = checkLayers(resolve(process.argv[2] ?? '.'));
  process.stdout.write(formatViolations(violations));
  process.exitCode = violations.length > 0 ? 1 : 0;
}
