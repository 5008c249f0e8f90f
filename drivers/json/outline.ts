import { errors } from '../../src/core/errors.js';
import type { FieldPath, Step } from './json-path.js';

/** A place in the document outside the records: on the way to them, or a value wanted from there. */
export interface OutlineNode {
  readonly keys: Map<string, OutlineNode>;
  readonly elements: Map<number, OutlineNode>;
  /** Every element, where the selector says `[*]`. */
  each: OutlineNode | null;
  /** `elements`: this array's elements are the records; `end`: the selector ends here, on an array or an object. */
  records: 'elements' | 'end' | null;
  /** Whether the records lie here or further down. */
  isOnPath: boolean;
  /** Indices of the values wanted as a whole here, and of those here or further down. */
  readonly values: number[];
  readonly valuesBelow: number[];
  /** Values that belong to the object or element here: they begin anew with it. */
  readonly scoped: number[];
}

/** The document's outline and where each wanted path came to lie in it. */
export interface Outline {
  readonly root: OutlineNode;
  /** By index of the capture: the value's index in the outline, or the path within the record. */
  readonly captures: readonly ({ readonly value: number } | { readonly steps: readonly Step[] })[];
  /** By index of the enclosing field: the value's index. */
  readonly enclosing: readonly number[];
  readonly valueCount: number;
}

const newNode = (): OutlineNode => ({
  keys: new Map(),
  elements: new Map(),
  each: null,
  records: null,
  isOnPath: false,
  values: [],
  valuesBelow: [],
  scoped: [],
});

/**
 * Lays out what is wanted of a document outside its records. `selector`: steps to the records; `captures`: paths from the
 * root; `enclosing`: fields that climb out of the record. Texts are for errors.
 */
export function makeOutline(
  selector: readonly Step[],
  captures: readonly { readonly steps: readonly Step[]; readonly text: string }[],
  enclosing: readonly { readonly path: FieldPath; readonly text: string; readonly column: string }[],
): Outline {
  const root = newNode();
  // Containers on the way to the records, outermost first.
  const way: OutlineNode[] = [];
  let node = root;
  node.isOnPath = true;
  selector.forEach((step, index) => {
    way.push(node);
    if (step.type === 'each' && index === selector.length - 1) {
      node.records = 'elements';
      return;
    }
    node = descend(node, step);
    node.isOnPath = true;
  });
  if (node.records === null) node.records = 'end';

  let valueCount = 0;
  const want = (from: OutlineNode, steps: readonly Step[], refuse: (hint: string) => never): number => {
    let at = from;
    const passed = [at];
    for (const step of steps) {
      if (step.type === 'index' && (at.each !== null || at.records !== null)) {
        refuse('A position in the array of the records, or of objects around them, cannot be asked for.');
      }
      at = descend(at, step);
      passed.push(at);
    }
    const value = valueCount++;
    at.values.push(value);
    from.scoped.push(value);
    for (const below of passed.slice(1)) below.valuesBelow.push(value);
    return value;
  };

  const enclosingValues = enclosing.map(({ path, text, column }) => {
    // An array counts only where it is itself an element: `^` is the nearest enclosing object or element.
    const levels = way.filter(
      (_, index) => selector[index]!.type === 'key' || (index > 0 && selector[index - 1]!.type !== 'key'),
    );
    const from = levels[levels.length - path.climb];
    const refuse = (hint: string): never => {
      throw errors.configuration(`column "${column}": field "${text}" leads nowhere`, { hint });
    };
    if (from === undefined) {
      refuse(
        `The records have ${levels.length === 0 ? 'no' : levels.length} enclosing objects: shorten the field, or check records.`,
      );
    }
    return want(from as OutlineNode, path.steps, refuse);
  });

  const captureValues = captures.map(({ steps, text }) => {
    const inner = stepsWithin(selector, steps);
    const refuse = (hint: string): never => {
      throw errors.configuration(`the field "${text}" lies within the records`, { hint });
    };
    if (inner !== null && node.records === 'end') {
      if (inner[0]?.type === 'index') refuse('Take a field that stands outside the records, or once in the page.');
      // The records' own place, where it is an array, is outside of each of them: only fields of an object are in the record.
      if (inner.length > 0) return { steps: inner };
    }
    return { value: want(root, steps, refuse) };
  });
  return { root, captures: captureValues, enclosing: enclosingValues, valueCount };
}

/** What is left of `steps` behind the whole of `prefix`; null when they lead elsewhere. */
function stepsWithin(prefix: readonly Step[], steps: readonly Step[]): readonly Step[] | null {
  const isWithin = prefix.every((step, index) => {
    const other = steps[index];
    if (other === undefined || other.type !== step.type) return false;
    if (step.type === 'key') return other.type === 'key' && other.key === step.key;
    return step.type === 'index' && other.type === 'index' && other.index === step.index;
  });
  return isWithin ? steps.slice(prefix.length) : null;
}

function descend(node: OutlineNode, step: Step): OutlineNode {
  if (step.type === 'each') {
    node.each ??= newNode();
    return node.each;
  }
  const children: Map<string | number, OutlineNode> = step.type === 'key' ? node.keys : node.elements;
  const name = step.type === 'key' ? step.key : step.index;
  let child = children.get(name);
  if (child === undefined) {
    child = newNode();
    children.set(name, child);
  }
  return child;
}
