import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type Serving, serve } from '../../src/server/serve.js';

export interface TestGateway {
  readonly port: number;
  readonly serving: Serving;
  /** The gateway's log so far: level, event and message of each line. */
  readonly log: readonly { readonly level: string; readonly event: object; readonly message: string }[];
  readonly folder: string;
  connect(options?: pg.ClientConfig): Promise<pg.Client>;
  close(): Promise<void>;
}

export interface TestGatewayOptions {
  /** File name → text, written into the DSN folder. */
  readonly dsns: Readonly<Record<string, string>>;
  /** tidegate.yaml besides `listen` and `dsn`. */
  readonly settings?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts a whole gateway in this process on a free port, with DSNs from texts. */
export async function startTestGateway(options: TestGatewayOptions): Promise<TestGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-test-'));
  for (const [name, text] of Object.entries(options.dsns)) writeFileSync(join(folder, name), text);
  const configFile = join(folder, 'gateway.yml.settings');
  // Versions of the gateway that are tested side by side on one machine should not share engines.
  const dataDir = process.env.TIDEGATE_TEST_DATA_DIR;
  const isOwn = dataDir === undefined || options.settings?.includes('engine:') === true;
  const engine = isOwn ? '' : `engine: { data_dir: ${JSON.stringify(dataDir)} }\n`;
  const settings = `listen: 127.0.0.1:0\ndsn: [${JSON.stringify(folder)}]\n${engine}${options.settings ?? ''}\n`;
  writeFileSync(configFile, settings);
  const log: { level: string; event: object; message: string }[] = [];
  const serving = await serve({
    configFile,
    env: { ...process.env, ...options.env },
    log: (level, event, message) => log.push({ level, event, message }),
  });
  const { port } = serving.address;
  return {
    port,
    serving,
    log,
    folder,
    connect: async (config = {}) => {
      const client = new pg.Client({ host: '127.0.0.1', port, user: 'tidegate', database: 'tidegate', ...config });
      client.on('error', () => {}); // a connection that a test ends on purpose
      await client.connect();
      return client;
    },
    close: async () => {
      await serving.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
