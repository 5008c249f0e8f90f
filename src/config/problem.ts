import { isAbsolute, relative } from 'node:path';
import { GatewayError, SQLSTATES } from '../core/errors.js';
import type { SourceLocation } from './model.js';

/** One thing that is wrong in the configuration. */
export interface ConfigurationProblem {
  /** Relative to the working directory; `--listen` and the like for what came from the command line. */
  readonly file: string;
  /** 1-based; 0 where the problem is the file itself or an option. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint?: string;
}

/** Everything that is wrong in the settings and DSN files, found in one reading. SQLSTATE F0000. */
export class ConfigurationError extends GatewayError {
  readonly problems: readonly ConfigurationProblem[];

  constructor(problems: readonly ConfigurationProblem[]) {
    super(SQLSTATES.configuration, problems.map(formatProblem).join('\n'));
    this.name = 'ConfigurationError';
    this.problems = problems;
  }
}

/** Collects problems; the same one found twice (a key of the DSN that is folded into each table) is kept once. */
export class ProblemList {
  readonly #problems = new Map<string, ConfigurationProblem & { readonly order: number }>();
  readonly #files = new Map<string, number>();

  get size(): number {
    return this.#problems.size;
  }

  add(location: SourceLocation, message: string, hint?: string): void {
    const file = shownFile(location.file);
    if (!this.#files.has(file)) this.#files.set(file, this.#files.size);
    // One problem is one line, whatever a key holds.
    const problem = { file, line: location.line, column: location.column, message: oneLine(message) };
    const key = JSON.stringify(Object.values(problem));
    if (this.#problems.has(key)) return;
    this.#problems.set(key, {
      ...problem,
      ...(hint === undefined ? {} : { hint }),
      order: this.#files.get(file)!,
    });
  }

  /** @throws ConfigurationError with every problem, by file in the order of reading, then by place */
  throwIfAny(): void {
    if (this.#problems.size === 0) return;
    const sorted = [...this.#problems.values()].sort(
      (a, b) => a.order - b.order || a.line - b.line || a.column - b.column,
    );
    throw new ConfigurationError(sorted.map(({ order: _, ...problem }) => problem));
  }
}

/** `file:line:column: message`, and the hint on a line of its own. */
function formatProblem(problem: ConfigurationProblem): string {
  const place = problem.line === 0 ? problem.file : `${problem.file}:${problem.line}:${problem.column}`;
  return `${place}: ${problem.message}${problem.hint === undefined ? '' : `\n  hint: ${problem.hint}`}`;
}

/** A file as messages name it. */
export function shownFile(file: string): string {
  return isAbsolute(file) ? relative(process.cwd(), file) || '.' : file;
}

/** `file:line:column`, for a message that names a second place. */
export function formatLocation(location: SourceLocation): string {
  return `${shownFile(location.file)}:${location.line}:${location.column}`;
}

function oneLine(text: string): string {
  return text.replace(/[\0-\x1f\x7f\u2028\u2029]+/g, ' ');
}

/** The place of a problem that no line of the file stands for. */
export function wholeFile(file: string): SourceLocation {
  return { file, line: 0, column: 0 };
}
