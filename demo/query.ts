/** A parameter the API cannot read: answered 400, naming it and saying what it has to be. */
export class RequestProblem extends Error {
  readonly parameter: string;

  constructor(parameter: string, wanted: string) {
    super(`parameter "${parameter}" must be ${wanted}`);
    this.name = 'RequestProblem';
    this.parameter = parameter;
  }
}

/** A parameter as a whole number of any size; null where it is absent. */
export function readInteger(query: URLSearchParams, name: string): bigint | null {
  const text = query.get(name);
  if (text === null) return null;
  if (!/^-?\d{1,30}$/.test(text)) throw new RequestProblem(name, 'a whole number');
  return BigInt(text);
}

/** A paging parameter: `fallback` where it is absent, no more than `max` where it asks for more. */
export function readCount(
  query: URLSearchParams,
  name: string,
  { fallback, min, max }: { readonly fallback: number; readonly min: number; readonly max: number },
): number {
  const value = readInteger(query, name) ?? BigInt(fallback);
  if (value < BigInt(min)) throw new RequestProblem(name, `a whole number, ${min} or more`);
  return value > BigInt(max) ? max : Number(value);
}

const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d{2}):(\d{2}))$/;

/** An RFC 3339 time in microseconds since 1970, digits below that cut off; null where the parameter is absent. */
export function readRfc3339Micros(query: URLSearchParams, name: string): number | null {
  const text = query.get(name);
  if (text === null) return null;
  const problem = new RequestProblem(name, 'an RFC 3339 time such as 2024-01-31T00:00:00Z (write a + as %2B)');
  const match = RFC_3339.exec(text);
  if (match === null) throw problem;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const isOnCalendar = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  const offsetHours = Number(match[10] ?? 0);
  const offsetMinutes = Number(match[11] ?? 0);
  if (!isOnCalendar || hour > 23 || minute > 59 || second > 60 || offsetHours > 23 || offsetMinutes > 59) throw problem;
  const offset = (offsetHours * 60 + offsetMinutes) * (match[9] === '-' ? -1 : 1);
  const seconds = date.getTime() / 1_000 + hour * 3_600 + (minute - offset) * 60 + second;
  return seconds * 1_000_000 + Number((match[7] ?? '').padEnd(6, '0').slice(0, 6));
}
