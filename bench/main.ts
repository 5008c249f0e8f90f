import { parseArgs } from 'node:util';
import { benchDrivers } from './drivers.js';
import { benchJoins } from './joins.js';
import { benchLoading } from './loading.js';
import { benchHttp2, benchPaging } from './paging.js';
import { benchPlanning } from './planning.js';
import { benchRelay } from './relay.js';
import { benchStart } from './start.js';
import { benchStream } from './stream.js';
import { benchTpch } from './tpch.js';

/** A benchmark that can be asked for by name. */
interface Section {
  readonly about: string;
  readonly run: (isQuick: boolean, print: (line: string) => void, signal: AbortSignal) => Promise<void>;
}

const SECTIONS: Readonly<Record<string, Section>> = {
  start: {
    about: 'from the start of `tidegate serve` to the first answered query, with and without engine data',
    run: (isQuick, print, signal) => benchStart(isQuick ? 1 : 5, print, signal),
  },
  planning: {
    about: 'what planning adds to a statement: joins of one to ten tables, against ordinary ones',
    run: (isQuick, print, signal) => benchPlanning(isQuick ? 10 : 60, print, signal),
  },
  joins: {
    about: 'joins of small tables, their rows in the statement or in scan tables, against ordinary ones',
    run: (isQuick, print, signal) => benchJoins(isQuick ? 30 : 200, print, signal),
  },
  loading: {
    about: "COPY into scan tables in text and in binary: the gateway's and the engine's processor time for each type",
    run: (isQuick, print, signal) => benchLoading(isQuick ? 50_000 : 300_000, print, signal),
  },
  relay: {
    about: 'round trips of queries that are only relayed, against the engine itself',
    run: (isQuick, print, signal) => benchRelay(isQuick ? 300 : 3_000, print, signal),
  },
  paging: {
    about: 'pages of a slow API: several at once, and the next one while one is parsed',
    run: benchPaging,
  },
  http2: {
    about: 'the same pages by HTTP/1.1 and HTTP/2, over TLS',
    run: benchHttp2,
  },
  drivers: {
    about: 'the drivers alone, from bytes to rows, beside other readers of the same bytes',
    run: benchDrivers,
  },
  tpch: {
    about: "TPC-H's 22 queries over JSON, XML and CSV, against loading their tables in full",
    run: (isQuick, print, signal) => benchTpch(isQuick ? 0.001 : 0.01, isQuick ? 1 : 3, print, signal),
  },
  stream: {
    about: 'rows/s, time to first row and memory: stream path, engine path, PostgreSQL itself, JSON.parse',
    run: (isQuick, print, signal) => benchStream(isQuick ? 100_000 : 1_000_000, print, signal),
  },
};

const usage = (): string =>
  `usage: node dist/bench/main.js [--quick] [name…]\n${Object.entries(SECTIONS)
    .map(([name, { about }]) => `  ${name}  ${about}`)
    .join('\n')}\n`;

function readArguments(): { readonly isQuick: boolean; readonly names: readonly string[] } {
  const options = { quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } as const;
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    if (values.help) {
      process.stdout.write(usage());
      process.exit(0);
    }
    const unknown = positionals.find((name) => !Object.hasOwn(SECTIONS, name));
    if (unknown !== undefined) throw new Error(`there is no section "${unknown}"`);
    return { isQuick: values.quick, names: positionals.length > 0 ? positionals : Object.keys(SECTIONS) };
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n${usage()}`);
    process.exit(2);
  }
}

const { isQuick, names } = readArguments();
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort(new Error(`stopped by ${name}`)));
const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

try {
  for (const name of names) {
    stop.signal.throwIfAborted();
    await SECTIONS[name]!.run(isQuick, print, stop.signal);
  }
} catch (failure) {
  const error: unknown = stop.signal.aborted ? stop.signal.reason : failure;
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
