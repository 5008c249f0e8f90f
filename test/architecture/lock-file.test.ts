import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { entryFor, findMissing, type LockedPackages } from '../../scripts/lock/lock-file.js';

const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
  packages: LockedPackages;
};

describe('package-lock.json', () => {
  it('has every optional package, so that `npm ci` takes it on every platform', () => {
    expect(findMissing(lock.packages)).toEqual([]);
  });

  it('names no registry', () => {
    const resolved = Object.entries(lock.packages).filter(([, { resolved }]) => resolved !== undefined);
    expect(resolved).toEqual([]);
  });

  it('has an integrity or a platform for every package', () => {
    const bare = Object.entries(lock.packages).filter(
      ([path, entry]) => path !== '' && !('integrity' in entry) && entry.os === undefined && entry.cpu === undefined,
    );
    expect(bare).toEqual([]);
  });
});

describe('completing a lock file', () => {
  it('finds what is left out, and knows its platform by its name', () => {
    const packages = {
      'node_modules/tool': {
        dev: true,
        optionalDependencies: {
          '@tool/linux-x64-musl': '1.2.3',
          '@tool/win32-arm64': '^1.2.3',
          '@tool/there': '1.0.0',
        },
      },
      'node_modules/@tool/there': { version: '1.0.0' },
    };
    expect(findMissing(packages).map(entryFor)).toEqual([
      { version: '1.2.3', cpu: ['x64'], dev: true, libc: ['musl'], optional: true, os: ['linux'] },
      { version: '1.2.3', cpu: ['arm64'], dev: true, optional: true, os: ['win32'] },
    ]);
  });

  it('gives up where the name says no platform', () => {
    expect(entryFor({ name: 'fsevents', version: '2.3.3', isDev: false })).toBeNull();
  });
});
