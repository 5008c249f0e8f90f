import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

/** A real authorization server with its own login and consent pages. */
export interface TestAuthorizationServer {
  readonly issuer: string;
  readonly provider: Provider;
  close(): Promise<void>;
}

/** Starts oidc-provider on a free port; `configuration` as it has it. */
export async function startAuthorizationServer(
  configuration: (issuer: string) => Record<string, unknown>,
): Promise<TestAuthorizationServer> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    findAccount: (_context: unknown, sub: string) => ({ accountId: sub, claims: () => ({ sub }) }),
    cookies: { keys: ['cookie-key'] },
    scopes: ['openid', 'offline_access', 'orders'],
    ...configuration(issuer),
  });
  server.on('request', provider.callback());
  return {
    issuer,
    provider,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
