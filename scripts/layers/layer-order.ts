import type { SourceImport } from './source-imports.js';

/** A broken rule, at the import that breaks it. */
export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** From the lowest to the highest; layers of one step do not import each other. */
const LAYER_ORDER: readonly (readonly string[])[] = [
  ['core'],
  ['wire', 'config'],
  ['http'],
  ['oauth'],
  ['drivers'],
  ['scan'],
  ['discover'],
  ['engine'],
  ['plan'],
  ['session'],
  ['server'],
  ['cli'],
];

/** The order as it is printed. */
export const LAYER_ORDER_TEXT = LAYER_ORDER.map((step) => step.join(', ')).join(' < ');

const RANKS = new Map(LAYER_ORDER.flatMap((step, rank) => step.map((layer) => [layer, rank] as const)));

// Every part reads the configuration's types, so the file that declares them, and nothing else, is open to all.
const SHARED_TYPES = 'src/config/model.ts';

/** What forbids this import; null when nothing does. Files outside `src` and `drivers` may import anything. */
export function checkLayer({ from, to, line, isTypeOnly }: SourceImport): Violation | null {
  if (!isProduct(from)) return null;
  const violation = (rule: string): Violation => ({ file: from, line, message: `${rule} (imports ${to})` });
  const layer = layerOf(from);
  const target = layerOf(to);
  if (layer === null) return violation(`${from} is in no layer: ${LAYER_ORDER_TEXT}`);
  if (!isProduct(to)) return violation('src and drivers import nothing but src and drivers');
  if (target === null) return violation(`${to} is in no layer: ${LAYER_ORDER_TEXT}`);
  if (layer === target || (isTypeOnly && to === SHARED_TYPES)) return null;
  if (RANKS.get(target)! < RANKS.get(layer)!) return null;
  return violation(`${layer} must not import ${target}: imports only go leftwards in ${LAYER_ORDER_TEXT}`);
}

/** A product file that stands in no layer, whether it imports something or not. */
export function checkPlace(file: string): Violation | null {
  if (!isProduct(file) || layerOf(file) !== null) return null;
  return { file, line: 1, message: `no layer has this folder: ${LAYER_ORDER_TEXT}` };
}

/** Whether an import takes part in cycles: the types that are open to all are erased and lead back by design. */
export function isDependency({ to, isTypeOnly }: SourceImport): boolean {
  return !(isTypeOnly && to === SHARED_TYPES);
}

function isProduct(file: string): boolean {
  return /^(?:src|drivers)\//.test(file);
}

function layerOf(file: string): string | null {
  const [top, folder, rest] = file.split('/');
  if (top === 'drivers') return 'drivers';
  const layer = top === 'src' && rest !== undefined ? folder! : null;
  // `drivers` is a layer, but a top-level folder: src/drivers would be a mistake.
  return layer !== null && layer !== 'drivers' && RANKS.has(layer) ? layer : null;
}
