import type { Violation } from './layer-order.js';
import type { SourceImport } from './source-imports.js';

/**
 * One violation per knot of files that import each other (a strongly connected component, Tarjan's algorithm), with a
 * shortest cycle through the knot's first file, at the import that starts it.
 */
export function findCycles(imports: readonly SourceImport[]): readonly Violation[] {
  const edges = new Map<string, SourceImport[]>();
  for (const edge of imports) {
    const list = edges.get(edge.from);
    if (list === undefined) edges.set(edge.from, [edge]);
    else list.push(edge);
  }
  return findKnots(edges)
    .map((knot) => describeCycle(knot, edges))
    .sort((a, b) => (a.file < b.file ? -1 : 1));
}

type Edges = ReadonlyMap<string, readonly SourceImport[]>;

function findKnots(edges: Edges): readonly ReadonlySet<string>[] {
  const indexes = new Map<string, number>();
  const lows = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const knots: ReadonlySet<string>[] = [];

  const visit = (file: string): void => {
    const index = indexes.size;
    indexes.set(file, index);
    lows.set(file, index);
    stack.push(file);
    onStack.add(file);
    for (const { to } of edges.get(file) ?? []) {
      if (!indexes.has(to)) visit(to);
      else if (!onStack.has(to)) continue;
      lows.set(file, Math.min(lows.get(file)!, lows.get(to)!));
    }
    if (lows.get(file) !== index) return;
    const knot = new Set(stack.splice(stack.indexOf(file)));
    for (const member of knot) onStack.delete(member);
    const isSelfImport = (edges.get(file) ?? []).some(({ to }) => to === file);
    if (knot.size > 1 || isSelfImport) knots.push(knot);
  };
  for (const file of edges.keys()) if (!indexes.has(file)) visit(file);
  return knots;
}

function describeCycle(knot: ReadonlySet<string>, edges: Edges): Violation {
  const start = [...knot].sort()[0]!;
  const cameBy = new Map<string, SourceImport>();
  const queue = [start];
  for (const file of queue) {
    for (const edge of edges.get(file) ?? []) {
      if (!knot.has(edge.to) || cameBy.has(edge.to)) continue;
      cameBy.set(edge.to, edge);
      if (edge.to === start) return toViolation(start, cameBy);
      queue.push(edge.to);
    }
  }
  throw new Error(`no cycle through ${start}, although it is in one`);
}

function toViolation(start: string, cameBy: ReadonlyMap<string, SourceImport>): Violation {
  const path: SourceImport[] = [];
  let edge: SourceImport | undefined;
  do {
    edge = cameBy.get(edge?.from ?? start)!;
    path.unshift(edge);
  } while (edge.from !== start);
  const names = [start, ...path.map(({ to }) => to)].join(' > ');
  return { file: start, line: path[0]!.line, message: `files must not import each other in a cycle: ${names}` };
}
