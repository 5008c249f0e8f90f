import { errors, type GatewayError } from '../../src/core/errors.js';
import { excerpt } from '../page-error.js';
import { descend, type PathNode, wantValue } from './path-tree.js';
import { type ElementStep, parseFieldPath } from './xml-path.js';

/** Where a fault's texts stand, in SOAP 1.1 (4.4) and SOAP 1.2 (part 1, 5.4). */
const FIELDS = ['faultstring', 'Reason/Text', 'faultcode', 'Code/Value'];

/** Adds what is wanted of a SOAP fault to the tree; its values are numbered from `firstValue` on. Returns how many they are. */
export function wantFault(root: PathNode, firstValue: number, records: readonly ElementStep[]): number {
  // Who asks for the faults themselves gets them as rows.
  if (records[2]?.local === 'Fault') return 0;
  let node = root;
  for (const local of ['Envelope', 'Body', 'Fault']) node = descend(node, { local, namespace: null });
  node.isFault = true;
  FIELDS.forEach((field, index) => {
    wantValue(node, parseFieldPath(field, 'field', new Map()), firstValue + index);
  });
  return FIELDS.length;
}

/** The error for a fault whose texts are `values`, in the order that `wantFault` numbered them. */
export function faultError(values: readonly (string | null)[], where: string): GatewayError {
  const [message11, message12, code11, code12] = values.map((value) =>
    value === null || value.trim() === '' ? null : excerptText(value),
  );
  const message = message11 ?? message12 ?? 'without a message';
  const code = code11 ?? code12;
  return errors.apiError(`the API answered with a SOAP fault: ${message}`, {
    detail: code === undefined || code === null ? where : `${where}, fault code ${code}`,
    hint: 'The API refused the request: check the parameters, headers and body that the table sends.',
  });
}

function excerptText(text: string): string {
  return excerpt(Buffer.from(text.slice(0, 300), 'utf8'), 240);
}
