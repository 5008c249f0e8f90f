import type pg from 'pg';
import { median } from '../report.js';

/** How a client sends a statement. */
export const WAYS = ['first time', 'again', 'prepared', 'prepared, other values'] as const;
export type Way = (typeof WAYS)[number];

/** A statement over tables that `table` names; `value` is an SQL expression or parameter that may differ each time. */
export type StatementText = (table: (name: string) => string, value: string) => string;

const ROUNDS = 15;

/** Numbers the texts that have to be new. */
let fresh = 0;

/** Milliseconds: medians of the rounds, and what is added to the best round, which other work on the machine hardly changes. */
export interface Comparison {
  readonly virtual: number;
  readonly ordinary: number;
  readonly added: number;
  readonly leastAdded: number;
}

/**
 * Times the statement over virtual and over ordinary tables, the two in turn.
 * @param count how often each is run in a round
 */
export async function compare(
  client: pg.Client,
  way: Way,
  texts: { readonly virtual: (value: string) => string; readonly ordinary: (value: string) => string },
  count: number,
  signal: AbortSignal,
): Promise<Comparison> {
  const times = { virtual: [] as number[], ordinary: [] as number[] };
  for (let round = 0; round <= ROUNDS; round++) {
    for (const kind of ['virtual', 'ordinary'] as const) {
      signal.throwIfAborted();
      const ms: number[] = [];
      for (let n = 0; n < count; n++) {
        const query = queryOf(way, texts[kind]);
        const startedAt = performance.now();
        await client.query(query);
        ms.push(performance.now() - startedAt);
      }
      if (round > 0) times[kind].push(median(ms)); // the first warms all up
    }
  }
  const added = median(times.virtual.map((ms, index) => ms - times.ordinary[index]!));
  const leastAdded = Math.min(...times.virtual) - Math.min(...times.ordinary);
  return { virtual: median(times.virtual), ordinary: median(times.ordinary), added, leastAdded };
}

function queryOf(way: Way, text: (value: string) => string): pg.QueryConfig {
  switch (way) {
    case 'first time':
      return { text: text(String(--fresh)) };
    case 'again':
      return { text: text('-1') };
    case 'prepared':
      return { name: nameOf(text('$1')), text: text('$1::bigint'), values: [-1] };
    case 'prepared, other values':
      return { name: nameOf(text('$1')), text: text('$1::bigint'), values: [--fresh] };
  }
}

const names = new Map<string, string>();

function nameOf(text: string): string {
  const name = names.get(text) ?? `prepared_${names.size}`;
  names.set(text, name);
  return name;
}

export function shown(ms: number): string {
  return `${ms.toFixed(2)} ms`;
}
