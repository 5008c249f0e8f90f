import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { describe } from 'vitest';

export interface ProgramResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, at most `timeoutMs`; never throws for its exit code. */
export function runProgram(
  command: string,
  args: readonly string[],
  options: { readonly input?: string; readonly env?: NodeJS.ProcessEnv; readonly timeoutMs?: number } = {},
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { ...process.env, ...options.env }, stdio: 'pipe' });
    let stdout = '';
    let stderr = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 20_000);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
    child.stdin.end(options.input ?? '');
  });
}

/** Python of the system, which is where Debian's packages of database drivers go. */
export const PYTHON = '/usr/bin/python3';

function succeeds(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore', timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}

/** Debian's PostgreSQL JDBC driver. */
export const JDBC_JAR = '/usr/share/java/postgresql.jar';

/** The newest PostgreSQL server of Debian's packages that has postgres_fdw: the folder of its programs; null: none. */
export function findServerBinaries(): string | null {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const version = versions.find(
    (name) => existsSync(`${root}/${name}/bin/initdb`) && existsSync(`${root}/${name}/lib/postgres_fdw.so`),
  );
  return version === undefined ? null : `${root}/${version}/bin`;
}

const pythonHas = (module: string) => () => succeeds(PYTHON, ['-c', `import ${module}`]);

const AVAILABLE = {
  psql: () => succeeds('psql', ['--version']),
  pgbench: () => succeeds('pgbench', ['--version']),
  chromium: () => succeeds('chromium', ['--version']),
  openssl: () => succeeds('openssl', ['version']),
  psycopg2: pythonHas('psycopg2'),
  asyncpg: pythonHas('asyncpg'),
  sqlalchemy: pythonHas('sqlalchemy, psycopg2'),
  psqlODBC: () =>
    succeeds(PYTHON, ['-c', "import pyodbc, sys; sys.exit('PostgreSQL Unicode' not in pyodbc.drivers())"]),
  JDBC: () => existsSync(JDBC_JAR) && succeeds('javac', ['-version']) && succeeds('java', ['-version']),
  postgres_fdw: () => findServerBinaries() !== null,
  nginx: () => succeeds('nginx', ['-v']),
  haproxy: () => succeeds('haproxy', ['-v']),
  caddy: () => succeeds('caddy', ['version']),
  apache: () => succeeds('apache2', ['-v']),
} satisfies Readonly<Record<string, () => boolean>>;

/**
 * `describe` for the tests of a real client: skipped by name where the client is missing, unless
 * TIDEGATE_REQUIRE_CLIENTS is set, as CI sets it; then they fail there.
 */
export function describeClient(client: keyof typeof AVAILABLE, body: () => void): void {
  const isRun = process.env.TIDEGATE_REQUIRE_CLIENTS === '1' || AVAILABLE[client]();
  describe.skipIf(!isRun)(client, body);
}
