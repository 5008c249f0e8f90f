import type { RowBatch } from '../core/row-batch.js';
import type { AggregatePlan } from '../plan/aggregate-plan.js';
import type { StreamPlan } from '../plan/statement-plan.js';
import type { ActiveStatement } from './active-statement.js';
import { AggregateRun, divideNumerics } from './aggregate-run.js';
import type { BoundStatement } from './bound-statement.js';
import type { ClientWriter } from './client-writer.js';
import type { EngineRun } from './engine-run.js';
import { createRowEncoder, type RowEncoder } from './row-encoder.js';
import type { Services } from './services.js';
import { type AskedSettings, printSettings, type ReportedSettings } from './settings.js';
import { StreamRun } from './stream-run.js';

/** Opens the stream's scan; `readsAhead` as in `ScanContext`. */
export type OpenStream = (readsAhead?: () => boolean) => AsyncGenerator<RowBatch, void, void>;

/** Sends the rows of a session's streams, or what they aggregate to, straight to the client. */
export class StreamPath {
  readonly #services: Services;
  readonly #client: ClientWriter;
  readonly #reported: ReportedSettings;

  constructor(services: Services, client: ClientWriter, reported: ReportedSettings) {
    this.#services = services;
    this.#client = client;
    this.#reported = reported;
  }

  /** Null: the engine has to print the rows. */
  encoderOf(stream: StreamPlan, bound: BoundStatement, asked: AskedSettings): RowEncoder | null {
    const { explain, cursor } = bound.statement;
    // EXPLAIN and DECLARE have no such rows themselves: they ask whether there would be an encoder for text.
    if (explain !== null || cursor !== null) return this.encoderFor(stream, [], asked);
    const fields = bound.fields ?? [];
    const formats = fields.map((field) => field.format);
    if (stream.aggregate === null) return this.encoderFor(stream, formats, asked);
    // Behind the statement's own outputs an Aggregate node has the groups' keys that are not among them.
    const outputs = stream.aggregate.outputs.slice(0, fields.length);
    return createRowEncoder(stream.aggregate.items.length, outputs, formats, printSettings(this.#reported, asked));
  }

  /** An encoder for format codes; missing ones are text. */
  encoderFor(
    { spec, outputs, aggregate }: StreamPlan,
    formats: readonly number[],
    asked: AskedSettings,
  ): RowEncoder | null {
    const settings = printSettings(this.#reported, asked);
    return createRowEncoder(spec.columns.length, aggregate?.outputs ?? outputs, formats, settings);
  }

  rows(stream: StreamPlan, encoder: RowEncoder, signal: AbortSignal, open: OpenStream): StreamRun {
    return new StreamRun(stream, encoder, this.#client, signal, open);
  }

  /** Aggregates a stream of rows here; where that takes too many groups the engine does. */
  aggregate(
    stream: StreamPlan,
    aggregate: AggregatePlan,
    encoder: RowEncoder,
    active: ActiveStatement,
    open: OpenStream,
    runInEngine: () => Promise<EngineRun>,
  ): AggregateRun {
    const { signal } = active;
    const result: StreamPlan = { ...stream, predicate: null, window: aggregate.window };
    return new AggregateRun({
      aggregate,
      predicate: stream.predicate,
      signal,
      open,
      divide: (pairs) => divideNumerics(this.#services.engine, pairs),
      send: (rows) => this.rows(result, encoder, signal, rows),
      runInEngine,
      onEngineWork: () => {
        active.isInEngine = true;
      },
    });
  }
}
