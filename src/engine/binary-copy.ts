import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, copyFile, link, mkdir, readdir, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, extname, join, relative } from 'node:path';
import { errors } from '../core/errors.js';
import type { BinaryPackage } from './binary-package.js';

/** Only compiling against PostgreSQL needs these. */
const LEFT_OUT = new Set(['.a', '.h', '.pc']);
const COMPLETE = 'complete';

/**
 * A copy of the package's programs that every user can read, with the links its install script would have made. Files
 * are hard links where that gives the same, so it costs little disk. Built aside and renamed: two gateways that start
 * at once both find a whole copy. Returns the folder that stands for the package.
 */
export async function copyPackage(source: BinaryPackage, cacheDir: string, platform: string): Promise<string> {
  const folder = join(cacheDir, `postgres-${source.version}-${platform}`);
  if (existsSync(join(folder, COMPLETE))) return folder;
  const aside = `${folder}.${randomBytes(6).toString('hex')}`;
  try {
    await makeFolder(aside);
    await copyTree(join(source.folder, 'native'), join(aside, 'native'));
    for (const { source: from, target } of source.links) {
      const at = join(aside, target);
      if (!existsSync(at)) await symlink(relative(dirname(at), join(aside, from)), at);
    }
    await makeFolder(join(aside, COMPLETE));
    await moveIntoPlace(aside, folder);
  } catch (cause) {
    await rm(aside, { recursive: true, force: true });
    throw errors.cannotConnect(`the engine's programs could not be copied to "${folder}"`, {
      detail: (cause as Error).message,
      hint: 'Give the gateway a data folder it can write to with engine.data_dir, or set engine.bin_dir to a PostgreSQL 16 or later.',
      cause,
    });
  }
  return folder;
}

async function moveIntoPlace(aside: string, folder: string): Promise<void> {
  try {
    await rename(aside, folder);
  } catch (error) {
    // Another gateway was faster, or a half copy of an older release stands there.
    if (existsSync(join(folder, COMPLETE))) {
      await rm(aside, { recursive: true, force: true });
      return;
    }
    if (!existsSync(folder)) throw error;
    await rm(folder, { recursive: true, force: true });
    await rename(aside, folder);
  }
}

async function copyTree(from: string, to: string): Promise<void> {
  await makeFolder(to);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) {
      if (entry.name !== 'pkgconfig' && entry.name !== 'pgxs') await copyTree(source, target);
    } else if (entry.isFile() && !LEFT_OUT.has(extname(entry.name))) await copyOne(source, target);
  }
}

async function copyOne(source: string, target: string): Promise<void> {
  const { mode } = await stat(source);
  const isProgram = basename(dirname(source)) === 'bin';
  const wanted = isProgram ? 0o555 : 0o444;
  if ((mode & wanted) === wanted) {
    try {
      await link(source, target);
      return;
    } catch {
      // Another file system, or one that refuses hard links to other users' files.
    }
  }
  await copyFile(source, target);
  await chmod(target, isProgram ? 0o755 : 0o644);
}

/** Folders are passable for the engine user whatever the gateway's umask. */
async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
}
