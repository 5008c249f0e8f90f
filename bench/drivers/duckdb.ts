import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Rival, Work } from './format.js';

/** What is used of `@duckdb/node-api`. */
interface DuckDb {
  readonly DuckDBInstance: {
    create(path: string): Promise<{ connect(): Promise<{ run(sql: string): Promise<{ rowsChanged: number }> }> }>;
  };
}

/** Not a dependency: `npm install --no-save @duckdb/node-api` brings it here. */
const PACKAGE = '@duckdb/node-api';

/**
 * DuckDB's reader of a format, from a file that holds the page into a table in memory. `select`: the query over the file, whose
 * name is given in quotes.
 */
export function duckdbRival(extension: string, select: (file: string) => string): Rival {
  return {
    name: 'DuckDB, to a table',
    make: async () => {
      const duckdb = await import(PACKAGE).then(
        (loaded: unknown) => loaded as DuckDb,
        () => null,
      );
      if (duckdb === null) return null;
      const connection = await (await duckdb.DuckDBInstance.create(':memory:')).connect();
      const folder = mkdtempSync(join(tmpdir(), 'tidegate-duckdb-'));
      process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
      const files = new Map<Buffer, string>();
      const work: Work = async (page) => {
        let file = files.get(page);
        if (file === undefined) {
          file = join(folder, `${files.size}.${extension}`);
          writeFileSync(file, page);
          files.set(page, file);
        }
        await connection.run(`CREATE OR REPLACE TEMP TABLE page AS ${select(`'${file}'`)}`);
        return undefined;
      };
      return work;
    },
  };
}
