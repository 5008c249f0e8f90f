import { draw } from './random.js';

const SEED = 53;
const DAYS = 600;
const FIRST_DAY_MS = Date.UTC(2023, 0, 1);
const DAY_MS = 86_400_000;
// What one euro buys, and how far a day may be from it, in ten-thousandths.
const CURRENCIES = [
  { code: 'CHF', base: 9_700, spread: 300 },
  { code: 'GBP', base: 8_600, spread: 250 },
  { code: 'JPY', base: 1_580_000, spread: 60_000 },
  { code: 'SEK', base: 114_000, spread: 3_000 },
  { code: 'USD', base: 10_800, spread: 400 },
] as const;

/**
 * Daily exchange rates as CSV (RFC 4180: header, CRLF), one row a day and currency.
 * @param currencies codes to keep; null: all
 */
export function renderRates(currencies: readonly string[] | null): string {
  const kept = CURRENCIES.map((currency, index) => ({ ...currency, index })).filter(
    ({ code }) => currencies?.includes(code) ?? true,
  );
  const lines = ['date,currency,rate'];
  for (let day = 0; day < DAYS; day++) {
    const date = new Date(FIRST_DAY_MS + day * DAY_MS).toISOString().slice(0, 10);
    for (const { code, base, spread, index } of kept) {
      const rate = base + (draw(SEED + index, day) % (2 * spread)) - spread;
      lines.push(`${date},${code},${Math.floor(rate / 10_000)}.${String(rate % 10_000).padStart(4, '0')}`);
    }
  }
  return `${lines.join('\r\n')}\r\n`;
}
