// A process that starts an engine as a gateway would, says so, and waits to be killed.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
const { startEngine } = await import('../../../src/engine/start-engine.ts');
const engine = await startEngine({ mode: 'embedded', dataDir: process.argv[2], binDir: null }, { connections: 5 });
const { pid, dataDir } = engine.connectionInfo;
process.stdout.write(`${JSON.stringify({ pid, dataDir })}\n`);
// A backend that is busy computing does not notice by itself that its server is gone.
if (process.argv[3] === 'busy')
  engine.query('SELECT count(*) FROM generate_series(1, 100000000000)').catch(() => undefined);
setInterval(() => undefined, 1000);
