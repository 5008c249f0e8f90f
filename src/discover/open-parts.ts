import { dirname } from 'node:path';
import type { Completion, OpenPart } from '../config/completion.js';
import { ConfigurationError, type LoadOptions, loadGateway } from '../config/load.js';
import type { DsnModel, GatewayModel, TableModel } from '../config/model.js';
import { errors, GatewayError } from '../core/errors.js';
import type { TokenStore } from '../oauth/store/token-store.js';
import type { Sampler } from './sample/sampler.js';
import { SampleCache } from './sample-cache.js';
import { findTableProblems } from './table-problems.js';

type Keys = Readonly<Record<string, unknown>>;

/** How looking at a part went. */
export interface PartOutcome {
  readonly dsn: string;
  /** Null: the service of the whole DSN. */
  readonly table: string | null;
  /** Null where it is known now. */
  readonly problem: GatewayError | null;
}

export interface SampleOptions {
  readonly signal: AbortSignal;
  /** Which parts to look at; all by default. */
  readonly isWanted?: (dsn: string, table: string | null) => boolean;
  /** Looks again at what is known already. */
  readonly refreshes?: boolean;
}

/** Samples that are taken at once. */
const AT_ONCE = 4;
/** For one sample, retries and waits included. */
const SAMPLE_TIMEOUT_MS = 30_000;

/**
 * The configuration with what its files leave to their sources: columns of tables that declare none, tables of OData
 * services. It knows what earlier samples told, and takes new ones when it is asked to.
 */
export class OpenParts {
  readonly #options: LoadOptions & { readonly adapt?: (model: GatewayModel) => GatewayModel };
  readonly #openTokens: (model: GatewayModel) => TokenStore;
  #cache: SampleCache | null = null;
  /** What this process has found out, also where the cache cannot be written. */
  readonly #known = new Map<string, Keys>();
  readonly #problems = new Map<string, GatewayError>();

  /** `adapt` changes what the files say, each time they are read. `openTokens`: where samples find the tokens of their logins. */
  constructor(
    options: LoadOptions & { readonly adapt?: (model: GatewayModel) => GatewayModel },
    openTokens: (model: GatewayModel) => TokenStore,
  ) {
    this.#options = { checkTable: findTableProblems, ...options };
    this.#openTokens = openTokens;
  }

  /** Reads the files and adds what is known. A part that is not known has no columns, and says why. Throws F0000. */
  async load(): Promise<{ readonly model: GatewayModel; readonly warnings: string[] }> {
    const { model, warnings } = await this.#load(() => false);
    const known = { ...model, dsns: model.dsns.map(withoutUnknown) };
    return { model: this.#options.adapt?.(known) ?? known, warnings };
  }

  /** Looks at the parts that are not known, by one request each, and keeps what it finds. Never throws for one of them. */
  async sample(options: SampleOptions): Promise<readonly PartOutcome[]> {
    const isWanted = options.isWanted ?? (() => true);
    const isForgotten = options.refreshes === true ? isWanted : () => false;
    const done = new Set<string>();
    const outcomes: PartOutcome[] = [];
    let { model } = await this.#load(isForgotten);
    // Nothing to find out is the usual case, and a start should not wait for code that it does not need.
    const [{ Sampler }, { inferTable }, { readService }] = await Promise.all([
      import('./sample/sampler.js'),
      import('./infer/infer-table.js'),
      import('./service.js'),
    ]);
    const sampler = new Sampler(this.#openTokens(model));
    const look = async (part: OpenPart, find: () => Promise<Keys>): Promise<void> => {
      const problem = await this.#find(part, find);
      done.add(nameOf(part));
      outcomes.push({ dsn: part.dsn, table: part.table, problem });
    };
    try {
      await inTurns(openServices(model, isWanted), async (dsn) => {
        const service = dsn.service!;
        const part = { dsn: dsn.name, table: null, fingerprint: service.fingerprint };
        await look(part, async () =>
          readService(service, await takeSample(sampler, service.metadata, new Map(), options)),
        );
      });
      const isStillForgotten = (dsn: string, table: string | null): boolean =>
        isForgotten(dsn, table) && !done.has(JSON.stringify(table === null ? [dsn] : [dsn, table]));
      ({ model } = await this.#load(isStillForgotten));
      await inTurns(openTables(model, isWanted), async (table) => {
        const inference = table.inference!;
        const part = { dsn: table.dsn, table: table.name, fingerprint: inference.fingerprint };
        await look(part, async () =>
          inferTable(table, inference, await takeSample(sampler, table, inference.values, options)),
        );
      });
    } finally {
      await sampler.close();
    }
    return outcomes;
  }

  /** Whether keeping what was found out works; a problem in words where it does not. */
  #keep(part: OpenPart, keys: Keys): void {
    this.#known.set(nameOf(part) + part.fingerprint, keys);
    this.#problems.delete(nameOf(part) + part.fingerprint);
    try {
      this.#cache?.set([{ part, keys }]);
    } catch {
      // A read-only folder: the process remembers, and the next one samples again.
    }
  }

  async #find(part: OpenPart, find: () => Promise<Keys>): Promise<GatewayError | null> {
    try {
      const keys = await find();
      await this.#loadChecked((candidate) => (nameOf(candidate) === nameOf(part) ? { keys } : this.#lookUp(candidate)));
      this.#keep(part, keys);
      return null;
    } catch (error) {
      const problem = toProblem(error, part);
      this.#problems.set(nameOf(part) + part.fingerprint, problem);
      return problem;
    }
  }

  /** Does the DSN's own check accept what was found? Throws what it says. */
  async #loadChecked(completions: (part: OpenPart) => Completion | null): Promise<void> {
    await loadGateway({ ...this.#options, completions });
  }

  async #load(
    isForgotten: (dsn: string, table: string | null) => boolean,
  ): Promise<{ readonly model: GatewayModel; readonly warnings: string[] }> {
    const bare = await loadGateway(this.#options);
    if (!bare.model.dsns.some(hasOpenPart)) return bare;
    this.#cache ??= new SampleCache(dirname(bare.model.tokens.file));
    const refused = new Set<string>();
    for (;;) {
      const used: OpenPart[] = [];
      const completions = (part: OpenPart): Completion | null => {
        if (isForgotten(part.dsn, part.table) || refused.has(nameOf(part))) return this.#problem(part);
        const completion = this.#lookUp(part);
        if (completion?.keys !== undefined) used.push(part);
        return completion;
      };
      try {
        return await loadGateway({ ...this.#options, completions });
      } catch (error) {
        const culprit = error instanceof ConfigurationError ? await this.#findCulprit(used, refused) : null;
        if (culprit === null) throw error;
        refused.add(nameOf(culprit.part));
        this.#problems.set(nameOf(culprit.part) + culprit.part.fingerprint, culprit.problem);
      }
    }
  }

  /** The first part whose kept columns do not go with its declaration any longer. */
  async #findCulprit(
    used: readonly OpenPart[],
    refused: ReadonlySet<string>,
  ): Promise<{ readonly part: OpenPart; readonly problem: GatewayError } | null> {
    for (let count = 1; count <= used.length; count++) {
      const allowed = new Set(used.slice(0, count).map(nameOf));
      try {
        await this.#loadChecked((part) =>
          allowed.has(nameOf(part)) && !refused.has(nameOf(part)) ? this.#lookUp(part) : this.#problem(part),
        );
      } catch (error) {
        const part = used[count - 1]!;
        return { part, problem: toProblem(error, part) };
      }
    }
    return null;
  }

  #lookUp(part: OpenPart): Completion | null {
    const keys = this.#known.get(nameOf(part) + part.fingerprint) ?? this.#cache?.get(part) ?? null;
    return keys === null ? this.#problem(part) : { keys };
  }

  #problem(part: OpenPart): Completion | null {
    const problem = this.#problems.get(nameOf(part) + part.fingerprint);
    return problem === undefined ? null : { problem };
  }
}

/** Whether everything that the files leave open is known. */
export function isComplete(model: GatewayModel): boolean {
  return model.dsns.every(
    (dsn) =>
      (dsn.service?.problem ?? null) === null &&
      dsn.tables.every((table) => (table.inference?.problem ?? null) === null),
  );
}

async function takeSample(
  sampler: Sampler,
  table: TableModel,
  values: ReadonlyMap<string, string>,
  { signal }: SampleOptions,
): Promise<Awaited<ReturnType<Sampler['take']>>> {
  const timeout = new AbortController();
  const late = errors.apiError(`no sample of table "${table.dsn}.${table.name}" within ${SAMPLE_TIMEOUT_MS / 1000} s`, {
    hint: 'Declare "columns", or check that the API answers.',
  });
  const timer = setTimeout(() => timeout.abort(late), SAMPLE_TIMEOUT_MS);
  try {
    return await sampler.take(table, values, AbortSignal.any([signal, timeout.signal]));
  } finally {
    clearTimeout(timer);
  }
}

function hasOpenPart(dsn: DsnModel): boolean {
  return dsn.service !== undefined || dsn.tables.some((table) => table.inference !== undefined);
}

function openServices(model: GatewayModel, isWanted: (dsn: string, table: null) => boolean): DsnModel[] {
  return model.dsns.filter((dsn) => (dsn.service?.problem ?? null) !== null && isWanted(dsn.name, null));
}

function openTables(model: GatewayModel, isWanted: (dsn: string, table: string) => boolean): TableModel[] {
  return model.dsns
    .flatMap((dsn) => dsn.tables)
    .filter((table) => (table.inference?.problem ?? null) !== null && isWanted(table.dsn, table.name));
}

/** A table whose columns are not known cannot have filters or keys on them. */
function withoutUnknown(dsn: DsnModel): DsnModel {
  return {
    ...dsn,
    tables: dsn.tables.map((table) =>
      (table.inference?.problem ?? null) === null
        ? table
        : { ...table, primaryKey: [], filters: [], limit: null, orderBy: null, select: null, lookup: null },
    ),
  };
}

async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
}

function nameOf({ dsn, table }: Pick<OpenPart, 'dsn' | 'table'>): string {
  return JSON.stringify(table === null ? [dsn] : [dsn, table]);
}

function toProblem(error: unknown, part: OpenPart): GatewayError {
  const subject = part.table === null ? `service of DSN "${part.dsn}"` : `table "${part.dsn}.${part.table}"`;
  if (error instanceof ConfigurationError) {
    return errors.apiError(`what the ${subject} is made of does not go with its declaration`, {
      detail: error.message,
      hint: 'Correct the DSN file, or declare "columns" there.',
    });
  }
  if (error instanceof GatewayError) return error;
  return errors.internal(`the ${subject} could not be sampled: ${(error as Error).message}`, { cause: error });
}
