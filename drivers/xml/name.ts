/** XML's own ranges, told by Unicode's categories. */
const NAME = /^[:_\p{L}][-.:_\u00b7\p{L}\p{N}\p{M}]*$/u;

/** Whether elements and attributes may have this name (XML 1.0, 2.3). */
export function isName(text: string): boolean {
  return NAME.test(text);
}
