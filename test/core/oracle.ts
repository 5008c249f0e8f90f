import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { parseSqlType, sqlTypeText } from '../../src/core/sql-type.js';
import { type RunningEngine, startEngine } from '../../src/engine/start-engine.js';

/** PostgreSQL itself, asked what it makes of values. */
export interface Oracle {
  /** For each text: what the type's output function prints, or `!SQLSTATE`. */
  print(type: string, texts: readonly string[]): Promise<readonly string[]>;
  /** For each local time: what timestamptz prints when it is read in that zone. */
  printLocal(zone: string, texts: readonly string[]): Promise<readonly string[]>;
  /** For each text: the bytes of the type's send function, in hex. */
  send(type: string, texts: readonly string[]): Promise<readonly string[]>;
  /** For each pair: the truth of `= <> < <= > >=`, as six letters t or f. */
  compare(type: string, left: readonly string[], right: readonly string[]): Promise<readonly string[]>;
  close(): Promise<void>;
}

const SEND: Readonly<Record<string, string>> = {
  text: 'textsend',
  varchar: 'varcharsend',
  boolean: 'boolsend',
  smallint: 'int2send',
  integer: 'int4send',
  bigint: 'int8send',
  numeric: 'numeric_send',
  real: 'float4send',
  double: 'float8send',
  date: 'date_send',
  time: 'time_send',
  timestamp: 'timestamp_send',
  timestamptz: 'timestamptz_send',
  uuid: 'uuid_send',
  json: 'json_send',
  jsonb: 'jsonb_send',
  bytea: 'byteasend',
};

export async function startOracle(): Promise<Oracle> {
  const folder = mkdtempSync(join(tmpdir(), 'tgo-'));
  // As root the engine runs as another user, who has to be able to enter.
  chmodSync(folder, 0o711);
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  let engine: RunningEngine | undefined;
  const client = await (async () => {
    try {
      engine = await startEngine({ mode: 'embedded', dataDir: folder, binDir: null }, { connections: 4 });
      const { host, port, user, password, database } = engine.connectionInfo;
      const connected = new pg.Client({ host, port, user, database, password: password?.reveal() ?? 'none' });
      await connected.connect();
      await connected.query(
        "SET DateStyle = ISO; SET TimeZone = 'UTC'; SET extra_float_digits = 1; SET bytea_output = hex",
      );
      return connected;
    } catch (error) {
      await engine?.close();
      removeFolder();
      throw error;
    }
  })();
  const functions = new Map<string, string>();

  /** An assignment in PL/pgSQL casts as an INSERT does: with the length and precision checked, not cut to. */
  const functionFor = async (type: string): Promise<string> => {
    const known = functions.get(type);
    if (known !== undefined) return known;
    const name = `pg_temp.print_${functions.size}`;
    await client.query(
      `CREATE FUNCTION ${name}(v text) RETURNS text LANGUAGE plpgsql AS $$
       DECLARE r ${sqlTypeText(parseSqlType(type)!)};
       BEGIN r := v; RETURN format('%s', r);
       EXCEPTION WHEN OTHERS THEN RETURN '!' || SQLSTATE; END $$`,
    );
    functions.set(type, name);
    return name;
  };

  const column = async (sql: string, parameters: unknown[]): Promise<string[]> => {
    const { rows } = await client.query<{ r: string }>(sql, parameters);
    return rows.map((row) => row.r);
  };

  return {
    print: async (type, texts) =>
      column(`SELECT ${await functionFor(type)}(t) AS r FROM unnest($1::text[]) WITH ORDINALITY u(t, n) ORDER BY n`, [
        texts,
      ]),
    printLocal: (zone, texts) =>
      column(
        'SELECT (t::timestamp AT TIME ZONE $2)::text AS r FROM unnest($1::text[]) WITH ORDINALITY u(t, n) ORDER BY n',
        [texts, zone],
      ),
    send: (type, texts) =>
      column(
        `SELECT encode(${type.endsWith('[]') ? 'array_send' : SEND[type]}(t::${sqlTypeText(parseSqlType(type)!)}), 'hex') AS r
         FROM unnest($1::text[]) WITH ORDINALITY u(t, n) ORDER BY n`,
        [texts],
      ),
    compare: (type, left, right) => {
      const sql = sqlTypeText(parseSqlType(type)!);
      const operators = ['=', '<>', '<', '<=', '>', '>='].map((op) => `left((a ${op} b)::text, 1)`).join(' || ');
      const collate = type === 'text' || type === 'varchar' ? ' COLLATE "C"' : '';
      return column(
        `SELECT ${operators} AS r FROM (SELECT n, (x::${sql})${collate} a, y::${sql} b
         FROM unnest($1::text[], $2::text[]) WITH ORDINALITY u(x, y, n)) s ORDER BY n`,
        [left, right],
      );
    },
    close: async () => {
      await client.end();
      await engine?.close();
      removeFolder();
    },
  };
}
