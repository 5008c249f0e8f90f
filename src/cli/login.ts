import { createInterface } from 'node:readline/promises';
import type { OAuth2Model } from '../config/model.js';
import { errors } from '../core/errors.js';
import { HttpClient } from '../http/client.js';
import { orAborted } from '../http/wait.js';
import {
  authValuesOf,
  connectionContext,
  interactiveConnections,
  keepLogin,
  type LoginConnection,
} from '../oauth/connections.js';
import { Authorization } from '../oauth/login/authorization.js';
import { isLoopbackUrl, startCallbackServer } from '../oauth/login/callback-server.js';
import { loginByDevice } from '../oauth/login/device.js';
import { accountOf } from '../oauth/login/id-token.js';
import { openBrowser } from '../oauth/login/open-browser.js';
import { askAccount } from '../oauth/login/user-info.js';
import type { OAuthContext } from '../oauth/oauth-context.js';
import type { TokenSet } from '../oauth/token-answer.js';
import { openTokenStore } from '../server/token-store.js';
import { findDsn, loadModel } from './chosen-dsn.js';
import { print } from './print.js';

interface LoginFlags {
  readonly config?: string;
  readonly browser?: boolean;
  readonly device?: boolean;
  readonly timeout?: string;
}

const DEFAULT_TIMEOUT_S = 300;
/** Providers that let people copy the code show it at an address like this. */
const PASTE_REDIRECT = 'http://127.0.0.1:8976/callback';

/** `tidegate login DSN`: lets a person log in, and keeps what that gives in the token store. */
export async function runLogin(name: string, flags: LoginFlags): Promise<void> {
  const model = await loadModel(flags.config);
  const connections = interactiveConnections(findDsn(model, name));
  const store = openTokenStore(model);
  const client = new HttpClient();
  const timeoutS = Number(flags.timeout ?? DEFAULT_TIMEOUT_S);
  if (!(timeoutS > 0))
    throw errors.configuration('--timeout is not a number of seconds', { hint: 'Write --timeout 300.' });
  const late = errors.canceled(`nobody logged in to DSN "${name}" within ${timeoutS} s`, {
    hint: `run: tidegate login ${name}`,
  });
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(late), timeoutS * 1000);
  try {
    for (const connection of connections) {
      const context = connectionContext(connection, client);
      const askedAt = Date.now();
      const set = await login(connection, context, flags, controller.signal);
      const account =
        accountOf(set.idToken) ?? (await askAccount(connection.model, set.accessToken, context, controller.signal));
      await keepLogin(connection, { set, account, askedAt }, store, context);
      report(connection, set, account);
      const values = await authValuesOf(connection, store, context, controller.signal);
      for (const [key, value] of values) print(`  ${key}: ${value}`);
    }
  } finally {
    clearTimeout(timer);
    await store.close();
    await client.close();
  }
}

async function login(
  { model }: LoginConnection,
  context: OAuthContext,
  flags: LoginFlags,
  signal: AbortSignal,
): Promise<TokenSet> {
  if (flags.device === true || model.grant === 'device_code') {
    return await loginByDevice(
      model,
      context,
      ({ url, code, completeUrl }) => {
        print(`Open ${url} on any device and enter the code ${code}`);
        if (completeUrl !== null) print(`or open ${completeUrl}`);
      },
      signal,
    );
  }
  const canServe = model.redirectUrl === null || isLoopbackUrl(model.redirectUrl);
  if (flags.browser === false || !canServe) return await loginByPaste(model, context, signal);
  return await loginByBrowser(model, context, signal);
}

async function loginByBrowser(model: OAuth2Model, context: OAuthContext, signal: AbortSignal): Promise<TokenSet> {
  const server = await startCallbackServer(model.redirectUrl);
  try {
    const authorization = new Authorization(model, context, server.redirectUrl);
    const address = await authorization.address(signal);
    // Listening before the browser comes back: a person who is logged in already is back at once.
    const arriving = server.answer((answer) => authorization.isOwn(answer), signal);
    arriving.catch(() => {});
    print(`Log in at ${address.href}`);
    if (!(await openBrowser(address))) print('No browser could be opened here: open the address yourself.');
    return await authorization.redeem(await arriving, signal);
  } finally {
    await server.close();
  }
}

async function loginByPaste(model: OAuth2Model, context: OAuthContext, signal: AbortSignal): Promise<TokenSet> {
  const authorization = new Authorization(model, context, model.redirectUrl ?? PASTE_REDIRECT);
  print(`Log in at ${(await authorization.address(signal)).href}`);
  print('Then paste the address that the browser ends at, or the code it shows:');
  const lines = createInterface({ input: process.stdin });
  try {
    const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    const line = new Promise<string>((resolve) => lines.once('line', resolve));
    const text = (await orAborted(Promise.race([line, ended]), signal)).trim();
    if (text === '')
      throw errors.canceled('nothing was pasted', { hint: `run: tidegate login ${context.dsn} --no-browser` });
    const isAddress = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) && URL.canParse(text);
    return await authorization.redeem(isAddress ? new URL(text).searchParams : authorization.answerOf(text), signal);
  } finally {
    lines.close();
  }
}

function report({ dsn, model }: LoginConnection, set: TokenSet, account: string | null): void {
  print(`${dsn}: logged in${account === null ? '' : ` as ${account}`}`);
  print(`  scopes: ${set.scopes ?? (model.scopes.join(' ') || 'not told')}`);
  const life = set.lifetimeMs === null ? 'not told' : `in ${Math.round(set.lifetimeMs / 1000)} s`;
  print(
    `  access token ends: ${life}${set.refreshToken === null ? '; there is no refresh token' : ', then it is renewed'}`,
  );
}
