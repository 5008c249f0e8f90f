import type { DsnModel, TableModel } from '../../config/model.js';
import { plainColumn, plainTable } from '../../config/plain-model.js';
import type { ScalarName } from '../../core/sql-type.js';
import { DATABASE } from '../../plan/virtual-names.js';

/** A column of a statistics table: its type and what it says. */
type Column = readonly [type: ScalarName | 'text[]', description: string];

interface Table {
  readonly description: string;
  readonly columns: Readonly<Record<string, Column>>;
}

/** The tables of the gateway's own, by name; `rows.ts` gives their rows in the order of these columns. */
const TABLES = {
  sessions: {
    description: 'Connected clients',
    columns: {
      pid: ['integer', "The session's process id, as pg_backend_pid() says it"],
      user_name: ['text', 'Who is logged in'],
      application_name: ['text', 'What the client calls itself'],
      client_address: ['text', 'Where it connects from'],
      is_encrypted: ['boolean', 'Whether the connection has TLS'],
      connected_at: ['timestamptz', 'When it connected'],
      state: ['text', 'active while a statement over virtual tables runs, else idle'],
      statement_ms: ['bigint', 'How long the statement has been running, in ms'],
      requests: ['bigint', 'API requests of the running statement'],
      rows: ['bigint', 'Rows that its scans have read'],
      bytes: ['bigint', 'Bytes that its scans have read'],
      wait_ms: ['bigint', 'What its scans have waited for rate limits and before retries, in ms'],
    },
  },
  scans: {
    description: 'The latest scans of all sessions, running ones too',
    columns: {
      started_at: ['timestamptz', 'When the scan began'],
      pid: ['integer', 'Session that it was made for'],
      user_name: ['text', 'User of that session'],
      dsn: ['text', 'DSN of the table'],
      table_name: ['text', 'Virtual table that was read'],
      columns: ['text[]', 'Columns that were needed'],
      filters: ['text', 'Conditions that the API was asked with'],
      row_limit: ['bigint', 'No more rows than this were needed'],
      way: ['text', 'stream: straight to the client; engine: into the engine'],
      state: ['text', 'running, done or failed'],
      requests: ['bigint', 'API requests, further tries included'],
      pages: ['bigint', 'Pages read'],
      rows: ['bigint', 'Rows read'],
      bytes: ['bigint', 'Bytes read, decompressed'],
      retries: ['bigint', 'Further tries'],
      wait_ms: ['bigint', 'Waited for rate limits and before retries, in ms'],
      cache_hits: ['bigint', '1 where kept rows answered it'],
      duration_ms: ['bigint', 'From beginning to end, in ms'],
      error: ['text', 'SQLSTATE and message of what it failed with'],
    },
  },
  cache: {
    description: 'Kept scans and those that are being filled',
    columns: {
      dsn: ['text', 'DSN of the table'],
      table_name: ['text', 'Virtual table whose rows are kept'],
      columns: ['text[]', 'Columns that are kept'],
      filters: ['text', 'Conditions that the API was asked with'],
      row_limit: ['bigint', 'No more rows than this were read'],
      state: ['text', 'filling, fresh or stale'],
      rows: ['bigint', 'Rows kept'],
      bytes: ['bigint', 'What they take in the engine'],
      created_at: ['timestamptz', 'When they were read'],
      expires_at: ['timestamptz', 'How long they are fresh'],
      hits: ['bigint', 'Scans that they have answered'],
      last_used_at: ['timestamptz', 'When they last answered one'],
      readers: ['bigint', 'Statements that may be reading them'],
    },
  },
  requests: {
    description: 'The latest API requests of all scans, one row a page',
    columns: {
      started_at: ['timestamptz', 'When the request was first sent'],
      dsn: ['text', 'DSN of the table'],
      table_name: ['text', 'Virtual table that it was made for'],
      method: ['text', 'HTTP method'],
      url: ['text', 'Address, without anything secret'],
      status: ['integer', 'HTTP status of the last answer'],
      attempts: ['integer', 'Tries, the first included'],
      wait_ms: ['bigint', 'Waited for rate limits and before retries, in ms'],
      duration_ms: ['bigint', 'From beginning to the end of the page, in ms'],
      bytes: ['bigint', 'Bytes of the body, decompressed'],
      rows: ['bigint', 'Records of the page'],
      error: ['text', 'SQLSTATE and message of what it failed with'],
    },
  },
} as const satisfies Readonly<Record<string, Table>>;

export type StatisticsTable = keyof typeof TABLES;

/** Makes the DSN of the gateway's own tables. Only users with `admin: true` may read it. */
export function statisticsDsn(): DsnModel {
  return {
    name: DATABASE,
    description: null,
    file: '',
    tables: Object.entries<Table>(TABLES).map(([name, table]) => tableModel(name, table)),
    views: [],
  };
}

function tableModel(name: string, { description, columns }: Table): TableModel {
  return plainTable(DATABASE, name, {
    description,
    location: { file: '', line: 1, column: 1 },
    source: { type: 'gateway' },
    columns: Object.entries(columns).map(([column, [type, text]]) => plainColumn(column, type, { description: text })),
  });
}
