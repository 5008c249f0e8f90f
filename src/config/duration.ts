const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
/** Node's timers hold no more. */
const MAX_MS = 2 ** 31 - 1;

/** Milliseconds of `500ms`, `30s`, `5m` or `1h`; null when it is none of these or longer than a timer can run. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,10}(?:\.\d{1,3})?)\s*(ms|s|m|h)$/.exec(text.trim());
  if (!match) return null;
  const ms = Math.round(Number(match[1]) * UNITS[match[2]!]!);
  return ms <= MAX_MS ? ms : null;
}
