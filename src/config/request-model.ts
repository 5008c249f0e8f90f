import type { ConfiguredText } from '../core/secret.js';

/** Where a value goes in a request. `body` holds a JSONPath (`$.a.b`) for JSON bodies, a field name for forms. */
export type ValuePlace = 'query' | 'path' | 'header' | 'body';

export type BodyModel =
  /** `value` holds a `Secret` in place of each text that was interpolated: reveal them when the body is written. */
  | { readonly type: 'json'; readonly value: unknown }
  | { readonly type: 'form'; readonly fields: ReadonlyMap<string, ConfiguredText> }
  | { readonly type: 'text' | 'xml'; readonly text: ConfiguredText };
