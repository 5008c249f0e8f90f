import { isList, isMap, type SampleMap, type SampleValue } from '../sample/sample-value.js';

/** The member of an XML element with attributes that is its text. */
export const OWN_TEXT = 'text()';

/** What an element that is deeper than this holds is one text. */
const MAX_DEPTH = 8;

/** A place in XML records that holds text, and all the texts that it was seen to hold. */
export interface ElementLeaf {
  /** What to name a column after. */
  readonly source: string;
  readonly path: readonly string[];
  readonly values: readonly SampleValue[];
  /** Whether one record can hold several, so that only an array column takes them all. */
  readonly isRepeated: boolean;
}

/**
 * The places of XML records that hold text, at any depth, in the order of first sight. XML has no value for an element with
 * elements in it, as JSON has for an object: each of its parts is a column.
 */
export function findElementLeaves(records: readonly SampleMap[]): readonly ElementLeaf[] {
  const leaves: ElementLeaf[] = [];
  const visit = (names: readonly string[], path: readonly string[], found: readonly SampleValue[], above: boolean) => {
    const isRepeated = above || found.some((value) => isList(value) && value.length > 1);
    const values = found.flatMap((value): readonly SampleValue[] => (isList(value) ? value : [value]));
    const own = path.at(-1) === OWN_TEXT;
    if (!values.some(isMap) || path.length >= MAX_DEPTH) {
      // The record's own text has nothing before it to be named after.
      const parts = own ? names.slice(0, -1) : names;
      leaves.push({
        source: parts.length === 0 ? 'value' : parts.map((name) => name.replace(/^@/, '')).join('_'),
        path,
        values: values.some(isMap) ? [] : values,
        isRepeated,
      });
      return;
    }
    for (const [member, inner] of membersOf(values)) visit([...names, member], [...path, member], inner, isRepeated);
  };
  for (const [member, values] of membersOf(records)) visit([member], [member], values, false);
  return leaves;
}

/** Each member's values; an element that has only text has it as a member too where others of its name have more. */
function membersOf(values: readonly SampleValue[]): ReadonlyMap<string, readonly SampleValue[]> {
  const members = new Map<string, SampleValue[]>();
  for (const value of values) {
    if (value === null) continue;
    for (const [member, inner] of isMap(value) ? value : [[OWN_TEXT, value] as const]) {
      const others = members.get(member);
      if (others === undefined) members.set(member, [inner]);
      else others.push(inner);
    }
  }
  return members;
}
