import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errors } from '../core/errors.js';
import type { Binaries } from './binaries.js';
import type { EngineUser } from './engine-user.js';
import { ADMIN_ROLE, DATABASE, quoteIdentifier, quoteLiteral } from './names.js';
import { bootId } from './process-identity.js';
import { accessRules, type Listener, serverConfiguration } from './server-settings.js';

/** Raise it when what `initdb` is told changes: older data directories are then made anew. */
const LAYOUT = 1;
const MARK = 'tidegate.json';
const TIMEOUT_MS = 60_000;

/**
 * Whether a data directory can be started as it is: made to the end, by these programs, and since the machine's last
 * boot (without fsync nothing on disk can be trusted after a crash of the machine).
 */
export function isReusable(dataDir: string, binaries: Binaries): boolean {
  try {
    return readFileSync(join(dataDir, MARK), 'utf8') === mark(binaries);
  } catch {
    return false;
  }
}

/** Makes a new data directory in place of whatever is there. */
export async function initialise(dataDir: string, binaries: Binaries, user: EngineUser): Promise<void> {
  rmSync(dataDir, { recursive: true, force: true });
  const args = ['-D', dataDir, '-U', ADMIN_ROLE, '-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C'];
  args.push('--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-sync', '--no-instructions');
  // initdb wants a password for scram; the real one is set at every start.
  const passwordFile = `${dataDir}.password`;
  writeOwned(passwordFile, randomBytes(24).toString('hex'), user);
  try {
    await runProgram(binaries.initdb, [...args, `--pwfile=${passwordFile}`], '', user);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  // Renaming the database that initdb made costs nothing; CREATE DATABASE would copy one.
  const rename = `ALTER DATABASE postgres RENAME TO ${quoteIdentifier(DATABASE)};\n`;
  const close = 'REVOKE CONNECT, TEMPORARY ON DATABASE template1 FROM PUBLIC;\n';
  await runSingleUser(dataDir, binaries, user, rename + close);
  writeOwned(join(dataDir, MARK), mark(binaries), user);
}

/** Gives the gateway's role a new password, as a verifier, and writes the configuration files. The server must not run. */
export async function prepare(
  dataDir: string,
  binaries: Binaries,
  user: EngineUser,
  options: { readonly listener: Listener; readonly connections: number; readonly verifier: string },
): Promise<void> {
  writeOwned(join(dataDir, 'postgresql.conf'), serverConfiguration(options.listener, options.connections), user);
  writeOwned(join(dataDir, 'pg_hba.conf'), accessRules(options.listener), user);
  const password = `ALTER ROLE ${quoteIdentifier(ADMIN_ROLE)} PASSWORD ${quoteLiteral(options.verifier)};\n`;
  await runSingleUser(dataDir, binaries, user, password);
}

function mark(binaries: Binaries): string {
  return JSON.stringify({ layout: LAYOUT, version: binaries.version, boot: bootId() });
}

function writeOwned(file: string, text: string, user: EngineUser): void {
  const isNew = !existsSync(file);
  writeFileSync(file, text, { mode: 0o600 });
  if (isNew && user.isOther) chownSync(file, user.uid, user.gid);
}

async function runSingleUser(dataDir: string, binaries: Binaries, user: EngineUser, sql: string): Promise<void> {
  const args = ['--single', '-F', '-D', dataDir, '-c', 'log_checkpoints=off', '-c', 'exit_on_error=on', 'template1'];
  await runProgram(binaries.postgres, args, sql, user);
}

/** The environment of every program of the engine: none of the gateway's own, which may hold secrets. */
export function programEnvironment(): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
  for (const name of ['SystemRoot', 'TEMP', 'TMP'])
    if (process.env[name] !== undefined) environment[name] = process.env[name];
  return environment;
}

/** uid and gid for `spawn`, where the engine runs as another user. */
export function spawnIdentity(user: EngineUser): { uid?: number; gid?: number } {
  return user.isOther ? { uid: user.uid, gid: user.gid } : {};
}

function runProgram(program: string, args: readonly string[], input: string, user: EngineUser): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { env: programEnvironment(), cwd: '/', timeout: TIMEOUT_MS, ...spawnIdentity(user) };
    const child = spawn(program, args, { ...options, stdio: ['pipe', 'ignore', 'pipe'] });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-2000);
    });
    const fail = (cause: string) => {
      const name = program.slice(Math.max(program.lastIndexOf('/'), program.lastIndexOf('\\')) + 1);
      const hint = `Check that the user ${user.name} can run "${program}" and write to the engine's data folder; engine.bin_dir and engine.data_dir choose others.`;
      reject(
        errors.cannotConnect(`the embedded engine could not be prepared: ${name} failed`, { detail: cause, hint }),
      );
    };
    child.on('error', (error) => fail(error.message));
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else fail(complaint.trim() || `ended with ${signal ?? `code ${code}`}`);
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
