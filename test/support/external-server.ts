import { appendFileSync, chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { Secret } from '../../src/core/secret.js';
import { startEmbedded } from '../../src/engine/embedded.js';

/** A PostgreSQL as somebody else runs it: reached over TCP, with a role that is no superuser. */
export interface ExternalServer {
  /** For `engine.url`: of a role that owns the database `data`. */
  readonly url: Secret;
  /** A superuser's connection. */
  readonly owner: pg.Client;
  readonly dataDir: string;
  stop(): Promise<void>;
}

/** Starts one from the binaries of the embedded engine. */
export async function startExternalServer(): Promise<ExternalServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tge-'));
  chmodSync(folder, 0o711);
  const server = await startEmbedded({
    dataDir: folder,
    binDir: null,
    connections: 120,
    log: () => undefined,
    listener: 'tcp',
  });
  appendFileSync(join(server.dataDir, 'pg_hba.conf'), 'host all all 127.0.0.1/32 scram-sha-256\n');
  const { host, port, user, password } = server.endpoint;
  const owner = new pg.Client({ host, port, user, password: password!.reveal(), database: 'tidegate' });
  owner.on('error', () => {});
  await owner.connect();
  await owner.query("SELECT pg_reload_conf(); CREATE ROLE gw LOGIN CREATEROLE PASSWORD 'canary-engine-password'");
  await owner.query("CREATE DATABASE data OWNER gw ENCODING 'UTF8' TEMPLATE template0");
  return {
    url: new Secret(`postgres://gw:canary-engine-password@127.0.0.1:${port}/data?sslmode=disable`),
    owner,
    dataDir: server.dataDir,
    stop: async () => {
      await owner.end().catch(() => {});
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
