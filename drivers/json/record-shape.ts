import type { Step } from './json-path.js';
import { KeyTable } from './key-table.js';

interface DraftNode {
  isWanted: boolean;
  readonly keys: Map<string, DraftNode>;
  readonly elements: Map<number, DraftNode>;
}

const newNode = (): DraftNode => ({ isWanted: false, keys: new Map(), elements: new Map() });

/**
 * The wanted part of a record as a tree in arrays, for the scanner: node 0 is everything unwanted, node 1 the record itself.
 * Each wanted path has a slot; a node's own slot and those below it are the range `slotLow[n] … slotHigh[n]`, so that a
 * repeated key can take back what the earlier one brought.
 */
export class RecordShape {
  readonly slotCount: number;
  /** The node's own slot, -1 if its value is not wanted as a whole. */
  readonly ownSlot: Int32Array;
  /** The same for nodes with nothing wanted below them, -1 for all others. */
  readonly leafSlot: Int32Array;
  readonly slotLow: Int32Array;
  readonly slotHigh: Int32Array;
  /** Head of the node's keys in `keys`, 0 if no member of it is wanted. */
  readonly head: Int32Array;
  /** Where the node's wanted elements start in `elementNode`, and how many positions they span. */
  readonly elementStart: Int32Array;
  readonly elementCount: Int32Array;
  readonly elementNode: Int32Array;
  readonly keys: KeyTable;
  /** By node: its members that lead to nodes. */
  readonly wanted: readonly ReadonlyMap<string, number>[];
  /** Slot by index of the path given to the constructor. */
  readonly slotOfPath: Int32Array;

  constructor(paths: readonly (readonly Step[])[]) {
    const root = newNode();
    const ends = paths.map((steps) => {
      let node = root;
      for (const step of steps) node = descend(node, step);
      node.isWanted = true;
      return node;
    });

    const nodes: DraftNode[] = [];
    const collect = (node: DraftNode): void => {
      nodes.push(node);
      for (const child of [...node.keys.values(), ...node.elements.values()]) collect(child);
    };
    collect(root);
    const idOf = new Map(nodes.map((node, index) => [node, index + 1]));
    const size = nodes.length + 1;
    this.ownSlot = new Int32Array(size).fill(-1);
    this.leafSlot = new Int32Array(size).fill(-1);
    this.slotLow = new Int32Array(size);
    this.slotHigh = new Int32Array(size);
    this.head = new Int32Array(size);
    this.elementStart = new Int32Array(size);
    this.elementCount = new Int32Array(size);
    const wanted: Map<string, number>[] = [new Map()];
    const elementNodes: number[] = [];
    let slots = 0;
    const number = (node: DraftNode): void => {
      const id = idOf.get(node)!;
      this.slotLow[id] = slots;
      if (node.isWanted) this.ownSlot[id] = slots++;
      wanted[id] = new Map([...node.keys].map(([key, child]) => [key, idOf.get(child)!]));
      if (node.elements.size > 0) {
        const count = Math.max(...node.elements.keys()) + 1;
        this.elementStart[id] = elementNodes.length;
        this.elementCount[id] = count;
        for (let i = 0; i < count; i++) elementNodes.push(idOf.get(node.elements.get(i) as DraftNode) ?? 0);
      }
      for (const child of [...node.keys.values(), ...node.elements.values()]) number(child);
      this.slotHigh[id] = slots;
      if (node.isWanted && node.keys.size === 0 && node.elements.size === 0) this.leafSlot[id] = this.ownSlot[id]!;
    };
    number(root);
    this.slotCount = slots;
    this.elementNode = Int32Array.from(elementNodes);
    this.wanted = wanted;
    this.keys = new KeyTable(wanted);
    for (let id = 1; id < size; id++) if (wanted[id]!.size > 0) this.head[id] = this.keys.makeHead(id);
    this.slotOfPath = Int32Array.from(ends, (node) => this.ownSlot[idOf.get(node)!]!);
  }
}

function descend(node: DraftNode, step: Step): DraftNode {
  if (step.type === 'each') throw new Error('record shape: a field path with [*]');
  let child = step.type === 'key' ? node.keys.get(step.key) : node.elements.get(step.index);
  if (child === undefined) {
    child = newNode();
    if (step.type === 'key') node.keys.set(step.key, child);
    else node.elements.set(step.index, child);
  }
  return child;
}
