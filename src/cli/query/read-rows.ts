import type pg from 'pg';
import Cursor from 'pg-cursor';

export interface Column {
  readonly name: string;
  readonly typeOid: number;
}

/** Cells as PostgreSQL writes them. */
export type Row = readonly (string | null)[];

export interface RowsRead {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

const BATCH_ROWS = 1000;

/** A statement's rows, a batch at a time: the next one is only asked for when this one was taken. */
export async function* readRows(client: pg.Client, sql: string): AsyncGenerator<RowsRead, void, void> {
  const asText = { getTypeParser: () => (value: string) => value };
  const cursor = client.query(new Cursor<Row>(sql, [], { rowMode: 'array', types: asText as never }));
  for (;;) {
    const batch = await new Promise<RowsRead>((resolve, reject) => {
      cursor.read(BATCH_ROWS, (error: Error | undefined, rows: Row[], result) => {
        if (error) reject(error);
        else resolve({ rows, columns: result.fields.map(({ name, dataTypeID }) => ({ name, typeOid: dataTypeID })) });
      });
    });
    yield batch;
    if (batch.rows.length < BATCH_ROWS) return;
  }
}
