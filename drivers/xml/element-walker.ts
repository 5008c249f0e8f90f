import { errors } from '../../src/core/errors.js';
import { NamespaceScope, splitName } from './namespaces.js';
import { matchingChildren, type PathNode } from './path-tree.js';
import type { Attribute, XmlHandler } from './tokenizer.js';

/** Most characters that a record's wanted values may have together. */
const MAX_CHARACTERS = 64 * 1024 * 1024;

/** What the walker tells the reader. A value is its text, or null where the element is `xsi:nil`. */
export interface WalkerHost {
  startScope(value: number): void;
  addValue(value: number, text: string | null): void;
  endRecord(): void;
  endFault(): void;
}

interface Level {
  readonly nodes: readonly PathNode[];
  /** Texts of this element that are being gathered. */
  readonly gathered: Gathered[];
}

interface Gathered {
  readonly value: number;
  /** Null for the text within elements below, too; else the depth that the text has to stand at. */
  readonly depth: number | null;
  readonly isNil: boolean;
  text: string;
}

const NOTHING: Level = { nodes: [], gathered: [] };

/** Follows a document's elements down the tree of wanted paths and gathers the wanted texts. */
export class ElementWalker implements XmlHandler {
  readonly #host: WalkerHost;
  readonly #root: PathNode;
  readonly #levels: Level[] = [];
  readonly #active: Gathered[] = [];
  readonly scope = new NamespaceScope();
  #characters = 0;
  #where = '';
  /** Whether the path to the records was there, be it without a record. */
  isPathFound = false;

  constructor(root: PathNode, host: WalkerHost) {
    this.#root = root;
    this.#host = host;
  }

  /** Starts a page. */
  startPage(where: string): void {
    this.#where = where;
    this.#levels.length = 0;
    this.#active.length = 0;
    this.scope.reset();
    this.#characters = 0;
    this.isPathFound = false;
    for (const value of this.#root.scoped) this.#host.startScope(value);
  }

  /** The innermost open element if it is wanted for `node` alone, and nothing gathers the text within it; else null. */
  levelAt(node: PathNode): object | null {
    const level = this.#levels.at(-1);
    if (level === undefined || this.#active.length > 0) return null;
    return level.nodes.length === 1 && level.nodes[0] === node ? level : null;
  }

  startElement(name: string, attributes: readonly Attribute[]): void {
    this.scope.enter(attributes);
    const above = this.#levels.length === 0 ? [this.#root] : this.#levels.at(-1)!.nodes;
    if (above.length === 0) {
      this.#levels.push(NOTHING);
      return;
    }
    const { prefix, local } = splitName(name);
    const nodes = matchingChildren(above, local, () => this.scope.resolve(prefix));
    if (nodes.length === 0) {
      this.#levels.push(NOTHING);
      return;
    }
    const gathered: Gathered[] = [];
    const isNil = attributes.length > 0 && this.scope.isNil(attributes);
    for (const node of nodes) {
      if (node.isRecord || node.holdsRecords) this.isPathFound = true;
      if (node.isRecord) this.#characters = 0;
      for (const value of node.scoped) this.#host.startScope(value);
    }
    const depth = this.#levels.length + 1;
    for (const node of nodes) {
      for (const value of node.wholeText) gathered.push({ value, depth: null, isNil, text: '' });
      for (const value of node.ownText) gathered.push({ value, depth, isNil, text: '' });
      if (node.attributes.length > 0) this.#takeAttributes(node, attributes);
    }
    this.#levels.push({ nodes, gathered });
    this.#active.push(...gathered);
  }

  #takeAttributes(node: PathNode, attributes: readonly Attribute[]): void {
    for (const wanted of node.attributes) {
      const found = attributes.find(({ name }) => {
        const { prefix, local } = splitName(name);
        if ((local !== wanted.local && wanted.local !== '*') || name === 'xmlns' || prefix === 'xmlns') return false;
        return wanted.namespace === null || (prefix !== '' && this.scope.resolve(prefix) === wanted.namespace);
      });
      if (found === undefined) continue;
      this.#count(found.value.length);
      this.#host.addValue(wanted.value, found.value);
    }
  }

  text(text: string): void {
    if (this.#active.length === 0) return;
    const depth = this.#levels.length;
    for (const gathered of this.#active) {
      if (gathered.depth !== null && gathered.depth !== depth) continue;
      this.#count(text.length);
      gathered.text += text;
    }
  }

  #count(characters: number): void {
    this.#characters += characters;
    if (this.#characters <= MAX_CHARACTERS) return;
    throw errors.limitExceeded(`the values of a record have more than ${MAX_CHARACTERS} characters`, {
      detail: this.#where,
      hint: 'Point records at smaller elements, and take no field that holds many of them.',
    });
  }

  endElement(): void {
    const { nodes, gathered } = this.#levels.pop()!;
    this.scope.leave();
    if (nodes.length === 0) return;
    this.#active.length -= gathered.length;
    for (const { value, isNil, text } of gathered)
      this.#host.addValue(value, isNil && text.trim() === '' ? null : text);
    if (nodes.some((node) => node.isFault)) this.#host.endFault();
    if (nodes.some((node) => node.isRecord)) this.#host.endRecord();
  }
}
