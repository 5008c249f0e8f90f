import type { DriverOptions } from '../../config/model.js';
import { isList, isMap, type SampleMap, type SampleValue } from '../sample/sample-value.js';
import { NameMaker } from './column-names.js';
import { elementField, jsonField, type PathMaker } from './field-path.js';
import { findElementLeaves } from './infer-elements.js';
import { inferType, type TextMeaning } from './infer-type.js';

/** A column as DSN files write it: its type, and its field where that is not the column's name. */
export type InferredColumn = string | { readonly type: string; readonly field: string };
export type InferredColumns = Readonly<Record<string, InferredColumn>>;

/** An object with more members than this, most of them in few records, is a dictionary: its keys are data. */
const MOST_MEMBERS = 64;
/** PostgreSQL allows 1600; a table as wide as that is of no use to anyone. */
const MOST_COLUMNS = 400;

/**
 * The columns that records of this driver have: JSON's objects one level down are flattened with `_`, deeper ones are json; XML's
 * elements are flattened at any depth, and those that repeat are arrays.
 */
export function inferColumns(
  records: readonly SampleValue[],
  driver: DriverOptions['type'],
  taken: Iterable<string> = [],
): InferredColumns {
  const meaning: TextMeaning = driver === 'json' ? 'no-numbers' : 'any';
  const paths = driver === 'json' ? jsonField : driver === 'xml' ? elementField : plainField;
  const names = new NameMaker(taken);
  const columns: Record<string, InferredColumn> = {};
  const add = (
    source: string,
    path: readonly string[],
    values: readonly (SampleValue | undefined)[],
    isRepeated = false,
  ): void => {
    if (Object.keys(columns).length >= MOST_COLUMNS) return;
    const name = names.make(source);
    const type = `${inferType(values, meaning)}${isRepeated ? '[]' : ''}`;
    const field = paths(path);
    columns[name] = field === name ? type : { type, field };
  };
  if (!records.some(isMap)) {
    addPositions(records, add);
    return columns;
  }
  const maps = records.filter(isMap);
  if (driver === 'xml') {
    for (const { source, path, values, isRepeated } of findElementLeaves(maps)) add(source, path, values, isRepeated);
    return columns;
  }
  for (const [key, values] of membersOf(maps)) {
    const inner = flattened(values, maps.length);
    if (inner === null) add(key, [key], values);
    else for (const [member, innerValues] of inner) add(`${key}_${member}`, [key, member], innerValues);
  }
  return columns;
}

/** Records that are scalars have one column; lists have one for each position. */
function addPositions(
  records: readonly SampleValue[],
  add: (source: string, path: readonly string[], values: readonly (SampleValue | undefined)[]) => void,
): void {
  const lists = records.filter(isList);
  if (lists.length === 0) {
    add('value', [], records);
    return;
  }
  const width = Math.max(...lists.map((list) => list.length));
  for (let index = 0; index < width; index++) {
    add(
      `column_${index + 1}`,
      [`[${index}]`],
      lists.map((list) => list[index]),
    );
  }
}

/** Each key's values in all records, keys in the order of first sight. */
function membersOf(maps: readonly SampleMap[]): Map<string, SampleValue[]> {
  const members = new Map<string, SampleValue[]>();
  for (const map of maps) {
    for (const [key, value] of map) {
      const values = members.get(key);
      if (values === undefined) members.set(key, [value]);
      else values.push(value);
    }
  }
  return members;
}

/** The members of values that are objects all; null for a column of its own. */
function flattened(values: readonly SampleValue[], recordCount: number): Map<string, SampleValue[]> | null {
  const present = values.filter((value) => value !== null);
  if (present.length === 0 || !present.every(isMap)) return null;
  const members = membersOf(present);
  if (members.size === 0) return null;
  const isDictionary = members.size > MOST_MEMBERS && averageSize(present) < members.size / 4;
  return isDictionary || (members.size > MOST_MEMBERS * 4 && recordCount > 1) ? null : members;
}

function averageSize(maps: readonly SampleMap[]): number {
  return maps.reduce((sum, map) => sum + map.size, 0) / maps.length;
}

const plainField: PathMaker = (path) => path[0] ?? '1';
