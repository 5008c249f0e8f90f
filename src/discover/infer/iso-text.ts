const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIME = /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?$/;
const STAMP =
  /^(\d{4})-(\d{2})-(\d{2})[T ]([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?(Z|[+-]\d{2}(?::?\d{2})?)?$/i;

/** What an ISO 8601 text is; null for any other text, and for days that no calendar has. */
export function parseIsoDatetime(text: string): 'date' | 'time' | 'timestamp' | 'timestamptz' | null {
  if (text.length > 40) return null;
  if (TIME.test(text)) return 'time';
  const match = DATE.exec(text) ?? STAMP.exec(text);
  if (match === null || !isDay(Number(match[1]), Number(match[2]), Number(match[3]))) return null;
  if (match.length === 4) return 'date';
  return match[5] === undefined ? 'timestamp' : 'timestamptz';
}

function isDay(year: number, month: number, day: number): boolean {
  if (year === 0 || month < 1 || month > 12 || day < 1) return false;
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}
