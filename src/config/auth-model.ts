import type { ConfiguredText, Secret } from '../core/secret.js';
import type { BodyModel, ValuePlace } from './request-model.js';

export type AuthModel =
  | { readonly type: 'none' }
  | { readonly type: 'basic'; readonly username: ConfiguredText; readonly password: Secret }
  | { readonly type: 'bearer'; readonly token: Secret; readonly header: string; readonly prefix: string }
  | { readonly type: 'api_key'; readonly key: Secret; readonly place: ValuePlace; readonly parameter: string }
  | JwtModel
  | OAuth2Model
  | SessionModel
  | OAuth1Model;

/** A JWT that the gateway signs itself and sends as the token (RFC 7519). */
export interface JwtModel {
  readonly type: 'jwt';
  readonly algorithm: JwtAlgorithm;
  /** The key's bytes as Latin-1 for HS256 to HS512, a PEM text (or a Google service account) for the others. */
  readonly key: Secret;
  readonly keyId: string | null;
  readonly issuer: ConfiguredText | null;
  readonly subject: ConfiguredText | null;
  readonly audience: string | null;
  readonly lifetimeMs: number;
  readonly claims: ReadonlyMap<string, ConfiguredText | number | boolean>;
  readonly header: string;
  readonly prefix: string;
  readonly tokenQuery: string | null;
}

export const JWT_ALGORITHMS = ['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'ES256'] as const;
export type JwtAlgorithm = (typeof JWT_ALGORITHMS)[number];

/** What a login tells besides the token: filled in wherever a request has `${auth:NAME}`. */
export interface MetadataModel {
  /** What is asked with the token; null: the values are in the token's own answer. */
  readonly url: string | null;
  readonly header: string;
  readonly prefix: string;
  /** Where the answer has a list of which one entry counts; null: the answer itself. */
  readonly list: string | null;
  /** Fields that the entry has, and their texts. */
  readonly where: ReadonlyMap<string, string>;
  /** Paths by the names of the values. */
  readonly fields: ReadonlyMap<string, string>;
}

export type OAuthGrant =
  | 'client_credentials'
  | 'authorization_code'
  | 'refresh_token'
  | 'device_code'
  | 'password'
  | 'jwt_bearer';

export interface OAuth2Model {
  readonly type: 'oauth2';
  readonly grant: OAuthGrant;
  /** Where endpoints that are null are discovered. */
  readonly issuer: string | null;
  readonly tokenUrl: ConfiguredText | null;
  readonly authorizationUrl: string | null;
  readonly deviceAuthorizationUrl: string | null;
  readonly revocationUrl: string | null;
  /** Who the token belongs to; null: what the issuer announces. */
  readonly userInfoUrl: string | null;
  readonly metadata: MetadataModel | null;
  readonly redirectUrl: string | null;
  /** Null only with `jwt_bearer`. */
  readonly clientId: ConfiguredText | null;
  readonly clientSecret: Secret | null;
  readonly clientAuth: 'basic' | 'body' | 'none' | 'private_key_jwt';
  /** PEM, or the JSON of a Google service account. */
  readonly privateKey: Secret | null;
  readonly keyId: string | null;
  readonly assertion: AssertionModel;
  readonly username: ConfiguredText | null;
  readonly password: Secret | null;
  readonly refreshToken: Secret | null;
  readonly pkce: boolean;
  readonly scopes: readonly string[];
  readonly scopeSeparator: string;
  readonly audience: string | null;
  readonly resource: string | null;
  readonly extraAuthorizationParameters: ReadonlyMap<string, ConfiguredText>;
  readonly extraTokenParameters: ReadonlyMap<string, ConfiguredText>;
  readonly extraTokenHeaders: ReadonlyMap<string, ConfiguredText>;
  readonly tokenContentType: 'form' | 'json';
  /** JSONPaths of one place each. */
  readonly tokenField: string;
  readonly expiresInField: string;
  readonly renewBeforeMs: number;
  readonly header: string;
  readonly prefix: string;
  /** Query parameter that takes the token in the place of the header. */
  readonly tokenQuery: string | null;
}

/** What a JWT that the client signs says (RFC 7523). */
export interface AssertionModel {
  readonly issuer: ConfiguredText | null;
  readonly subject: ConfiguredText | null;
  readonly audience: string | null;
  readonly lifetimeMs: number;
  readonly claims: ReadonlyMap<string, ConfiguredText>;
}

export interface SessionModel {
  readonly type: 'session';
  readonly login: {
    readonly method: string;
    readonly url: ConfiguredText;
    readonly headers: ReadonlyMap<string, ConfiguredText>;
    readonly body: BodyModel | null;
  };
  /** One of the two says where the token is. */
  readonly tokenField: string | null;
  readonly tokenHeader: string | null;
  readonly expiresInField: string | null;
  readonly metadata: MetadataModel | null;
  readonly renewBeforeMs: number;
  readonly header: string;
  readonly prefix: string;
  readonly tokenQuery: string | null;
}

export interface OAuth1Model {
  readonly type: 'oauth1';
  readonly consumerKey: ConfiguredText;
  readonly consumerSecret: Secret;
  readonly token: ConfiguredText | null;
  readonly tokenSecret: Secret | null;
  readonly signatureMethod: 'HMAC-SHA1' | 'HMAC-SHA256';
  readonly realm: string | null;
}
