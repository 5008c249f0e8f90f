/** What a login with a provider tells besides the token. */
export interface MetadataPreset {
  readonly url?: string;
  readonly prefix?: string;
  readonly list?: string;
  readonly where?: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * What is the same for all users of one authorization server. `{tenant}` in an address stands for the customer's own part,
 * the DSN's `tenant`. A key in the DSN always wins over the preset's.
 */
export interface ProviderPreset {
  /** The provider's own documentation of these values. */
  readonly docs: string;
  /** What its users should know besides, for the reference. */
  readonly notes?: string;
  readonly tokenUrl: string;
  readonly authorizationUrl: string;
  readonly deviceAuthorizationUrl?: string;
  readonly revocationUrl?: string;
  readonly tenant?: {
    /** What the provider calls it, such as `shop`. */
    readonly meaning: string;
    /** Null: each customer has one of its own. */
    readonly default: string | null;
  };
  /** Where the client secret goes; basic where absent. */
  readonly clientAuth?: 'basic' | 'body';
  readonly scopes?: readonly string[];
  readonly scopeSeparator?: string;
  /** False where the provider refuses the parameters of RFC 7636. */
  readonly pkce?: boolean;
  readonly extraAuthorizationParameters?: Readonly<Record<string, string>>;
  readonly tokenField?: string;
  readonly header?: string;
  readonly prefix?: string;
  /** What a JWT bearer assertion is addressed to, where that is not the token endpoint. */
  readonly assertionAudience?: string;
  /** Where login asks who logged in. */
  readonly userInfoUrl?: string;
  readonly metadata?: MetadataPreset;
  /** Headers of each request; they may hold `${auth:NAME}`. */
  readonly headers?: Readonly<Record<string, string>>;
}
