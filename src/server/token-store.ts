import type { GatewayModel } from '../config/model.js';
import { TokenTable } from '../engine/token-table.js';
import { FileTokenStore } from '../oauth/store/file-store.js';
import type { TokenStore } from '../oauth/store/token-store.js';

/** Where the tokens of a configuration are: in the engine that gateways share, else in a file. */
export function openTokenStore({ engine, tokens }: Pick<GatewayModel, 'engine' | 'tokens'>): TokenStore {
  return engine.mode === 'external' ? new TokenTable(engine.url, tokens) : new FileTokenStore(tokens);
}
