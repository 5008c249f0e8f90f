// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${auth:NAME}` is filled in when a request is made.

import type { ProviderPreset } from './preset.js';

const PRESETS = {
  google: {
    docs: 'https://developers.google.com/identity/protocols/oauth2/web-server',
    notes:
      'The extra parameters are what makes Google give a refresh token at every login. Service accounts: grant `jwt_bearer` with their JSON file as `private_key`.',
    authorizationUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
    tokenUrl: 'https://oauth2.googleapis.com/token',
    deviceAuthorizationUrl: 'https://oauth2.googleapis.com/device/code',
    revocationUrl: 'https://oauth2.googleapis.com/revoke',
    clientAuth: 'body',
    userInfoUrl: 'https://openidconnect.googleapis.com/v1/userinfo',
    // Without these Google gives a refresh token only the first time that somebody consents.
    extraAuthorizationParameters: { access_type: 'offline', prompt: 'consent' },
  },
  microsoft: {
    docs: 'https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow',
    notes:
      'Add `offline_access` to the scopes for a refresh token. For `client_credentials`, `tenant` must be your own and the scope ends in `/.default`.',
    authorizationUrl: 'https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize',
    tokenUrl: 'https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token',
    deviceAuthorizationUrl: 'https://login.microsoftonline.com/{tenant}/oauth2/v2.0/devicecode',
    tenant: { meaning: 'tenant id or domain', default: 'organizations' },
    clientAuth: 'body',
    userInfoUrl: 'https://graph.microsoft.com/oidc/userinfo',
  },
  github: {
    docs: 'https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps',
    notes:
      'Tokens of OAuth apps do not end and have no refresh token; those of GitHub apps do where expiring tokens are turned on.',
    authorizationUrl: 'https://github.com/login/oauth/authorize',
    tokenUrl: 'https://github.com/login/oauth/access_token',
    deviceAuthorizationUrl: 'https://github.com/login/device/code',
    clientAuth: 'body',
    userInfoUrl: 'https://api.github.com/user',
  },
  hubspot: {
    docs: 'https://developers.hubspot.com/docs/api/oauth-quickstart-guide',
    notes: 'Scopes must be those that the app declares.',
    authorizationUrl: 'https://app.hubspot.com/oauth/authorize',
    tokenUrl: 'https://api.hubapi.com/oauth/v1/token',
    clientAuth: 'body',
    pkce: false,
  },
  salesforce: {
    docs: 'https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_endpoints.htm',
    notes:
      '`${auth:instance_url}` is your instance, for `base_url`. Add `refresh_token` to the scopes for a refresh token.',
    authorizationUrl: 'https://{tenant}.salesforce.com/services/oauth2/authorize',
    tokenUrl: 'https://{tenant}.salesforce.com/services/oauth2/token',
    revocationUrl: 'https://{tenant}.salesforce.com/services/oauth2/revoke',
    // "test" is the sandbox; a My Domain name is written like "acme.my".
    tenant: { meaning: 'login, test (sandbox) or My Domain', default: 'login' },
    clientAuth: 'body',
    userInfoUrl: 'https://{tenant}.salesforce.com/services/oauth2/userinfo',
    assertionAudience: 'https://{tenant}.salesforce.com',
    metadata: { fields: { instance_url: '$.instance_url' } },
  },
  linkedin: {
    docs: 'https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow',
    notes: 'Refresh tokens are for approved programs only; others log in again every 60 days.',
    authorizationUrl: 'https://www.linkedin.com/oauth/v2/authorization',
    tokenUrl: 'https://www.linkedin.com/oauth/v2/accessToken',
    clientAuth: 'body',
    userInfoUrl: 'https://api.linkedin.com/v2/userinfo',
    pkce: false,
  },
  facebook: {
    docs: 'https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow',
    notes:
      'There are no refresh tokens: log in again when the long-lived token ends. `v22.0` in the addresses can be replaced.',
    authorizationUrl: 'https://www.facebook.com/v22.0/dialog/oauth',
    tokenUrl: 'https://graph.facebook.com/v22.0/oauth/access_token',
    clientAuth: 'body',
    scopeSeparator: ',',
    pkce: false,
  },
  x: {
    docs: 'https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code',
    notes: 'Add `offline.access` to the scopes for a refresh token.',
    authorizationUrl: 'https://x.com/i/oauth2/authorize',
    tokenUrl: 'https://api.x.com/2/oauth2/token',
    revocationUrl: 'https://api.x.com/2/oauth2/revoke',
    userInfoUrl: 'https://api.x.com/2/users/me',
  },
  xero: {
    docs: 'https://developer.xero.com/documentation/guides/oauth2/auth-flow/',
    notes:
      'Add `offline_access` to the scopes. Where several organisations are connected, choose one: `metadata: { where: { tenantName: Acme } }`.',
    authorizationUrl: 'https://login.xero.com/identity/connect/authorize',
    tokenUrl: 'https://identity.xero.com/connect/token',
    revocationUrl: 'https://identity.xero.com/connect/revocation',
    // Every request names one of the organisations that were connected at the login.
    metadata: { url: 'https://api.xero.com/connections', list: '$', fields: { tenant_id: '$.tenantId' } },
    headers: { 'Xero-Tenant-Id': '${auth:tenant_id}' },
  },
  quickbooks: {
    docs: 'https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/oauth-2.0',
    notes:
      '`${auth:realm_id}` is the company that was chosen at the login, for `path: /v3/company/${auth:realm_id}/query`. Where the tokens were obtained elsewhere, write it into the DSN.',
    authorizationUrl: 'https://appcenter.intuit.com/connect/oauth2',
    tokenUrl: 'https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer',
    revocationUrl: 'https://developer.api.intuit.com/v2/oauth2/tokens/revoke',
    scopes: ['com.intuit.quickbooks.accounting'],
    userInfoUrl: 'https://accounts.platform.intuit.com/v1/openid_connect/userinfo',
    // Intuit adds the company to the address that the browser comes back to.
    metadata: { fields: { realm_id: '$.realmId' } },
  },
  zoho: {
    docs: 'https://www.zoho.com/accounts/protocol/oauth/web-apps/authorization.html',
    notes:
      "`tenant` is the ending of the account's data centre. Canada's is at accounts.zohocloud.ca: give the addresses themselves. `${auth:api_domain}` is what to ask.",
    authorizationUrl: 'https://accounts.zoho.{tenant}/oauth/v2/auth',
    tokenUrl: 'https://accounts.zoho.{tenant}/oauth/v2/token',
    revocationUrl: 'https://accounts.zoho.{tenant}/oauth/v2/token/revoke',
    tenant: { meaning: 'domain of the region: com, eu, in, com.au, com.cn, jp, sa, uk', default: 'com' },
    clientAuth: 'body',
    scopeSeparator: ',',
    pkce: false,
    extraAuthorizationParameters: { access_type: 'offline', prompt: 'consent' },
    prefix: 'Zoho-oauthtoken',
    metadata: { fields: { api_domain: '$.api_domain' } },
  },
  shopify: {
    docs: 'https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/authorization-code-grant',
    notes: '`tenant` is what stands before `.myshopify.com`.',
    authorizationUrl: 'https://{tenant}.myshopify.com/admin/oauth/authorize',
    tokenUrl: 'https://{tenant}.myshopify.com/admin/oauth/access_token',
    tenant: { meaning: 'shop', default: null },
    clientAuth: 'body',
    scopeSeparator: ',',
    pkce: false,
    header: 'X-Shopify-Access-Token',
    prefix: '',
  },
  slack: {
    docs: 'https://docs.slack.dev/authentication/installing-with-oauth',
    notes:
      "The token is the bot's; for the user's own set `token_field: $.authed_user.access_token`, and its scopes as `extra_authorization_parameters: { user_scope: … }`.",
    authorizationUrl: 'https://slack.com/oauth/v2/authorize',
    tokenUrl: 'https://slack.com/api/oauth.v2.access',
    revocationUrl: 'https://slack.com/api/auth.revoke',
    scopeSeparator: ',',
    pkce: false,
    userInfoUrl: 'https://slack.com/api/auth.test',
  },
  atlassian: {
    docs: 'https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/',
    notes:
      'Add `offline_access` to the scopes. `${auth:cloud_id}` is your site, for `base_url: https://api.atlassian.com/ex/jira/${auth:cloud_id}`; of several choose one: `metadata: { where: { url: https://acme.atlassian.net } }`.',
    authorizationUrl: 'https://auth.atlassian.com/authorize',
    tokenUrl: 'https://auth.atlassian.com/oauth/token',
    clientAuth: 'body',
    userInfoUrl: 'https://api.atlassian.com/me',
    metadata: {
      url: 'https://api.atlassian.com/oauth/token/accessible-resources',
      list: '$',
      fields: { cloud_id: '$.id' },
    },
    // Atlassian gives a refresh token only with the scope offline_access, which the DSN's scopes must name.
    extraAuthorizationParameters: { audience: 'api.atlassian.com', prompt: 'consent' },
  },
  dropbox: {
    docs: 'https://www.dropbox.com/developers/documentation/http/documentation#authorization',
    notes: 'The extra parameter is what makes Dropbox give a refresh token.',
    authorizationUrl: 'https://www.dropbox.com/oauth2/authorize',
    tokenUrl: 'https://api.dropboxapi.com/oauth2/token',
    extraAuthorizationParameters: { token_access_type: 'offline' },
  },
  zendesk: {
    docs: 'https://support.zendesk.com/hc/en-us/articles/4408845965210-Using-OAuth-authentication-with-your-application',
    notes: '`tenant` is what stands before `.zendesk.com`.',
    authorizationUrl: 'https://{tenant}.zendesk.com/oauth/authorizations/new',
    tokenUrl: 'https://{tenant}.zendesk.com/oauth/tokens',
    tenant: { meaning: 'subdomain', default: null },
    clientAuth: 'body',
    userInfoUrl: 'https://{tenant}.zendesk.com/api/v2/users/me.json',
  },
  mailchimp: {
    docs: 'https://mailchimp.com/developer/marketing/guides/access-user-data-oauth-2/',
    notes: 'There are no scopes, and tokens do not end. `base_url: ${auth:api_endpoint}/3.0`.',
    authorizationUrl: 'https://login.mailchimp.com/oauth2/authorize',
    tokenUrl: 'https://login.mailchimp.com/oauth2/token',
    clientAuth: 'body',
    pkce: false,
    metadata: {
      url: 'https://login.mailchimp.com/oauth2/metadata',
      prefix: 'OAuth',
      fields: { dc: '$.dc', api_endpoint: '$.api_endpoint' },
    },
  },
  docusign: {
    docs: 'https://developers.docusign.com/platform/auth/authcode/authcode-get-token/',
    notes:
      '`base_url: ${auth:base_uri}/restapi/v2.1/accounts/${auth:account_id}`, of the default account unless `metadata.where` says otherwise.',
    authorizationUrl: 'https://{tenant}.docusign.com/oauth/auth',
    tokenUrl: 'https://{tenant}.docusign.com/oauth/token',
    tenant: { meaning: 'account (production) or account-d (demo)', default: 'account' },
    scopes: ['signature'],
    assertionAudience: '{tenant}.docusign.com',
    userInfoUrl: 'https://{tenant}.docusign.com/oauth/userinfo',
    metadata: {
      url: 'https://{tenant}.docusign.com/oauth/userinfo',
      list: '$.accounts',
      where: { is_default: 'true' },
      fields: { account_id: '$.account_id', base_uri: '$.base_uri' },
    },
  },
} as const satisfies Readonly<Record<string, ProviderPreset>>;

/** Names that `auth.provider` may have. */
export const PROVIDER_NAMES = Object.keys(PRESETS) as [keyof typeof PRESETS, ...(keyof typeof PRESETS)[]];

/** The preset of a name. */
export function providerPreset(name: keyof typeof PRESETS): ProviderPreset {
  return PRESETS[name];
}
