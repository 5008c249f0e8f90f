import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errors } from '../core/errors.js';
import { print } from './print.js';

const SCHEMA_FOLDER = fileURLToPath(new URL('../../schema', import.meta.url)).replace(
  /([\\/])dist\1schema$/,
  '$1schema',
);

/** `tidegate init`: a starter configuration in the working directory, which `check` accepts and `query` answers from. */
export function runInit(): void {
  const files = starterFiles();
  const present = Object.keys(files).filter((file) => existsSync(file));
  if (present.length > 0) {
    throw errors.configuration(`${present.map((file) => `"${file}"`).join(', ')} exists already`, {
      hint: 'Run tidegate init in an empty folder; it never overwrites anything.',
    });
  }
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { flag: 'wx' });
    print(`${file}: written`);
  }
  print('');
  print('Next: tidegate check');
  print('      tidegate query "SELECT status, count(*), sum(total) FROM shop.orders GROUP BY status"');
  print('      tidegate serve');
}

function starterFiles(): Readonly<Record<string, string>> {
  return {
    'tidegate.yaml': settings(schemaPath('.', 'tidegate.schema.json')),
    'dsn/shop.yaml': dsn(schemaPath('dsn', 'dsn.schema.json')),
    'dsn/data/orders.csv': ORDERS,
  };
}

function schemaPath(folder: string, file: string): string {
  const path = `${relative(folder, SCHEMA_FOLDER)}/${file}`.replaceAll('\\', '/');
  return path.startsWith('.') ? path : `./${path}`;
}

const settings = (schema: string): string => `# yaml-language-server: $schema=${schema}
# Settings of the gateway. Everything is optional; what is commented out shows the defaults or an example.

# Where PostgreSQL clients connect: host 127.0.0.1, port 5488, database tidegate, user tidegate, no password.
# Other machines can only be let in with "users".
listen: 127.0.0.1:5488

# DSN files, and folders of them: each is one data source and becomes one SQL schema.
dsn: [./dsn]

# users:
#   analyst: { password: "\${env:ANALYST_PASSWORD}", dsns: [shop] }
#   ops: { password: "\${env:OPS_PASSWORD}", dsns: all, admin: true }

# tls: { cert: ./server.crt, key: ./server.key, required: true }

# limits: { connections: 200, statement_timeout: 5m }

# log: { level: info, format: json }
`;

const dsn = (schema: string): string => `# yaml-language-server: $schema=${schema}
# One data source. Its tables are schema "shop": SELECT * FROM shop.orders
dsn: shop
description: A sample source that reads a CSV file

tables:
  orders:
    description: One row per order
    driver: csv
    files: ./data/orders.csv
    primary_key: [id]
    columns:
      id: bigint
      customer: text
      status: { type: text, description: "open, paid or canceled" }
      total: numeric(10,2)
      placed_at: timestamptz

  # A table from an API. "tidegate discover https://api.example.com/v2/products" prints one with its columns.
  # products:
  #   url: https://api.example.com/v2/products
  #   auth: { type: bearer, token: "\${env:SHOP_TOKEN}" }
  #   records: $.data[*]
  #   pagination: { type: page, parameter: page, size_parameter: per_page, size: 100 }
  #   columns: { id: bigint, name: text, price: "numeric(10,2)" }
  #   filters: { name: { query: name } }

views:
  open_orders: { sql: "SELECT * FROM shop.orders WHERE status = 'open'", description: Orders that wait for payment }
`;

const ORDERS = `id,customer,status,total,placed_at
1,Ann Berg,paid,120.50,2026-01-05T09:12:00Z
2,Omar Haddad,open,19.99,2026-01-06T14:40:00Z
3,"Lund, Ida",open,310.00,2026-01-07T08:05:00Z
4,Ann Berg,canceled,45.25,2026-01-07T17:31:00Z
5,Chen Wei,paid,99.00,2026-01-09T11:00:00Z
`;
