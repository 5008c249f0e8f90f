import { describe, expect, test } from 'vitest';
import { type CoercedColumn, makeCoercer } from '../../src/core/coerce/coercer.js';
import { GatewayError } from '../../src/core/errors.js';
import { column } from './columns.js';

function coerce(type: string, text: string, settings: Partial<CoercedColumn> = {}): string | null {
  try {
    return makeCoercer(column(type, settings)).fromString(text);
  } catch (error) {
    if (error instanceof GatewayError) return `${error.sqlstate} ${error.message}`;
    throw error;
  }
}

describe('ISO 8601', () => {
  test.each([
    ['timestamptz', '2024-01-02T03:04:05.120Z', '2024-01-02 03:04:05.12+00'],
    ['timestamptz', '2024-01-01T00:30:00+02:00', '2023-12-31 22:30:00+00'],
    ['timestamptz', '20240229T235960-0130', '2024-03-01 01:30:00+00'],
    ['timestamptz', '2024-02-28T24:00:00Z', '2024-02-29 00:00:00+00'],
    ['timestamptz', '2024-01-02T03:04:05,1234565Z', '2024-01-02 03:04:05.123456+00'],
    ['timestamptz', '+012024-01-02T03:04:05Z', '12024-01-02 03:04:05+00'],
    ['timestamptz', '-000001-01-02T03:04:05Z', '0002-01-02 03:04:05+00 BC'],
    ['timestamptz', '0001-01-01T00:00:00+01:00', '0001-12-31 23:00:00+00 BC'],
    ['timestamptz', '9999-12-31T23:00:00-02:00', '10000-01-01 01:00:00+00'],
    ['timestamptz', '2024-01-02Z', '2024-01-02 00:00:00+00'],
    ['timestamptz', '-infinity', '-infinity'],
    ['timestamp', '2024-01-02T03:04:05+09:00', '2024-01-02 03:04:05'],
    ['date', '2024-01-02T23:59:59-12:00', '2024-01-02'],
    ['time', '2024-01-02T03:04:05.5Z', '03:04:05.5'],
    ['time', '24:00', '24:00:00'],
  ])('%s %s is %s', (type, text, expected) => {
    expect(coerce(type, text)).toBe(expected);
  });

  test.each([
    ['timestamptz', 'soon', '22007 invalid input syntax for type timestamp with time zone: "soon"'],
    ['timestamp', '', '22007 invalid input syntax for type timestamp: ""'],
    ['timestamptz', '2024-02-30T00:00:00Z', '22008 date/time field value out of range: "2024-02-30T00:00:00Z"'],
    ['timestamptz', '2024-13-01', '22008 date/time field value out of range: "2024-13-01"'],
    ['timestamptz', '294277-01-01', '22008 timestamp out of range: "294277-01-01"'],
    [
      'timestamptz',
      '2024-01-02 03:04 Mars/Base',
      '22007 invalid input syntax for type timestamp with time zone: "2024-01-02 03:04 Mars/Base"',
    ],
    [
      'timestamptz',
      '2024-01-02T03:04:05+16:00',
      '22009 time zone displacement out of range: "2024-01-02T03:04:05+16:00"',
    ],
    ['date', '2024-01', '22007 invalid input syntax for type date: "2024-01"'],
    ['date', '0000-01-01', '22008 date/time field value out of range: "0000-01-01"'],
    ['time', '24:00:01', '22008 date/time field value out of range: "24:00:01"'],
    ['time', '2024-01-02', '22007 invalid input syntax for type time: "2024-01-02"'],
    ['date', 'today', '22007 invalid input syntax for type date: "today"'],
  ])('%s %s gives %s', (type, text, expected) => {
    expect(coerce(type, text)).toBe(expected);
  });
});

describe('zones', () => {
  test.each([
    ['Europe/Berlin', '2024-07-01 12:00', '2024-07-01 10:00:00+00'],
    ['Europe/Berlin', '2024-01-01', '2023-12-31 23:00:00+00'],
    ['Europe/Berlin', '2024-03-31T02:30:00', '2024-03-31 01:30:00+00'],
    ['Europe/Berlin', '2024-10-27T02:30:00', '2024-10-27 01:30:00+00'],
    ['America/New_York', '2024-11-03T01:30:00', '2024-11-03 06:30:00+00'],
    ['Asia/Kathmandu', '2024-01-01T00:00:00', '2023-12-31 18:15:00+00'],
    ['Europe/Berlin', '2024-07-01T12:00:00Z', '2024-07-01 12:00:00+00'],
    ['Europe/Berlin', '2024-07-01 12:00 America/New_York', '2024-07-01 16:00:00+00'],
  ])('in %s, %s is %s', (timezone, text, expected) => {
    expect(coerce('timestamptz', text, { timezone })).toBe(expected);
  });

  test('an unknown zone is a configuration error, an offset is no zone name', () => {
    expect(coerce('timestamptz', '2024-01-01', { timezone: 'Europe/Brelin' })).toMatch(/^F0000 .*not recognized$/);
    expect(coerce('timestamptz', '2024-01-01', { timezone: '+02:00' })).toMatch(/^F0000/);
  });
});

describe('formats', () => {
  test.each([
    ['timestamptz', 'unix', '1700000000', '2023-11-14 22:13:20+00'],
    ['timestamptz', 'unix', '1700000000.1234567', '2023-11-14 22:13:20.123457+00'],
    ['timestamptz', 'unix', '1.7e9', '2023-11-14 22:13:20+00'],
    ['timestamptz', 'unix', '-0.5', '1969-12-31 23:59:59.5+00'],
    ['timestamptz', 'unix_ms', '1700000000123', '2023-11-14 22:13:20.123+00'],
    ['timestamptz', 'unix_ms', '0', '1970-01-01 00:00:00+00'],
    ['timestamptz', 'unix_ms', '-1', '1969-12-31 23:59:59.999+00'],
    ['date', 'unix', '-1', '1969-12-31'],
    ['timestamptz', 'unix', '1e30', '22008 timestamp out of range: "1e30"'],
    ['timestamptz', 'unix', '99999999999999', '22008 timestamp out of range: "99999999999999"'],
    ['timestamptz', 'unix', '2024-01-02', '22007 invalid input syntax for type timestamp with time zone: "2024-01-02"'],
    ['timestamptz', 'rfc2822', 'Tue, 02 Jan 2024 03:04:05 +0100', '2024-01-02 02:04:05+00'],
    ['timestamptz', 'rfc2822', '2 Jan 24 03:04 EST (winter)', '2024-01-02 08:04:00+00'],
    [
      'timestamptz',
      'rfc2822',
      'Tue, 30 Feb 2024 03:04:05 GMT',
      '22008 date/time field value out of range: "Tue, 30 Feb 2024 03:04:05 GMT"',
    ],
    ['timestamptz', 'dd/MM/yyyy HH:mm', '02/01/2024 13:14', '2024-01-02 13:14:00+00'],
    ['timestamptz', "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", '2024-01-02T03:04:05.120+01:00', '2024-01-02 02:04:05.12+00'],
    ['timestamp', 'EEE, d MMM yy h:mm a', 'Tue, 2 jan 69 12:05 AM', '2069-01-02 00:05:00'],
    ['timestamp', 'MMMM d, yyyy', 'February 29, 2024', '2024-02-29 00:00:00'],
    ['timestamp', "d.M.yyyy 'o''clock' H", "2.1.2024 o'clock 7", '2024-01-02 07:00:00'],
    ['date', 'yyyy-MM', '2024-05', '2024-05-01'],
    ['date', 'yyyyMMdd', '20240230', '22008 date/time field value out of range: "20240230"'],
    ['date', 'dd/MM/yyyy', '2/1/2024', '22007 invalid input syntax for type date: "2/1/2024"'],
    ['date', 'dd.MM.yyyy', '02x01x2024', '22007 invalid input syntax for type date: "02x01x2024"'],
    ['time', 'HHmm', '2460', '22008 date/time field value out of range: "2460"'],
    ['time', 'h a', '0 pm', '12:00:00'],
    ['timestamptz', 'yyyy-MM-dd HH:mm z', '2024-07-01 12:00 Europe/Berlin', '2024-07-01 10:00:00+00'],
    ['timestamptz', 'yyyy-MM-dd HH:mm Z', '2024-07-01 12:00 -0330', '2024-07-01 15:30:00+00'],
  ])('%s in format %s: %s is %s', (type, format, text, expected) => {
    expect(coerce(type, text, { format })).toBe(expected);
  });

  test.each(['dd/MM', 'yyyy-MM-dd Q', 'yyyy yyyy', "yyyy 'open", 'yyyy hh:mm', 'uniks'])(
    '%s is no format',
    (format) => {
      const answer = coerce('timestamptz', '2024', { format });
      expect(answer).toMatch(/^F0000 ".*" is not a date format: /);
    },
  );
});

describe('byte paths', () => {
  const target = Buffer.alloc(200);
  const write = (type: string, text: string, settings: Partial<CoercedColumn> = {}): string | null => {
    const source = Buffer.from(`"${text}"`);
    const length = makeCoercer(column(type, settings)).writeString(source, 1, source.length - 1, target, 2);
    return length < 0 ? null : target.toString('latin1', 2, 2 + length);
  };

  test.each([
    ['timestamptz', '2024-01-02T03:04:05.120Z', '2024-01-02 03:04:05.12+00'],
    ['timestamptz', '2024-12-31T23:30:00-01:00', '2025-01-01 00:30:00+00'],
    ['timestamptz', '2024-03-01T00:30:00+0100', '2024-02-29 23:30:00+00'],
    ['timestamptz', '2024-01-02 03:04:05.000000+00', '2024-01-02 03:04:05+00'],
    ['timestamptz', '2024-01-02', '2024-01-02 00:00:00+00'],
    ['timestamp', '2024-01-02T03:04:05+09:00', '2024-01-02 03:04:05'],
    ['date', '2024-02-29', '2024-02-29'],
    ['time', '03:04:05.10', '03:04:05.1'],
  ])('%s %s is written without the complete path', (type, text, expected) => {
    expect(write(type, text)).toBe(expected);
  });

  test.each([
    ['timestamptz', '2023-02-29T00:00:00Z'],
    ['timestamptz', '2024-01-02T24:00:00Z'],
    ['timestamptz', '2024-01-02T03:04:05.1234567Z'],
    ['timestamptz', '2024-01-02T03:04:05.Z'],
    ['timestamptz', '2024-01-02T03:04:05+16:00'],
    ['timestamptz', '2024-01-02T03:04:0:Z'],
    ['timestamptz', '2024-01-02T03:04:05Zx'],
    ['timestamptz', '9999-12-31T23:59:59-01:00'],
    ['timestamptz', '0001-01-01T00:00:00+01:00'],
    ['timestamptz', '0000-01-01T00:00:00Z'],
    ['date', '2024-04-31'],
    ['date', '2024-1-021'],
    ['time', '03:04:05.'],
  ])('%s %s is left to the complete path', (type, text) => {
    expect(write(type, text)).toBeNull();
  });

  test('times without a zone are written at once only where they are UTC', () => {
    expect(write('timestamptz', '2024-01-02T03:04:05', { timezone: 'Europe/Berlin' })).toBeNull();
    expect(write('timestamptz', '2024-01-02T03:04:05', { timezone: 'Etc/UTC' })).toBe('2024-01-02 03:04:05+00');
    expect(write('timestamptz', '2024-01-02T03:04:05Z', { format: 'dd/MM/yyyy' })).toBeNull();
  });

  test('Unix numbers are written at once and equal the complete path', () => {
    for (const format of ['unix', 'unix_ms']) {
      const coercer = makeCoercer(column('timestamptz', { format }));
      for (let n = 0, value = 1; n < 3000; n++, value = (value * 48271) % 2147483647) {
        const text = String((n % 2 ? -1 : 1) * value * (format === 'unix_ms' ? (n % 3 ? 997 : 1000) : 1));
        const source = Buffer.from(text);
        const length = coercer.writeNumber(source, 0, source.length, target, 0);
        expect(target.toString('latin1', 0, length), `${format} ${text}`).toBe(coercer.fromNumber(text));
      }
    }
  });
});
