// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the interpolations that DSN files hold.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ConfigurationError } from '../../src/config/load.js';
import { load } from './harness.js';

const env = { DEMO_CLIENT_ID: 'canary-id', DEMO_CLIENT_SECRET: 'canary-secret' };
const sample = readFileSync(new URL('../../dsn/demo-json.yaml', import.meta.url), 'utf8').replace(
  /^ +references: .*\n/gm,
  '',
);
const settings =
  'users: { a: { password: "${env:DEMO_CLIENT_SECRET}", dsns: all } }\nlimits: { connections: 5 }\ndsn: [dsn]\n';

const SNIPPETS = [
  ': ',
  '- ',
  '{',
  '}',
  '[',
  ']',
  ',',
  '"',
  "'",
  '|',
  '>',
  '&a ',
  '*a',
  '!x ',
  '# ',
  '---\n',
  '\n',
  '\t',
  '  ',
  '?',
  '%',
  '${',
  '${env:X}',
  '${file:x}',
  '$${',
  'null',
  'true',
  '-1',
  '1e999',
  '.nan',
  '0x10',
  '9999999999999999999',
  '__proto__',
  'constructor',
  'toString',
  '<<: *a',
  '\u0000',
  '\u2028',
  'ü',
  '😀',
  '{name}',
  'type: ',
  'path: ',
  'filters: ',
  'columns: ',
  'url: ',
  'files: ',
];

/** Small, seeded and good enough (mulberry32): a failure can be run again. */
function randomOf(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

function mutate(text: string, random: (limit: number) => number): string {
  const lines = text.split('\n');
  const at = random(text.length);
  switch (random(7)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1 + random(20));
    case 1:
      return text.slice(0, at) + SNIPPETS[random(SNIPPETS.length)] + text.slice(at);
    case 2:
      return text.slice(0, at);
    case 3:
      lines.splice(random(lines.length), 1);
      return lines.join('\n');
    case 4:
      lines.splice(random(lines.length), 0, lines[random(lines.length)]!);
      return lines.join('\n');
    case 5:
      return text.replaceAll(/(?<=: )[^\n,}]+/g, (value) =>
        random(20) === 0 ? SNIPPETS[random(SNIPPETS.length)]! : value,
      );
    default:
      return text.replaceAll(/\w+(?=:)/g, (key) => (random(30) === 0 ? SNIPPETS[random(SNIPPETS.length)]! : key));
  }
}

test('mutated files load or fail with ConfigurationError, quickly and without a secret', {
  timeout: 60_000,
}, async () => {
  let loaded = 0;
  let refused = 0;
  for (let seed = 1; seed <= 600; seed++) {
    const random = randomOf(seed);
    let dsn = sample;
    let gateway = settings;
    for (let count = 1 + random(3); count > 0; count--) {
      if (random(5) === 0) gateway = mutate(gateway, random);
      else dsn = mutate(dsn, random);
    }
    const start = performance.now();
    try {
      const { model } = await load({ 'tidegate.yaml': gateway, 'dsn/demo.yaml': dsn }, env);
      expect(JSON.stringify(model)).not.toContain('canary-secret');
      loaded++;
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw new Error(`seed ${seed}`, { cause: error });
      for (const problem of error.problems) {
        expect(problem.message, `seed ${seed}`).not.toContain('canary');
        expect([problem.line >= 0, problem.column >= 0, problem.message.length > 0], `seed ${seed}`).toEqual([
          true,
          true,
          true,
        ]);
      }
      refused++;
    }
    expect(performance.now() - start, `seed ${seed}`).toBeLessThan(3_000);
  }
  // Mutations that all fail at the syntax, or never fail, would test nothing.
  expect(Math.min(loaded, refused)).toBeGreaterThan(50);
});
