import { deviceAuthorizationRequest, genericTokenEndpointRequest } from 'oauth4webapi';
import type { OAuth2Model } from '../../config/model.js';
import { errors } from '../../core/errors.js';
import { reveal } from '../../core/secret.js';
import { sleep } from '../../http/wait.js';
import { clientAuthentication } from '../client-authentication.js';
import { requireEndpoint } from '../endpoints.js';
import type { OAuthContext } from '../oauth-context.js';
import { readObject, readTokenAnswer, type TokenSet } from '../token-answer.js';
import { parties, sendProtocolRequest, subjectOf } from '../token-endpoint.js';
import { serverErrorCode } from '../token-errors.js';

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const DEFAULT_INTERVAL_S = 5;
const SLOW_DOWN_S = 5;
const DEFAULT_LIFE_S = 15 * 60;

/** What the person has to do on another device. */
export interface DevicePrompt {
  readonly url: string;
  /** With the code in it, where the server offers that. */
  readonly completeUrl: string | null;
  readonly code: string;
}

/** A login on another device (RFC 8628): shows a code, then asks until somebody has entered it. */
export async function loginByDevice(
  model: OAuth2Model,
  context: OAuthContext,
  show: (prompt: DevicePrompt) => void,
  signal: AbortSignal,
): Promise<TokenSet> {
  const { dsn } = context;
  const endpoint = await requireEndpoint(model, 'device_authorization_url', context, signal);
  const tokenEndpoint = await requireEndpoint(model, 'token_url', context, signal);
  const auth = clientAuthentication(model, tokenEndpoint.url.href, dsn, 0);
  const { server, client } = parties(model, tokenEndpoint.url);
  const first: Record<string, string> = {};
  if (model.scopes.length > 0) first.scope = model.scopes.join(model.scopeSeparator);
  if (model.audience !== null) first.audience = model.audience;
  for (const [name, text] of model.extraAuthorizationParameters) first[name] = reveal(text);
  const announced = { ...server, device_authorization_endpoint: endpoint.url.href };
  const asked = await sendProtocolRequest(model, endpoint, context, signal, (options) =>
    deviceAuthorizationRequest(announced, client, auth, first, options),
  );
  const answer = readObject(asked, { ...subjectOf(endpoint, context), setting: 'device_authorization_url' });
  const deviceCode = text(answer.device_code);
  const code = text(answer.user_code);
  // Google began with another name before the RFC.
  const url = text(answer.verification_uri) ?? text(answer.verification_url);
  if (deviceCode === null || code === null || url === null) {
    throw errors.apiError(`the authorization server began no device login for DSN "${dsn}"`, {
      hint: 'Check device_authorization_url, and that the client may use the device grant.',
    });
  }
  context.redactor.add(deviceCode);
  show({ url, code, completeUrl: text(answer.verification_uri_complete) });
  const endsAt = performance.now() + 1000 * (seconds(answer.expires_in) ?? DEFAULT_LIFE_S);
  let intervalS = seconds(answer.interval) ?? DEFAULT_INTERVAL_S;
  while (performance.now() < endsAt) {
    await sleep(intervalS * 1000, signal);
    const parameters: Record<string, string> = { device_code: deviceCode };
    for (const [name, value] of model.extraTokenParameters) parameters[name] = reveal(value);
    const polled = await sendProtocolRequest(model, tokenEndpoint, context, signal, (options) =>
      genericTokenEndpointRequest(server, client, auth, GRANT, parameters, options),
    );
    const problem = serverErrorCode(polled.body);
    if (problem === 'authorization_pending') continue;
    if (problem === 'slow_down') {
      intervalS += SLOW_DOWN_S;
      continue;
    }
    if (problem === 'expired_token') break;
    if (problem === 'access_denied') {
      throw errors.apiError(`consent was denied for DSN "${dsn}"`, { hint: `run: tidegate login ${dsn} --device` });
    }
    return readTokenAnswer(polled, model, subjectOf(tokenEndpoint, context));
  }
  throw errors.apiError(`nobody entered the code for DSN "${dsn}" in time`, {
    hint: `run: tidegate login ${dsn} --device`,
  });
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function seconds(value: unknown): number | null {
  const number = Number(value);
  return value !== null && value !== undefined && Number.isFinite(number) && number > 0 ? number : null;
}
