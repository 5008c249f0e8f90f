import { readFileSync, writeFileSync } from 'node:fs';
import { entryFor, findMissing, type LockedPackage } from './lock/lock-file.js';

/** `npm run lock`: adds the optional packages of other platforms that package-lock.json lacks. */
const FILE = 'package-lock.json';

const lock = JSON.parse(readFileSync(FILE, 'utf8')) as { packages: Record<string, LockedPackage> };
const missing = findMissing(lock.packages);
for (const found of missing) {
  const entry = entryFor(found);
  if (entry === null) throw new Error(`${found.name}: its name says no platform; add it to ${FILE} by hand`);
  lock.packages[`node_modules/${found.name}`] = entry;
}
const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
writeFileSync(FILE, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
process.stdout.write(`${FILE}: ${missing.length} packages added\n`);
