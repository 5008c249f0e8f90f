import type { ValuePlace } from '../config/model.js';

/** A value on its way into a request: where it goes, and under which name. */
export interface PlacedValue {
  readonly place: ValuePlace;
  /** Query parameter, `{name}` in the path, header, or a body's JSONPath or field. */
  readonly parameter: string;
  readonly value: string;
  /** True: a JSON body gets the text as it stands (a number, `true`, `false`) rather than as a string. */
  readonly isLiteral?: boolean;
  /** True: never shown. */
  readonly isSecret?: boolean;
}
