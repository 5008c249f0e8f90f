import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type ParsedNode,
  type YAMLMap,
} from 'yaml';
import { type FileReader, hasInterpolation, interpolate } from './interpolation.js';
import type { SourceLocation } from './model.js';
import { formatLocation, type ProblemList } from './problem.js';
import type { SourceNode, SourcePath } from './source-tree.js';

/** What interpolations are filled from. */
export interface InterpolationContext {
  readonly env: NodeJS.ProcessEnv;
  readonly readFile: FileReader;
}

type Locate = (offset: number) => SourceLocation;

const MAX_DEPTH = 64;
/** Nodes that aliases may add: enough to share settings, too few for a "billion laughs" file. */
const MAX_ALIASED_NODES = 10_000;
/** What a duplicate is called in a map of named things; elsewhere it is a key. */
const NAMED: ReadonlyMap<string, string> = new Map([
  ['tables', 'table'],
  ['views', 'view'],
  ['columns', 'column'],
  ['filters', 'filter on column'],
  ['users', 'user'],
]);

/** Turns the parser's nodes into plain data with places, replacing interpolations. Null for an empty document. */
export function convertDocument(
  document: Document.Parsed,
  locate: Locate,
  context: InterpolationContext,
  problems: ProblemList,
): SourceNode | null {
  const start = locate(0);
  if (document.contents === null) return leaf(null, start, null, null);
  return new Converter(locate, context, problems).convert(document.contents, [], null, start);
}

class Converter {
  #aliasedNodes = 0;
  #aliasDepth = 0;
  /** Filled in document order, so that an alias finds the last anchor before it without a walk of its own. */
  readonly #anchors = new Map<string, Node>();

  constructor(
    readonly locate: Locate,
    readonly context: InterpolationContext,
    readonly problems: ProblemList,
  ) {}

  convert(node: Node | null, path: SourcePath, keyAt: SourceLocation | null, fallback: SourceLocation): SourceNode {
    const at = node === null ? fallback : this.#start(node, fallback);
    if (this.#aliasDepth > 0 && ++this.#aliasedNodes > MAX_ALIASED_NODES) {
      return this.#broken(
        at,
        keyAt,
        'aliases repeat too much of the file',
        'Write the values out, or use fewer aliases.',
      );
    }
    if (path.length > MAX_DEPTH) {
      return this.#broken(at, keyAt, 'the file is nested too deeply', 'Remove an alias that contains itself.');
    }
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target === undefined) {
        const hint = 'Put a text that starts with "*" in quotes.';
        return this.#broken(at, keyAt, 'this alias has no anchor before it', hint);
      }
      this.#aliasDepth++;
      const converted = this.convert(target, path, keyAt, at);
      this.#aliasDepth--;
      return converted;
    }
    if (isCollection(node) || isScalar(node)) this.#remember(node);
    if (isMap(node)) return this.#convertMap(node, path, keyAt, at);
    if (isSeq(node)) {
      const children = new Map<string, SourceNode>();
      const value = node.items.map((item, index) => {
        const child = this.convert(item as ParsedNode | null, [...path, index], null, at);
        children.set(String(index), child);
        return child.value;
      });
      return { value, at, keyAt, written: null, children, interpolation: 'none', authNames: [], isBroken: false };
    }
    if (isScalar(node)) return this.#convertScalar(node.value, node.source ?? '', at, keyAt);
    return leaf(null, at, keyAt, null);
  }

  #convertMap(map: YAMLMap, path: SourcePath, keyAt: SourceLocation | null, at: SourceLocation): SourceNode {
    const value: Record<string, unknown> = {};
    const children = new Map<string, SourceNode>();
    for (const pair of map.items as Pair<ParsedNode, ParsedNode | null>[]) {
      const place = this.#start(pair.key, at);
      const key = isScalar(pair.key) ? String(pair.key.source ?? pair.key.value ?? '') : null;
      if (key === null || key === '' || key === '__proto__') {
        const message = key === '' || key === null ? 'a key must be a text' : `the key "${key}" cannot be used`;
        this.problems.add(
          place,
          message,
          'Write "key: value", with the key in quotes where it holds special characters.',
        );
        continue;
      }
      const earlier = children.get(key);
      if (earlier !== undefined) {
        const kind = NAMED.get(String(path.at(-1))) ?? 'key';
        const message = `duplicate ${kind} "${key}"; it is first at ${formatLocation(earlier.keyAt ?? earlier.at)}`;
        this.problems.add(place, message, 'Remove or rename one of the two.');
        continue;
      }
      if (hasInterpolation(key)) {
        this.problems.add(
          place,
          `the key "${key}" holds an interpolation`,
          'Write the key itself; only values are replaced.',
        );
      }
      const child = this.convert(pair.value, [...path, key], place, place);
      children.set(key, child);
      value[key] = child.value;
    }
    return { value, at, keyAt, written: null, children, interpolation: 'none', authNames: [], isBroken: false };
  }

  #convertScalar(value: unknown, written: string, at: SourceLocation, keyAt: SourceLocation | null): SourceNode {
    if (typeof value !== 'string' || !value.includes('${')) return leaf(value, at, keyAt, written);
    const result = interpolate(value, this.context.env, this.context.readFile);
    if ('problem' in result) return this.#broken(at, keyAt, result.problem, result.hint, value);
    return { ...leaf(result.text, at, keyAt, value), interpolation: result.kind, authNames: result.authNames };
  }

  #remember(node: { readonly anchor?: string | undefined } & Node): void {
    if (node.anchor !== undefined && this.#aliasDepth === 0) this.#anchors.set(node.anchor, node);
  }

  #broken(
    at: SourceLocation,
    keyAt: SourceLocation | null,
    message: string,
    hint?: string,
    written: string | null = null,
  ): SourceNode {
    this.problems.add(at, message, hint);
    return { ...leaf(null, at, keyAt, written), isBroken: true };
  }

  #start(node: Node, fallback: SourceLocation): SourceLocation {
    return node.range ? this.locate(node.range[0]) : fallback;
  }
}

function leaf(value: unknown, at: SourceLocation, keyAt: SourceLocation | null, written: string | null): SourceNode {
  return { value, at, keyAt, written, children: new Map(), interpolation: 'none', authNames: [], isBroken: false };
}
