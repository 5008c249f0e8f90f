import type { DriverOptions, HttpSource, TableModel } from '../config/model.js';
import { proxySecrets } from '../config/proxy-url.js';
import { Secret } from '../core/secret.js';
import { fillAuthValues, markAuthValues, usesAuthValues } from '../http/auth-filling.js';
import { hasBodyText } from '../http/finish-request.js';
import type { OriginRule } from '../http/origin-rule.js';
import { placeValues } from '../http/place-values.js';
import type { PlacedValue } from '../http/placed-value.js';
import type { RateLimiters } from '../http/rate-limiter.js';
import { Redactor } from '../http/redactor.js';
import type { RequestDraft } from '../http/request-draft.js';
import { draftFromSource } from '../http/request-template.js';
import type { SendPolicy } from '../http/send.js';
import type { Authorizers } from '../oauth/authorizers.js';

/** A table of an HTTP source, made ready once for all of its scans. */
export interface HttpTable {
  readonly table: TableModel;
  readonly source: HttpSource;
  readonly draft: RequestDraft;
  readonly policy: Omit<SendPolicy, 'acceptedStatuses'>;
}

const ACCEPTED_TYPES: Readonly<Record<DriverOptions['type'], string>> = {
  json: 'application/json, */*;q=0.1',
  xml: 'application/xml, text/xml, */*;q=0.1',
  csv: 'text/csv, */*;q=0.1',
};

/** What the tables of one gateway share. */
export class HttpTables {
  readonly #limiters: RateLimiters;
  readonly #authorizers: Authorizers;
  readonly #redactors = new Map<string, Redactor>();
  readonly #tables = new WeakMap<TableModel, HttpTable>();
  /** Those whose requests depend on what a login tells, with what it told. */
  readonly #filled = new WeakMap<TableModel, { readonly told: string; readonly table: HttpTable }>();

  constructor(limiters: RateLimiters, authorizers: Authorizers) {
    this.#limiters = limiters;
    this.#authorizers = authorizers;
  }

  /** The table as it can be shown; where requests need what a login tells, `open` makes the one that can be asked. */
  for(table: TableModel, source: HttpSource): HttpTable {
    let known = this.#tables.get(table);
    if (known === undefined) {
      known = this.#prepare(table, source, usesAuthValues(source) ? markAuthValues(source) : source);
      this.#tables.set(table, known);
    }
    return known;
  }

  /** The table ready to be asked: whoever's requests need what a login tells waits for that. */
  async open(table: TableModel, source: HttpSource, signal: AbortSignal): Promise<HttpTable> {
    const shown = this.for(table, source);
    if (!usesAuthValues(source)) return shown;
    const values = await shown.policy.authorizer.authValues(signal);
    const told = JSON.stringify([...values]);
    const known = this.#filled.get(table);
    if (known?.told === told) return known.table;
    const filled = this.#prepare(table, source, fillAuthValues(source, values, shown.policy.subject));
    this.#filled.set(table, { told, table: filled });
    return filled;
  }

  #prepare(table: TableModel, source: HttpSource, filled: HttpSource): HttpTable {
    const redactor = this.#redactor(table.dsn);
    const { proxy } = source.transport;
    if (proxy instanceof Secret) for (const secret of proxySecrets(proxy.reveal())) redactor.add(secret);
    const draft = withAccept(draftFromSource(filled, redactor), table.driver.type);
    const subject = `table "${table.dsn}.${table.name}"`;
    const origins: OriginRule = { home: draft.origin, allowed: source.allowOrigins, subject };
    return {
      table,
      source,
      draft,
      policy: {
        subject,
        dsn: table.dsn,
        origins,
        retry: source.retry,
        errors: source.errors,
        compression: source.compression,
        allowLinkLocal: source.allowLinkLocal,
        timeoutMs: source.timeoutMs,
        totalTimeoutMs: source.totalTimeoutMs,
        maxBodyBytes: source.maxBodyBytes,
        transport: source.transport,
        isIdempotent: source.isIdempotent,
        limiter: this.#limiters.for(table, source),
        authorizer: this.#authorizers.for(table.dsn, source.auth, {
          redactor,
          timeoutMs: source.timeoutMs,
          transport: source.transport,
        }),
        redactor,
      },
    };
  }

  /** One for all tables of a DSN: they share its secrets. */
  #redactor(dsn: string): Redactor {
    let redactor = this.#redactors.get(dsn);
    if (redactor === undefined) {
      redactor = new Redactor();
      this.#redactors.set(dsn, redactor);
    }
    return redactor;
  }
}

function withAccept(draft: RequestDraft, driver: DriverOptions['type']): RequestDraft {
  if (draft.headers.has('accept')) return draft;
  const accept = { name: 'Accept', value: ACCEPTED_TYPES[driver], isSecret: false };
  return { ...draft, headers: new Map(draft.headers).set('accept', accept) };
}

/** The draft with the filters' and LIMIT's values; a text body's places for what is not given become empty. */
export function draftForScan(
  { draft, table }: Pick<HttpTable, 'draft' | 'table'>,
  values: readonly PlacedValue[],
): RequestDraft {
  const { source } = table;
  const paged = source.type === 'http' && 'parameter' in source.pagination ? [source.pagination] : [];
  const empty = [...table.filters, ...paged]
    .filter(({ place, parameter }) => place === 'body' && hasBodyText(draft, parameter))
    .map(({ parameter }): PlacedValue => ({ place: 'body', parameter, value: '' }));
  return placeValues(draft, [...empty, ...values]);
}
