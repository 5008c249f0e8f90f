import type { RecordReader } from '../../drivers/driver.js';
import type { CountModel, TableModel } from '../config/model.js';
import type { HttpClient } from '../http/client.js';
import { type PageFacts, type Paginator, STOP } from '../http/pagination/paginator.js';
import type { RequestVariant } from './filter-plan.js';
import type { HttpTable } from './http-table.js';
import { PageFetch } from './page-fetch.js';
import type { PageOutlet } from './page-outlet.js';
import { sequenceStart } from './page-sequence.js';
import { shapeValues } from './requested-shape.js';
import type { ScanRun } from './scan-run.js';

const countTables = new WeakMap<TableModel, TableModel>();

/** The table as the endpoint that counts sees it: its answers need not have any records. */
export function countTable(table: TableModel, { source }: CountModel): TableModel {
  if (source === null) return table;
  let known = countTables.get(table);
  if (known === undefined) {
    const asks = { limit: null, orderBy: null, select: null, lookup: null } as const;
    known = { ...table, ...asks, source, records: null, recordsMissing: 'empty' };
    countTables.set(table, known);
  }
  return known;
}

/** One request whose answer says how many rows there are; its records are of no interest. */
export class CountRequest {
  readonly #run: ScanRun;
  readonly #fetch: PageFetch;
  readonly #count: CountModel;

  constructor(run: ScanRun, client: HttpClient, http: HttpTable, variant: RequestVariant, count: CountModel) {
    const { table } = http;
    const values = shapeValues({ table, columns: [], filters: [], limit: null }, []);
    const { first } = sequenceStart(http, variant, { rowLimit: 1, expectedRows: null, values });
    const paginator = new SinglePage(count.field === null ? [] : [count.field]);
    const policy = { ...http.policy, acceptedStatuses: new Set<number>() };
    this.#run = run;
    this.#count = count;
    this.#fetch = new PageFetch({ run, client, variant, policy, paginator }, new NoRows(run), first, 1);
  }

  /** Null when the answer does not have the number after all. */
  async read(): Promise<number | null> {
    try {
      this.#run.claimPage();
      const page = await this.#fetch.read(1);
      return page.type === 'read' ? readNumber(this.#text(page.facts)) : null;
    } finally {
      this.#run.stopClock();
    }
  }

  #text(facts: PageFacts): string | null {
    const { field, header } = this.#count;
    return (field === null ? facts.headers.get(header!) : facts.captured.get(field)) ?? null;
  }
}

function readNumber(text: string | null): number | null {
  const number = text === null || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isSafeInteger(number) && number >= 0 ? number : null;
}

/** No page comes after the first. */
class SinglePage implements Paginator {
  readonly needsFingerprint = false;
  readonly matchPattern = null;
  readonly needsText = false;
  readonly stopStatuses = [];
  readonly ahead = null;

  constructor(readonly captures: readonly string[]) {}

  first(): readonly [] {
    return [];
  }

  next(): typeof STOP {
    return STOP;
  }

  expect(): null {
    return null;
  }
}

/** Lets a page's rows go. */
class NoRows implements PageOutlet {
  readonly isSatisfied = false;
  readonly rowsWanted = null;
  readonly isFull = false;
  readonly isWaitedFor = true;

  constructor(readonly run: ScanRun) {}

  get signal(): AbortSignal {
    return this.run.signal;
  }

  get pagesLeft(): number {
    return this.run.pagesLeft;
  }

  isReadyForNext(): boolean {
    return false;
  }

  async nextTurn(): Promise<number> {
    return 1;
  }

  claimPage(): void {
    this.run.claimPage();
  }

  countOpened(): void {
    this.run.countOpened();
  }

  reader(captures: readonly string[], isAgain: boolean): RecordReader {
    return this.run.reader(captures, isAgain);
  }

  emit(): void {}

  async room(): Promise<void> {}
}
