/** A number as its source writes it: 1 and 1.0 are different columns' values. */
export class SampleNumber {
  constructor(readonly text: string) {}
}

/** A list of values. */
export type SampleList = readonly SampleValue[];
/** Named values in the source's order. */
export type SampleMap = ReadonlyMap<string, SampleValue>;

/** A value of a sampled page, whatever its format. */
export type SampleValue = null | boolean | string | SampleNumber | SampleList | SampleMap;

/** Whether a value is a list. */
export function isList(value: SampleValue | undefined): value is SampleList {
  return Array.isArray(value);
}

/** Whether a value has named members. */
export function isMap(value: SampleValue | undefined): value is SampleMap {
  return value instanceof Map;
}

/** The value's text, as long as it is a text or a number. */
export function scalarText(value: SampleValue | undefined): string | null {
  if (typeof value === 'string') return value;
  if (value instanceof SampleNumber) return value.text;
  return typeof value === 'boolean' ? String(value) : null;
}
