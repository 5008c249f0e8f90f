import type { NamespaceScope } from './namespaces.js';
import { splitName } from './namespaces.js';
import { matchingChildren, type PathNode } from './path-tree.js';

/** What a name stands for that the general path has to see: namespace declarations, several wanted paths at once. */
export const SEEN_BY_ALL = -1;
/** What `xsi:nil` stands for. */
export const NIL = -2;

/** The elements of a record plan: nothing wanted, the records' parent, the record. */
export const UNWANTED = 0;
export const PARENT = 1;
export const RECORD = 2;

/** What is wanted of records, with elements and values as numbers. */
export class RecordPlan {
  /** By element: the slot of its whole text and of the text directly in it; -1 where none is wanted. */
  readonly wholeSlot: number[] = [-1, -1];
  readonly ownSlot: number[] = [-1, -1];
  /** By value (a wanted column): its slot, -1 where it is not the record's. */
  readonly slotOf: Int32Array;
  slotCount = 0;
  /** Whether what a name means may change with the namespaces in force. */
  dependsOnScope: boolean;
  readonly #nodes: (PathNode | null)[] = [null];
  readonly #numbers = new Map<PathNode, number>();
  /** By element: the slots of its attributes, as the node lists them. */
  readonly #attributeSlots: number[][] = [[], []];
  readonly #scope: NamespaceScope;

  /**
   * Null where records cannot be read on their own: values that are captured or climbed to lie in them. `isOwn`: whether a
   * value is a column of the record itself. `scope`: the namespaces in force where the records are; `hasNamespaces`: whether
   * the paths tell them apart.
   */
  static make(
    parent: PathNode,
    record: PathNode,
    valueCount: number,
    isOwn: (value: number) => boolean,
    scope: NamespaceScope,
    hasNamespaces: boolean,
  ): RecordPlan | null {
    const plan = new RecordPlan(parent, valueCount, scope, hasNamespaces);
    return plan.#lay(record, isOwn) ? plan : null;
  }

  private constructor(parent: PathNode, valueCount: number, scope: NamespaceScope, hasNamespaces: boolean) {
    this.dependsOnScope = hasNamespaces;
    this.#nodes.push(parent);
    this.#numbers.set(parent, PARENT);
    this.slotOf = new Int32Array(valueCount).fill(-1);
    this.#scope = scope;
  }

  #lay(node: PathNode, isOwn: (value: number) => boolean): boolean {
    this.#numbers.set(node, this.#nodes.length);
    this.#nodes.push(node);
    if (![...node.wholeText, ...node.ownText, ...node.attributes.map(({ value }) => value)].every(isOwn)) return false;
    if (!node.scoped.every(isOwn) || node.isFault) return false;
    this.wholeSlot.push(this.#slotFor(node.wholeText));
    this.ownSlot.push(this.#slotFor(node.ownText));
    this.#attributeSlots.push(node.attributes.map(({ value }) => this.#slotFor([value])));
    return node.children.every(({ node: child }) => this.#lay(child, isOwn));
  }

  #slotFor(values: readonly number[]): number {
    if (values.length === 0) return -1;
    const slot = this.slotCount++;
    for (const value of values) this.slotOf[value] = slot;
    return slot;
  }

  /** The element that a child of `element` is. */
  readonly child = (element: number, name: string): number => {
    const { prefix, local } = splitName(name);
    const parent = this.#nodes[element] ?? null;
    if (parent === null) return UNWANTED;
    const nodes = matchingChildren([parent], local, () => this.#scope.resolve(prefix));
    if (element === PARENT) {
      // Whatever else lies between the records may be wanted as well.
      return nodes.length === 1 && this.#numbers.get(nodes[0]!) === RECORD ? RECORD : SEEN_BY_ALL;
    }
    if (nodes.length > 1) return SEEN_BY_ALL;
    return nodes.length === 0 ? UNWANTED : this.#numbers.get(nodes[0]!)!;
  };

  /** One more than the slot of an attribute of `element`; 0 where it is not wanted. */
  readonly attribute = (element: number, name: string): number => {
    const { prefix, local } = splitName(name);
    if (name === 'xmlns' || prefix === 'xmlns') return SEEN_BY_ALL;
    let found = 0;
    if (prefix !== '' && local === 'nil') {
      this.dependsOnScope = true;
      if (this.#scope.isInstancePrefix(prefix)) found = NIL;
    }
    this.#nodes[element]?.attributes.forEach((wanted, index) => {
      if (wanted.local !== local && wanted.local !== '*') return;
      if (wanted.namespace !== null && (prefix === '' || this.#scope.resolve(prefix) !== wanted.namespace)) return;
      found = found === 0 ? this.#attributeSlots[element]![index]! + 1 : SEEN_BY_ALL;
    });
    return found;
  };
}
