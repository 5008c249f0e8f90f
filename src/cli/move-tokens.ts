import { open, readFile } from 'node:fs/promises';
import { errors } from '../core/errors.js';
import { connectionsOf } from '../oauth/connections.js';
import { exportTokens, type Imported, importTokens } from '../oauth/store/token-transfer.js';
import { openTokenStore } from '../server/token-store.js';
import { findDsn, loadModel } from './chosen-dsn.js';
import { askPassphrase } from './passphrase.js';
import { print } from './print.js';

interface ExportFlags {
  readonly config?: string;
  readonly move?: boolean;
}

interface ImportFlags {
  readonly config?: string;
  readonly replace?: boolean;
}

/** `tidegate tokens export FILE [DSN…]`: writes logins to a file that a passphrase encrypts. */
export async function runTokensExport(file: string, names: readonly string[], flags: ExportFlags): Promise<void> {
  const model = await loadModel(flags.config);
  const dsns = names.length === 0 ? model.dsns : names.map((name) => findDsn(model, name));
  const store = openTokenStore(model);
  try {
    const { sealed, exported } = await exportTokens(store, dsns.flatMap(connectionsOf), await askPassphrase(true));
    if (exported.length === 0) {
      throw errors.configuration('there are no tokens to export', { hint: 'tidegate tokens shows what there is.' });
    }
    await writeNew(file, sealed);
    if (flags.move === true) for (const { id } of exported) await store.update(id, () => null);
    for (const { dsn } of exported) print(`${dsn}: exported${flags.move === true ? ', and taken out here' : ''}`);
    if (flags.move === true) return;
    print('Use them in one place only: where refresh tokens are replaced, the first to renew ends the others’ login.');
  } finally {
    await store.close();
  }
}

/** `tidegate tokens import FILE`: takes logins from such a file into the token store. */
export async function runTokensImport(file: string, flags: ImportFlags): Promise<void> {
  const model = await loadModel(flags.config);
  const sealed = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw errors.configuration(`"${file}" cannot be read`, { hint: 'Name the file that tokens export wrote.', cause });
  });
  const store = openTokenStore(model);
  try {
    const connections = model.dsns.flatMap(connectionsOf);
    const options = { replace: flags.replace === true };
    const results = await importTokens(store, connections, sealed, await askPassphrase(false), options);
    if (results === null) {
      throw errors.configuration(`"${file}" cannot be decrypted`, {
        hint: 'Check the passphrase, and that the file is what tokens export wrote.',
      });
    }
    for (const result of results) print(describe(result));
    if (results.some(({ result }) => result !== 'imported')) process.exitCode = 1;
  } finally {
    await store.close();
  }
}

function describe({ dsn, result }: Imported): string {
  switch (result) {
    case 'imported':
      return `${dsn}: imported`;
    case 'newer':
      return `${dsn}: kept as it is, for the login here is newer; --replace takes the imported one`;
    case 'unknown':
      return `${dsn}: not imported, for no DSN here has the same name, grant, addresses, client_id, scopes, audience and resource`;
  }
}

/** Never writes over a file, and lets nobody else read the new one. */
async function writeNew(file: string, text: string): Promise<void> {
  try {
    const handle = await open(file, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw errors.configuration(`"${file}" cannot be written${code === 'EEXIST' ? ': there is such a file' : ''}`, {
      hint: 'Name a new file in a folder that you can write to.',
      cause,
    });
  }
}
