import { startApi, type TestApi } from '../support/api-server.js';

/** What a rotating authorization server saw. */
export interface RotatingServer {
  readonly api: TestApi;
  /** Refresh tokens in the order they were sent. */
  readonly refreshes: string[];
  /** How often a token came that had been replaced by one in use: what servers take for theft. */
  readonly reuses: () => number;
  readonly dataRequests: () => number;
}

/**
 * An API with an authorization server that gives a new refresh token with each access token. The one before stays good
 * until a token that replaced it is seen, as real servers have it for clients that lost an answer.
 */
export async function startRotatingServer(options: {
  seed: string;
  lifetimeS: number;
  /** How long tokens are really good, if not as long as told. */
  realLifetimeS?: number;
  delayMs?: number;
}): Promise<RotatingServer> {
  const refreshes: string[] = [];
  const good = new Set([options.seed]);
  const parents = new Map<string, string>();
  const expiry = new Map<string, number>();
  let reuses = 0;
  let dataRequests = 0;
  let count = 0;
  const confirm = (token: string): void => {
    const parent = parents.get(token);
    if (parent !== undefined) good.delete(parent);
  };
  const api = await startApi({
    'POST /token': async ({ body }) => {
      const token = new URLSearchParams(body).get('refresh_token') ?? '';
      refreshes.push(token);
      if (!good.has(token)) {
        reuses++;
        return { status: 400, body: { error: 'invalid_grant' } };
      }
      confirm(token);
      const n = ++count;
      const [refresh, access] = [`canary-refresh-${n}`, `canary-access-${n}`];
      good.add(refresh);
      parents.set(refresh, token);
      parents.set(access, token);
      expiry.set(access, performance.now() + (options.realLifetimeS ?? options.lifetimeS) * 1000);
      await new Promise((resolve) => setTimeout(resolve, options.delayMs ?? 5));
      return { body: { access_token: access, refresh_token: refresh, expires_in: options.lifetimeS } };
    },
    'GET /data': ({ headers }) => {
      dataRequests++;
      const access = String(headers.authorization).replace('Bearer ', '');
      confirm(access);
      return (expiry.get(access) ?? 0) > performance.now() ? { body: { data: [] } } : { status: 401, body: {} };
    },
  });
  return { api, refreshes, reuses: () => reuses, dataRequests: () => dataRequests };
}
