import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Replaces a file's content at once: readers and a crash at any moment find the old or the new one, and when this
 * resolves the new one is on disk. Only one process at a time may call it.
 */
export async function replaceFile(file: string, content: string): Promise<void> {
  const next = `${file}.new`;
  // What a crash left, or what somebody put there for us to write through.
  await rm(next, { force: true });
  const handle = await open(next, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(next, file);
  await syncFolder(dirname(file));
}

/** Makes the rename itself last; Windows has no such call. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
