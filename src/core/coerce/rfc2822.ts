import { checkedDate, checkedTime, type DatetimeValue, readZone } from './datetime-value.js';
import { monthNumber } from './month-names.js';

const RFC2822 =
  /^\s*(?:[a-z]{3,9}\s*,\s*)?(\d{1,2})[\s-]+([a-z]{3})[a-z]*[\s-]+(\d{2,4})\s+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s+([+-]\d{4}|[a-z]{1,4}))?\s*(?:\([^()]*\)\s*)?$/i;

/** The zone words of RFC 822 that RFC 2822 still has to read (section 4.3), in hours. */
const ZONES: Readonly<Record<string, number>> = {
  ut: 0,
  gmt: 0,
  utc: 0,
  z: 0,
  est: -5,
  edt: -4,
  cst: -6,
  cdt: -5,
  mst: -7,
  mdt: -6,
  pst: -8,
  pdt: -7,
};

/** Reads the dates of mail and HTTP headers (RFC 2822 section 3.3 with 4.3); null for text in another form. */
export function parseRfc2822(text: string): DatetimeValue | null {
  const match = RFC2822.exec(text);
  const month = match === null ? 0 : monthNumber(match[2]!);
  if (match === null || month === 0) return null;
  const zone = match[7]?.toLowerCase();
  let offset = readZone(match[7], text);
  if (typeof offset === 'string') {
    const hours = ZONES[zone!];
    if (hours === undefined) return null;
    offset = hours * 3600;
  }
  return {
    date: checkedDate(fullYear(match[3]!), month, Number(match[1]), text),
    micros: checkedTime(Number(match[4]), Number(match[5]), Number(match[6] ?? 0), '', text),
    zone: offset,
  };
}

/** Two digits: 00 to 49 are this century; three: counted from 1900. */
function fullYear(digits: string): number {
  const year = Number(digits);
  if (digits.length === 2) return year < 50 ? 2000 + year : 1900 + year;
  return digits.length === 3 ? 1900 + year : year;
}
