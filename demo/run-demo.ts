import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DemoApi, startDemoApi } from './demo-api.js';

/** The gateway's `serve`, as far as the demo uses it. */
export type ServeGateway = (options: {
  readonly configFile: string | null;
  readonly dsnPaths: readonly string[];
  readonly listen: string;
  readonly env: NodeJS.ProcessEnv;
}) => Promise<{ readonly address: { readonly host: string; readonly port: number }; close(): Promise<void> }>;

/** What `runDemo` is given, so that a test can give it something else. */
export interface DemoRunOptions {
  readonly serve: ServeGateway;
  readonly env: NodeJS.ProcessEnv;
  readonly print: (line: string) => void;
  readonly gatewayPort: number;
  /** The demo API takes another one where this is busy. */
  readonly apiPort: number;
}

/** A reason not to start that the user can do something about; its message is all there is to print. */
export class DemoProblem extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'DemoProblem';
  }
}

/**
 * Starts the demo API and, in this process, a gateway with the sample DSNs, and prints how to connect.
 * The credentials that the two share are made for this run and handed over in the gateway's `env` alone.
 * @returns what closes both
 * @throws DemoProblem when the gateway's port is busy
 */
export async function runDemo({
  serve,
  env,
  print,
  gatewayPort,
  apiPort,
}: DemoRunOptions): Promise<() => Promise<void>> {
  const listen = `127.0.0.1:${gatewayPort}`;
  // Before anything is started: an engine takes a while, and its log would bury the message.
  if (gatewayPort !== 0 && (await isPortBusy(gatewayPort))) throw portProblem(listen);
  const api = await startApi(apiPort, print);
  try {
    const gateway = await serve({
      configFile: null,
      dsnPaths: [findSampleDsns()],
      listen,
      env: {
        ...env,
        DEMO_API_URL: api.url,
        DEMO_CLIENT_ID: api.credentials.clientId,
        DEMO_CLIENT_SECRET: api.credentials.clientSecret,
      },
    });
    for (const line of welcome(gateway.address)) print(line);
    return async () => {
      try {
        await gateway.close();
      } finally {
        await api.close();
      }
    };
  } catch (error) {
    await api.close();
    throw isAddressInUse(error) ? portProblem(listen, error) : error;
  }
}

async function startApi(port: number, log: (line: string) => void): Promise<DemoApi> {
  let api: DemoApi;
  try {
    api = await startDemoApi({ port, log });
  } catch (error) {
    if (!isAddressInUse(error)) throw error;
    api = await startDemoApi({ log });
    log(`demo-api  port ${port} is busy, using ${api.port} instead`);
  }
  log(`demo-api  listening on ${api.url}`);
  return api;
}

function welcome({ host, port }: { readonly host: string; readonly port: number }): readonly string[] {
  return [
    '',
    'Tidegate is ready. Connect with any PostgreSQL client:',
    '',
    `  psql "host=${host} port=${port} user=tidegate dbname=tidegate"`,
    '',
    'and try:',
    '',
    '  SELECT id, customer_name, amount, created_at FROM demo.orders LIMIT 10;',
    '',
    '  SELECT o.id, c.name, c.city, i.sku, i.qty * i.price AS total',
    '    FROM demo.open_orders o',
    '    JOIN demo_xml.customers c ON c.id = o.customer_id',
    '    JOIN demo.order_items i ON i.order_id = o.id',
    '   WHERE o.customer_id = 42;',
    '',
    'Each request to the demo API is shown below. Ctrl-C ends both.',
    '',
  ];
}

/** The package's `dsn` folder, above this file whether it was compiled into `dist` or not. */
function findSampleDsns(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const candidate = join(folder, 'dsn');
    if (existsSync(join(candidate, 'demo-json.yaml'))) return candidate;
    if (dirname(folder) === folder) throw new DemoProblem('the sample DSN files (dsn/demo-*.yaml) are not there');
  }
}

function portProblem(listen: string, cause?: unknown): DemoProblem {
  return new DemoProblem(
    `${listen} is in use, perhaps by another gateway: end the program that listens there, then start the demo again`,
    cause,
  );
}

function isPortBusy(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) => (isAddressInUse(error) ? resolve(true) : reject(error)));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(false)));
  });
}

function isAddressInUse(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && cause.code === 'EADDRINUSE') return true;
  }
  return false;
}
