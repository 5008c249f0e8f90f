// A process that uses an API with tokens from a shared store, as one of several gateways would.
// It runs what `npm test` has built: compiling here would take longer than the work.
// Arguments: store file or engine URL, origin of API and authorization server, parallel users, milliseconds to go on
// (0: until killed), auth settings as JSON.
import { setMaxListeners } from 'node:events';
import { Secret } from '../../../dist/src/core/secret.js';
import { TokenTable } from '../../../dist/src/engine/token-table.js';
import { HttpClient } from '../../../dist/src/http/client.js';
import { Redactor } from '../../../dist/src/http/redactor.js';
import { Authorizers } from '../../../dist/src/oauth/authorizers.js';
import { FileTokenStore } from '../../../dist/src/oauth/store/file-store.js';

const shiftMs = Number(process.env.TIDEGATE_TEST_CLOCK_SHIFT_S ?? 0) * 1000;
if (shiftMs !== 0) {
  // A machine whose clock is wrong.
  const now = Date.now.bind(Date);
  Date.now = () => now() + shiftMs;
}
const [file, origin, users, forMs, settings] = process.argv.slice(2);
const client = new HttpClient();
const store = file.startsWith('postgres:')
  ? new TokenTable(new Secret(file), { file: '', key: new Secret('00'.repeat(32)) })
  : new FileTokenStore({ file, key: null });
const authorizers = new Authorizers(client, () => {}, store);
const model = JSON.parse(settings, (_key, value) =>
  value?.secret === undefined ? (Array.isArray(value?.map) ? new Map(value.map) : value) : new Secret(value.secret),
);
const authorizer = authorizers.for('shop', model, { redactor: new Redactor(), timeoutMs: 10_000 });
const { signal } = new AbortController();
setMaxListeners(0, signal);
const end = forMs === '0' ? Number.POSITIVE_INFINITY : performance.now() + Number(forMs);
let requests = 0;

async function ask(authorization) {
  const { value } = authorization.values[0];
  const request = {
    method: 'GET',
    url: new URL(`${origin}/data`),
    shownUrl: '',
    headers: { authorization: value },
    body: null,
  };
  const response = await client.exchange(request, { signal, timeoutMs: 10_000 });
  for await (const _chunk of response.body);
  requests++;
  return response.status;
}

async function use() {
  do {
    const authorization = await authorizer.authorize(signal);
    if ((await ask(authorization)) === 401) {
      await authorizer.renew(authorization, signal);
      const status = await ask(await authorizer.authorize(signal));
      if (status !== 200) throw new Error(`answered ${status} with a new token`);
    }
    await new Promise((resolve) => setTimeout(resolve, forMs === '0' ? 0 : 20));
  } while (performance.now() < end);
}

process.stdout.write('began\n');
try {
  await Promise.all(Array.from({ length: Number(users) }, use));
  process.stdout.write(`done ${requests}\n`);
} catch (error) {
  process.stdout.write(`failed ${error.message} ${error.detail ?? ''}\n`);
}
await authorizers.close();
await client.close();
