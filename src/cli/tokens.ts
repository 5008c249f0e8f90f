import type { GatewayModel } from '../config/model.js';
import { connectionsOf, type TokenStore } from '../oauth/connections.js';
import { describeTokenState } from '../oauth/stored-tokens.js';
import { openTokenStore } from '../server/token-store.js';
import { loadModel } from './chosen-dsn.js';
import { print } from './print.js';

interface TokensFlags {
  readonly config?: string;
}

/** `tidegate tokens`: what the token store has of each connection, never the tokens. */
export async function runTokens(flags: TokensFlags): Promise<void> {
  const model = await loadModel(flags.config);
  const store = openTokenStore(model);
  try {
    await showTokens(model, store);
  } finally {
    await store.close();
  }
}

async function showTokens(model: GatewayModel, store: TokenStore): Promise<void> {
  const connections = model.dsns.flatMap(connectionsOf);
  if (connections.length === 0) print('No DSN needs tokens.');
  for (const { dsn, id, model: auth } of connections) {
    const stored = await store.read(id);
    const kind = auth.type === 'session' ? 'session' : auth.grant;
    print(`${dsn} (${kind}): ${stored === null ? 'no token' : describeTokenState(stored)}`);
    if (stored === null) {
      if (kind === 'authorization_code' || kind === 'device_code') print(`  run: tidegate login ${dsn}`);
      continue;
    }
    if (stored.account !== null) print(`  account: ${stored.account}`);
    if (stored.scopes !== null) print(`  scopes: ${stored.scopes}`);
    for (const [name, value] of Object.entries(stored.authValues?.values ?? {})) print(`  ${name}: ${value}`);
    print(`  refresh token: ${stored.refreshToken === null ? 'none' : 'yes'}`);
    if (stored.failure === null) continue;
    print(`  last error: ${new Date(stored.failure.at).toISOString()} ${stored.failure.message}`);
    if (stored.failure.hint !== null) print(`  hint: ${stored.failure.hint}`);
  }
}
