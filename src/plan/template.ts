import { errors } from '../core/errors.js';
import type { Catalogue, CatalogueEntry } from '../engine/engine.js';
import type { QualifiedColumn, Reference } from './references.js';
import type { Statement } from './statement.js';
import { readStatements } from './statement.js';
import { quoteIdentifier, toByteText } from './syntax.js';

/** A reference to a virtual table, views looked through: one scan of the statement. */
export interface ScanReference {
  readonly entry: CatalogueEntry;
  /** How many references to the same table came before it: the n-th uses the table's n-th plan table. */
  readonly ordinal: number;
}

/** A stretch of text, or the place of scan `scan`'s table name. `sourceStart` is null in text of our own. */
type Part = { readonly text: string; readonly sourceStart: number | null } | { readonly scan: number };

/**
 * A statement with holes where virtual tables are named: filled with plan tables it is what EXPLAIN is asked, filled
 * with scan tables it is what the engine runs. All else is the client's own text.
 */
export interface StatementTemplate {
  readonly scans: readonly ScanReference[];
  readonly parts: readonly Part[];
  /** As in `Statement`, of the views looked through as well. */
  readonly groupColumns: ReadonlySet<string>;
}

/** Finds a reference's catalogue entry; undefined: not a virtual table or view. */
export type Resolve = (reference: Reference) => CatalogueEntry | undefined;

/** Builds the template of bytes `[start, end)` of a statement's text. */
export function buildTemplate(
  statement: Statement,
  range: { readonly start: number; readonly end: number },
  resolve: Resolve,
  catalogue: Catalogue,
): StatementTemplate {
  const builder = new TemplateBuilder(catalogue);
  builder.append(statement, range, resolve, true);
  return builder;
}

/** The template's text with a table name per scan, as bytes-as-characters, and where error positions lead back to. */
export function renderTemplate(
  template: StatementTemplate,
  tableNames: readonly string[],
): { readonly text: string; readonly toSourceOffset: (offset: number) => number | null } {
  const spans: { start: number; length: number; sourceStart: number | null }[] = [];
  let text = '';
  for (const part of template.parts) {
    const piece = 'scan' in part ? toByteText(tableNames[part.scan]!) : part.text;
    spans.push({ start: text.length, length: piece.length, sourceStart: 'scan' in part ? null : part.sourceStart });
    text += piece;
  }
  const toSourceOffset = (offset: number): number | null => {
    const span = spans.find((candidate) => offset >= candidate.start && offset < candidate.start + candidate.length);
    return span?.sourceStart === undefined || span.sourceStart === null ? null : span.sourceStart + offset - span.start;
  };
  return { text, toSourceOffset };
}

const MAX_VIEW_DEPTH = 32;

class TemplateBuilder implements StatementTemplate {
  readonly scans: ScanReference[] = [];
  readonly parts: Part[] = [];
  readonly groupColumns = new Set<string>();
  readonly #uses = new Map<CatalogueEntry, number>();
  #viewDepth = 0;

  constructor(readonly catalogue: Catalogue) {}

  append(
    statement: Statement,
    range: { readonly start: number; readonly end: number },
    resolve: Resolve,
    isClientText: boolean,
  ): void {
    for (const name of statement.groupColumns) this.groupColumns.add(name);
    const within = (item: { start: number }): boolean => item.start >= range.start && item.start < range.end;
    const tables = statement.references.tables.filter(within).flatMap((reference) => {
      const entry = reference.role === 'write' ? undefined : resolve(reference);
      return entry === undefined ? [] : [{ reference, entry }];
    });
    const aliases = chooseAliases(tables);
    const edits = [
      ...tables.flatMap(({ reference, entry }) => this.#tableEdits(reference, entry, aliases.get(reference) ?? null)),
      ...columnEdits(statement.references.columns.filter(within), aliases),
    ].sort((a, b) => a.start - b.start);
    let at = range.start;
    const copyUpTo = (end: number): void => {
      if (end > at) this.parts.push({ text: statement.text.slice(at, end), sourceStart: isClientText ? at : null });
    };
    for (const edit of edits) {
      copyUpTo(edit.start);
      edit.write(this.parts);
      at = edit.end;
    }
    copyUpTo(range.end);
  }

  #tableEdits(reference: Reference, entry: CatalogueEntry, alias: string | null): Edit[] {
    const name: Edit = {
      start: reference.start,
      end: reference.end,
      write: (parts) => {
        if (entry.viewSql === null) parts.push({ scan: this.#addScan(entry) });
        else this.#appendView(entry);
      },
    };
    if (reference.aliasAt === null || alias === null) return [name];
    const aliasEdit: Edit = {
      start: reference.aliasAt,
      end: reference.aliasAt,
      write: (parts) => parts.push({ text: toByteText(` AS ${quoteIdentifier(alias)}`), sourceStart: null }),
    };
    if (reference.tableCommand === null) return [name, aliasEdit];
    const select: Edit = {
      ...reference.tableCommand,
      write: (parts) => parts.push({ text: toByteText('SELECT * FROM'), sourceStart: null }),
    };
    return [select, name, aliasEdit];
  }

  #addScan(entry: CatalogueEntry): number {
    const ordinal = this.#uses.get(entry) ?? 0;
    this.#uses.set(entry, ordinal + 1);
    return this.scans.push({ entry, ordinal }) - 1;
  }

  /** A view's own query in parentheses; the engine printed it with every name qualified. */
  #appendView(entry: CatalogueEntry): void {
    if (++this.#viewDepth > MAX_VIEW_DEPTH) throw errors.limitExceeded(`view "${entry.name}" is nested too deeply`);
    const sql = entry.viewSql!.trim().replace(/;$/, '');
    const [view] = readStatements(sql) ?? [];
    if (view === undefined) throw errors.internal(`the definition of view "${entry.name}" cannot be read`);
    this.parts.push({ text: '(', sourceStart: null });
    const resolve: Resolve = (reference) => this.catalogue.entries.get(`${reference.schema}.${reference.name}`);
    this.append(view, { start: 0, end: view.end }, resolve, false);
    this.parts.push({ text: ')', sourceStart: null });
    this.#viewDepth--;
  }
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly write: (parts: Part[]) => void;
}

/**
 * The alias of each reference that has none: the table's own name, except where one FROM list names two tables of the
 * same name in different schemas, which PostgreSQL tells apart by their schemas and aliases could not.
 */
function chooseAliases(
  tables: readonly { readonly reference: Reference; readonly entry: CatalogueEntry }[],
): Map<Reference, string> {
  const aliases = new Map<Reference, string>();
  for (const { reference, entry } of tables) {
    if (reference.aliasAt === null) continue;
    const hasTwin = tables.some(
      (other) =>
        other.reference.scope === reference.scope &&
        other.reference.aliasAt !== null &&
        other.reference.name === reference.name &&
        other.entry !== entry,
    );
    aliases.set(reference, hasTwin ? `${entry.schema}.${entry.name}` : reference.name);
  }
  return aliases;
}

/** `shop.orders.id` can only mean the unaliased reference to shop.orders, so the schema goes and the alias stays. */
function columnEdits(columns: readonly QualifiedColumn[], aliases: ReadonlyMap<Reference, string>): Edit[] {
  return columns.flatMap((column) => {
    const target = [...aliases].find(
      ([reference]) =>
        reference.name === column.table && (reference.schema === null || reference.schema === column.schema),
    );
    if (target === undefined) return [];
    const [, alias] = target;
    const write = (parts: Part[]): void => {
      parts.push({ text: toByteText(quoteIdentifier(alias)), sourceStart: null });
    };
    return [{ start: column.start, end: column.tableEnd, write }];
  });
}
