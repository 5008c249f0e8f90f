/** What Power BI Desktop sends while it connects, shows its navigator and reads: texts as they were seen or reported. */

/** Npgsql 4.0.17 loads types with one command of three statements. */
export const TYPE_LOAD: readonly string[] = [
  `/*** Load all supported types ***/
SELECT ns.nspname, a.typname, a.oid, a.typrelid, a.typbasetype,
CASE WHEN pg_proc.proname='array_recv' THEN 'a' ELSE a.typtype END AS type,
CASE WHEN pg_proc.proname='array_recv' THEN a.typelem WHEN a.typtype='r' THEN rngsubtype ELSE 0 END AS elemoid,
CASE WHEN pg_proc.proname IN ('array_recv','oidvectorrecv') THEN 3 /* Arrays last */ WHEN a.typtype='r' THEN 2 WHEN a.typtype='d' THEN 1 ELSE 0 END AS ord
FROM pg_type AS a JOIN pg_namespace AS ns ON (ns.oid = a.typnamespace)
JOIN pg_proc ON pg_proc.oid = a.typreceive
LEFT OUTER JOIN pg_class AS cls ON (cls.oid = a.typrelid)
LEFT OUTER JOIN pg_type AS b ON (b.oid = a.typelem)
LEFT OUTER JOIN pg_class AS elemcls ON (elemcls.oid = b.typrelid)
LEFT OUTER JOIN pg_range ON (pg_range.rngtypid = a.oid)
WHERE a.typtype IN ('b','r','e','d') OR (a.typtype='c' AND cls.relkind='c') OR
 (pg_proc.proname='array_recv' AND (b.typtype IN ('b','r','e','d') OR (b.typtype='p' AND b.typname IN ('record','void')) OR (b.typtype='c' AND elemcls.relkind='c'))) OR
 (a.typtype='p' AND a.typname IN ('record','void')) ORDER BY ord`,
  `/*** Load field definitions for (free-standing) composite types ***/
SELECT typ.oid, att.attname, att.atttypid FROM pg_type AS typ JOIN pg_namespace AS ns ON (ns.oid = typ.typnamespace) JOIN pg_class AS cls ON (cls.oid = typ.typrelid) JOIN pg_attribute AS att ON (att.attrelid = typ.typrelid) WHERE (typ.typtype = 'c' AND cls.relkind='c') AND attnum > 0 AND NOT attisdropped ORDER BY typ.oid, att.attnum`,
  `/*** Load enum fields ***/
SELECT pg_type.oid, enumlabel FROM pg_enum JOIN pg_type ON pg_type.oid=enumtypid ORDER BY oid, enumsortorder`,
];

interface Answered {
  readonly sql: string;
  readonly rows: readonly (readonly (string | null)[])[];
}

/** The navigator's lists. */
export const NAVIGATOR: Readonly<Record<string, Answered>> = {
  'character set': {
    sql: 'select character_set_name from INFORMATION_SCHEMA.character_sets',
    rows: [['UTF8']],
  },
  tables: {
    sql: "select TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE from INFORMATION_SCHEMA.tables where TABLE_SCHEMA not in ('information_schema', 'pg_catalog') and TABLE_SCHEMA <> 'tidegate' order by TABLE_SCHEMA, TABLE_NAME",
    rows: [
      ['shop', 'customers', 'BASE TABLE'],
      ['shop', 'items', 'BASE TABLE'],
      ['shop', 'open_orders', 'VIEW'],
      ['shop', 'orders', 'BASE TABLE'],
      ['shop', 'rates', 'BASE TABLE'],
      ['shop', 'slow', 'BASE TABLE'],
    ],
  },
  columns: {
    sql: "select COLUMN_NAME, ORDINAL_POSITION, IS_NULLABLE, case when (data_type like '%unsigned%') then DATA_TYPE || ' unsigned' else DATA_TYPE end as DATA_TYPE from INFORMATION_SCHEMA.columns where TABLE_SCHEMA = 'shop' and TABLE_NAME = 'orders' order by TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION",
    rows: [
      ['id', '1', 'NO', 'bigint'],
      ['status', '2', 'YES', 'character varying'],
      ['amount', '3', 'YES', 'numeric'],
      ['created_at', '4', 'YES', 'timestamp with time zone'],
      ['note', '5', 'YES', 'text'],
    ],
  },
};

export const primaryKeys = (schema: string, table: string): string =>
  `select i.CONSTRAINT_SCHEMA || '_' || i.CONSTRAINT_NAME as INDEX_NAME, ii.COLUMN_NAME, ii.ORDINAL_POSITION, case when i.CONSTRAINT_TYPE = 'PRIMARY KEY' then 'Y' else 'N' end as PRIMARY_KEY from INFORMATION_SCHEMA.table_constraints i inner join INFORMATION_SCHEMA.key_column_usage ii on i.CONSTRAINT_SCHEMA = ii.CONSTRAINT_SCHEMA and i.CONSTRAINT_NAME = ii.CONSTRAINT_NAME and i.TABLE_SCHEMA = ii.TABLE_SCHEMA and i.TABLE_NAME = ii.TABLE_NAME where i.TABLE_SCHEMA = '${schema}' and i.TABLE_NAME = '${table}' and i.CONSTRAINT_TYPE in ('PRIMARY KEY', 'UNIQUE') order by i.CONSTRAINT_SCHEMA || '_' || i.CONSTRAINT_NAME, ii.TABLE_SCHEMA, ii.TABLE_NAME, ii.ORDINAL_POSITION`;

const keyJoin =
  'from (select distinct constraint_catalog, constraint_schema, unique_constraint_schema, constraint_name, unique_constraint_name from INFORMATION_SCHEMA.REFERENTIAL_CONSTRAINTS) fkcon inner join INFORMATION_SCHEMA.KEY_COLUMN_USAGE fkcol on fkcon.CONSTRAINT_SCHEMA = fkcol.CONSTRAINT_SCHEMA and fkcon.CONSTRAINT_NAME = fkcol.CONSTRAINT_NAME inner join INFORMATION_SCHEMA.KEY_COLUMN_USAGE pkcol on fkcon.UNIQUE_CONSTRAINT_SCHEMA = pkcol.CONSTRAINT_SCHEMA and fkcon.UNIQUE_CONSTRAINT_NAME = pkcol.CONSTRAINT_NAME';

/** Keys of other tables that refer to a table. */
export const referencingKeys = (schema: string, table: string): string =>
  `select pkcol.COLUMN_NAME as PK_COLUMN_NAME, fkcol.TABLE_SCHEMA AS FK_TABLE_SCHEMA, fkcol.TABLE_NAME AS FK_TABLE_NAME, fkcol.COLUMN_NAME as FK_COLUMN_NAME, fkcol.ORDINAL_POSITION as ORDINAL, fkcon.CONSTRAINT_SCHEMA || '_' || fkcol.TABLE_NAME || '_' || '${table}' || '_' || fkcon.CONSTRAINT_NAME as FK_NAME ${keyJoin} where pkcol.TABLE_SCHEMA = '${schema}' and pkcol.TABLE_NAME = '${table}' and pkcol.ORDINAL_POSITION = fkcol.ORDINAL_POSITION order by FK_NAME, fkcol.ORDINAL_POSITION`;

/** Keys of a table that refer to others. */
export const referencedKeys = (schema: string, table: string): string =>
  `select pkcol.TABLE_SCHEMA AS PK_TABLE_SCHEMA, pkcol.TABLE_NAME AS PK_TABLE_NAME, pkcol.COLUMN_NAME as PK_COLUMN_NAME, fkcol.COLUMN_NAME as FK_COLUMN_NAME, fkcol.ORDINAL_POSITION as ORDINAL, fkcon.CONSTRAINT_SCHEMA || '_' || '${table}' || '_' || pkcol.TABLE_NAME || '_' || fkcon.CONSTRAINT_NAME as FK_NAME ${keyJoin} where fkcol.TABLE_SCHEMA = '${schema}' and fkcol.TABLE_NAME = '${table}' and pkcol.ORDINAL_POSITION = fkcol.ORDINAL_POSITION order by FK_NAME, fkcol.ORDINAL_POSITION`;

interface Folded extends Answered {
  readonly columns: number;
}

const openIds = Array.from({ length: 150 }, (_, k) => [String((k + 1) * 3)]);

/** SELECTs of Power Query's and DirectQuery's folding over the shop's tables. */
export const FOLDED = {
  preview: {
    sql: 'select "$Table"."id" as "id", "$Table"."status" as "status" from "shop"."orders" "$Table" limit 3',
    columns: 2,
    rows: [
      ['1', 'paid'],
      ['2', 'shipped'],
      ['3', 'open'],
    ],
  },
  'native query': {
    sql: 'select * from (select currency, rate from shop.rates) "_" limit 1',
    columns: 2,
    rows: [['EUR', '1']],
  },
  distinct: {
    sql: 'select "rows"."status" as "status" from "shop"."orders" "rows" group by "status" order by 1 limit 1000001',
    columns: 1,
    rows: [['open'], ['paid'], ['shipped']],
  },
  'sum by group': {
    sql: 'select "_"."status", "_"."a0" from (select "rows"."status" as "status", sum("rows"."amount") as "a0" from "shop"."orders" "rows" group by "status") "_" where not "_"."a0" is null order by "_"."status" limit 1000001',
    columns: 2,
    rows: [
      ['open', '42468.75'],
      ['paid', '42093.75'],
      ['shipped', '42281.25'],
    ],
  },
  'count distinct': {
    sql: 'select count(distinct("rows"."note")) + max(case when "rows"."note" is null then 1 else 0 end) as "a0", min("rows"."id") as "a1", max("rows"."id") as "a2" from (select "id", "note" from "shop"."orders" "$Table") "rows"',
    columns: 3,
    rows: [['361', '1', '450']],
  },
  'null order': {
    sql: `select "_"."id", "_"."t0_0" from (select "_"."id", "_"."o0", case when "_"."o0" is not null then "_"."o0" else timestamp '1899-12-28 00:00:00' end as "t0_0" from (select "_"."id" as "id", "_"."created_at"::timestamp as "o0" from (select "id", "created_at" from "shop"."orders" "$Table" where "id" <= 3) "_") "_") "_" order by "_"."t0_0", "_"."id" limit 501`,
    columns: 2,
    rows: [
      ['1', '2026-01-02 08:00:00'],
      ['2', '2026-01-03 08:00:00'],
      ['3', '2026-01-04 08:00:00'],
    ],
  },
  constant: {
    sql: 'select 1 as "c0" from "shop"."rates" "$Table" limit 1000 offset 0',
    columns: 1,
    rows: [['1'], ['1']],
  },
  'descending position': {
    sql: 'select "rows"."status"::text as "s", count(1) as "n" from "shop"."orders" "rows" where "rows"."id" <= 4 group by "status"::text order by 2 desc, 1 limit 2',
    columns: 2,
    rows: [
      ['paid', '2'],
      ['open', '1'],
    ],
  },
  filtered: {
    sql: `select "_"."id" from (select "_"."id", "_"."status" from (select "$Table"."id" as "id", "$Table"."status" as "status" from "shop"."orders" "$Table") "_" where "_"."status" = 'open') "_"`,
    columns: 1,
    rows: openIds,
  },
} satisfies Readonly<Record<string, Folded>>;
