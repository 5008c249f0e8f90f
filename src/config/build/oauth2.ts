import { type ConfiguredText, Secret } from '../../core/secret.js';
import { parseDuration } from '../duration.js';
import type { OAuth2Model } from '../model.js';
import type { MetadataPreset, ProviderPreset } from '../providers/preset.js';
import { providerPreset } from '../providers/registry.js';
import type { OAuth2Input } from '../schema/oauth.js';
import type { BuildContext, Placed } from './context.js';
import { buildMetadata } from './metadata.js';
import { checkOAuth2 } from './oauth2-rules.js';
import { checkHeaders, readTexts } from './request-texts.js';
import { checkUrl } from './url.js';
import { checkHeaderName } from './value-place.js';

const NO_PRESET: Partial<ProviderPreset> = {};
const URL_KEYS = [
  'token_url',
  'authorization_url',
  'device_authorization_url',
  'revocation_url',
  'user_info_url',
] as const;

/** Makes the model of `auth: { type: oauth2 }`: a provider's preset filled in, everything secret wrapped. */
export function buildOAuth2({ value: auth, path }: Placed<OAuth2Input>, context: BuildContext): OAuth2Model {
  const { tree } = context;
  const at = (key: string) => [...path, key];
  const preset = auth.provider === undefined ? NO_PRESET : providerPreset(auth.provider);
  const tenant = readTenant(auth, preset, path, context);
  const fill = (url: string | undefined): string | null => url?.replaceAll('{tenant}', tenant) ?? null;
  const text = (key: keyof OAuth2Input & string): ConfiguredText | null =>
    auth[key] === undefined ? null : tree.configuredText(at(key));
  const secret = (value: string | undefined): Secret | null => (value === undefined ? null : new Secret(value));
  for (const key of [...URL_KEYS, 'issuer', 'redirect_url'] as const) {
    if (auth[key] !== undefined) checkUrl(at(key), context);
  }
  if (auth.header !== undefined) checkHeaderName(at('header'), auth.header, context);
  checkHeaders(at('extra_token_headers'), context);
  const presetParameters = Object.entries(preset.extraAuthorizationParameters ?? {});
  const model: OAuth2Model = {
    type: 'oauth2',
    grant: auth.grant,
    issuer: auth.issuer ?? null,
    tokenUrl: text('token_url') ?? fill(preset.tokenUrl),
    authorizationUrl: auth.authorization_url ?? fill(preset.authorizationUrl),
    deviceAuthorizationUrl: auth.device_authorization_url ?? fill(preset.deviceAuthorizationUrl),
    revocationUrl: auth.revocation_url ?? fill(preset.revocationUrl),
    userInfoUrl: auth.user_info_url ?? fill(preset.userInfoUrl),
    metadata: buildMetadata(auth.metadata, fillMetadata(preset.metadata, fill), at('metadata'), context),
    redirectUrl: auth.redirect_url ?? null,
    clientId: text('client_id'),
    clientSecret: secret(auth.client_secret),
    clientAuth: auth.client_auth ?? defaultClientAuth(auth, preset),
    privateKey: secret(auth.private_key),
    keyId: auth.key_id ?? null,
    assertion: readAssertion(auth, fill(preset.assertionAudience), path, context),
    username: text('username'),
    password: secret(auth.password),
    refreshToken: secret(auth.refresh_token),
    pkce: tree.node(at('pkce')) === undefined ? (preset.pkce ?? true) : auth.pkce,
    scopes: auth.scopes ?? preset.scopes ?? [],
    scopeSeparator: auth.scope_separator ?? preset.scopeSeparator ?? ' ',
    audience: auth.audience ?? null,
    resource: auth.resource ?? null,
    extraAuthorizationParameters: new Map<string, ConfiguredText>([
      ...presetParameters,
      ...readTexts(at('extra_authorization_parameters'), context),
    ]),
    extraTokenParameters: readTexts(at('extra_token_parameters'), context),
    extraTokenHeaders: readTexts(at('extra_token_headers'), context),
    tokenContentType: auth.token_content_type ?? 'form',
    tokenField: auth.token_field ?? preset.tokenField ?? '$.access_token',
    expiresInField: auth.expires_in_field ?? '$.expires_in',
    renewBeforeMs: parseDuration(auth.renew_before)!,
    header: auth.header ?? preset.header ?? 'Authorization',
    prefix: auth.prefix ?? preset.prefix ?? 'Bearer',
    tokenQuery: auth.query ?? null,
  };
  checkOAuth2(model, path, context);
  return model;
}

function defaultClientAuth(auth: OAuth2Input, preset: Partial<ProviderPreset>): OAuth2Model['clientAuth'] {
  if (auth.client_secret !== undefined) return preset.clientAuth ?? 'basic';
  // The client credentials grant of a client without credentials is a mistake, which the rules then name.
  return auth.grant === 'client_credentials' ? 'basic' : 'none';
}

/** The provider's `metadata` with the customer's own part of its address. */
function fillMetadata(
  preset: MetadataPreset | undefined,
  fill: (url: string | undefined) => string | null,
): MetadataPreset | undefined {
  const url = fill(preset?.url);
  return preset === undefined || url === null ? preset : { ...preset, url };
}

function readAssertion(
  auth: OAuth2Input,
  audience: string | null,
  path: Placed<unknown>['path'],
  context: BuildContext,
): OAuth2Model['assertion'] {
  const at = [...path, 'assertion'];
  const given = auth.assertion;
  const text = (key: 'issuer' | 'subject'): ConfiguredText | null =>
    given?.[key] === undefined ? null : context.tree.configuredText([...at, key]);
  return {
    issuer: text('issuer'),
    subject: text('subject'),
    audience: given?.audience ?? audience,
    lifetimeMs: parseDuration(given?.lifetime ?? '5m')!,
    claims: readTexts([...at, 'claims'], context),
  };
}

function readTenant(
  auth: OAuth2Input,
  preset: Partial<ProviderPreset>,
  path: Placed<unknown>['path'],
  { tree, problems }: BuildContext,
): string {
  const at = [...path, 'tenant'];
  if (auth.tenant === undefined) {
    if (preset.tenant !== undefined && preset.tenant.default === null) {
      const message = `missing key "tenant" in "auth": provider "${auth.provider}" needs it`;
      problems.add(tree.keyAt(path), message, `Add "tenant": ${preset.tenant.meaning}.`);
    }
    return preset.tenant?.default ?? 'tenant';
  }
  if (preset.tenant === undefined) {
    problems.add(tree.keyAt(at), 'there is no provider here whose addresses have a "tenant"', 'Remove it.');
  } else if (!/^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(auth.tenant)) {
    const hint = `Write the ${preset.tenant.meaning} alone, without scheme and path.`;
    problems.add(tree.at(at), `"${tree.written(at)}" is not a tenant`, hint);
    return 'tenant';
  }
  return auth.tenant;
}
