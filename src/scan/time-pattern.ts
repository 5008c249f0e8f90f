const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

const TOKEN = /'((?:[^']|'')*)'|y+|M+|d+|E+|H+|h+|m+|s+|S+|a|X+|x+|Z+/g;

/** Microseconds of the smallest part of a time that the pattern writes. */
export function patternUnit(pattern: string): bigint {
  const letters = new Set([...pattern.matchAll(TOKEN)].map((match) => (match[1] === undefined ? match[0][0]! : '')));
  if (letters.has('S')) return 1n;
  if (letters.has('s')) return 1_000_000n;
  if (letters.has('m')) return 60_000_000n;
  if (letters.has('H') || letters.has('h')) return 3_600_000_000n;
  return 86_400_000_000n;
}

/** Writes a local time by a pattern such as `dd/MM/yyyy HH:mm`; text between apostrophes stands for itself. */
export function formatPattern(localMicros: bigint, pattern: string, offsetMicros: bigint): string {
  const millis = Number(localMicros / 1000n);
  const date = new Date(millis);
  const micros = String(((localMicros % 1_000_000n) + 1_000_000n) % 1_000_000n).padStart(6, '0');
  return pattern.replace(TOKEN, (token: string, quoted: string | undefined) => {
    if (quoted !== undefined) return quoted === '' ? "'" : quoted.replaceAll("''", "'");
    const { length } = token;
    const padded = (value: number): string => String(value).padStart(length, '0');
    switch (token[0]) {
      case 'y':
        return length === 2 ? String(date.getUTCFullYear() % 100).padStart(2, '0') : padded(date.getUTCFullYear());
      case 'M': {
        const name = MONTHS[date.getUTCMonth()]!;
        return length >= 4 ? name : length === 3 ? name.slice(0, 3) : padded(date.getUTCMonth() + 1);
      }
      case 'd':
        return padded(date.getUTCDate());
      case 'E': {
        const name = DAYS[date.getUTCDay()]!;
        return length >= 4 ? name : name.slice(0, 3);
      }
      case 'H':
        return padded(date.getUTCHours());
      case 'h':
        return padded(date.getUTCHours() % 12 || 12);
      case 'm':
        return padded(date.getUTCMinutes());
      case 's':
        return padded(date.getUTCSeconds());
      case 'S':
        return micros.padEnd(length, '0').slice(0, length);
      case 'a':
        return date.getUTCHours() < 12 ? 'AM' : 'PM';
      default:
        return zoneText(token, Number(offsetMicros / 60_000_000n));
    }
  });
}

function zoneText(token: string, minutes: number): string {
  if (token[0] === 'X' && minutes === 0) return 'Z';
  const sign = minutes < 0 ? '-' : '+';
  const hours = String(Math.floor(Math.abs(minutes) / 60)).padStart(2, '0');
  const rest = String(Math.abs(minutes) % 60).padStart(2, '0');
  if (token.length === 1 && token[0] !== 'Z') return rest === '00' ? `${sign}${hours}` : `${sign}${hours}${rest}`;
  return token.length >= 3 && token[0] !== 'Z' ? `${sign}${hours}:${rest}` : `${sign}${hours}${rest}`;
}
