/**
 * Names of the DSN format that do not work yet: they get an error of their own instead of "unknown key". Whoever makes one work
 * moves it from here into its schema.
 */
const UNSUPPORTED_KEYS: Readonly<Record<UnsupportedContext, readonly string[]>> = {
  dsn: [],
  table: [],
  gateway: [],
  auth: [],
  pagination: [],
  limits: [],
  other: [],
};

/** The kind of map that a key stands in. */
export type UnsupportedContext = 'dsn' | 'table' | 'gateway' | 'auth' | 'pagination' | 'limits' | 'other';

/** Whether a key belongs to the format but does nothing yet. */
export function isUnsupportedKey(context: UnsupportedContext, key: string): boolean {
  return UNSUPPORTED_KEYS[context].includes(key);
}
