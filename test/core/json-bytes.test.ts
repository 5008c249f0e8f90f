import { expect, test } from 'vitest';
import { writeJsonDocument } from '../../src/core/coerce/json-bytes.js';

const write = (text: string): string | null => {
  const source = Buffer.from(`x${text}x`);
  const target = Buffer.alloc(2 * source.length + 64);
  const written = writeJsonDocument(source, 1, source.length - 1, target, 3);
  return written < 0 ? null : target.toString('utf8', 3, 3 + written);
};

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

const SEEDS = [
  '{"a":[1,-2.5e+3,0,true,false,null,{}],"b\\n\\u00e9é":{"c":"\\"\\\\\\/"}}',
  ' [ ] ',
  '[[["x"],[]],{"k" : "v" , "l":[{}]}]',
  '-0.0E-1',
  '"text\\ud800"',
  'null',
];

test('takes JSON documents byte for byte, and nothing else', () => {
  const marks = ['', '"', '\\', '{', '}', '[', ']', ',', ':', ' ', '0', '-', '.', 'e', 't', '\u0001', '\0', 'u'];
  let taken = 0;
  for (const seed of SEEDS) {
    expect(write(seed)).toBe(seed);
    for (let at = 0; at <= seed.length; at++) {
      for (const mark of marks) {
        for (const text of [seed.slice(0, at) + mark + seed.slice(at), seed.slice(0, at) + mark + seed.slice(at + 1)]) {
          expect(write(text), JSON.stringify(text)).toBe(isJson(text) ? text : null);
          if (isJson(text)) taken++;
        }
      }
    }
  }
  expect(taken).toBeGreaterThan(500);
});

test('leaves deep nesting to the complete path', () => {
  expect(write(`${'['.repeat(64)}${']'.repeat(64)}`)).not.toBeNull();
  expect(write(`${'['.repeat(65)}${']'.repeat(65)}`)).toBeNull();
});
