// A process that uses an API with tokens from a shared store, as one of several gateways would.
// Arguments: store file, origin of API and authorization server, parallel users, milliseconds to go on (0: until killed).
import { setMaxListeners } from 'node:events';
import { register } from 'node:module';

register('../../engine/child/typescript-hooks.mjs', import.meta.url);
const { HttpClient } = await import('../../../src/http/client.ts');
const { Redactor } = await import('../../../src/http/redactor.ts');
const { Secret } = await import('../../../src/core/secret.ts');
const { Authorizers } = await import('../../../src/oauth/authorizers.ts');
const { oauth } = await import('../../scan/fixtures.ts');

const [file, origin, users, forMs] = process.argv.slice(2);
const client = new HttpClient();
const authorizers = new Authorizers(client, () => {}, { file, key: null });
const model = {
  ...oauth(`${origin}/token`, new Secret('canary-secret')),
  grant: 'refresh_token',
  refreshToken: new Secret('canary-seed'),
};
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
