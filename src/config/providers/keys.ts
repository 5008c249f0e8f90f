interface KeyPreset {
  /** The provider's own documentation of its keys. */
  readonly docs: string;
  readonly form: RegExp;
  readonly what: string;
  readonly hint: string;
}

/** Providers whose APIs take keys: nothing has to be filled in, but the wrong one of several keys is easily taken. */
export const KEY_PROVIDERS = {
  stripe: {
    docs: 'https://docs.stripe.com/keys',
    form: /^(?:sk|rk)_(?:test|live)_\w+$/,
    what: 'a secret or restricted key of Stripe',
    hint: 'It starts with sk_ or rk_; a publishable key (pk_) may read nothing.',
  },
  twilio: {
    docs: 'https://www.twilio.com/docs/iam/api-keys',
    form: /^(?:AC|SK)[0-9a-f]{32}$/,
    what: 'an account SID or API key SID of Twilio',
    hint: 'Take the account SID (AC…) with its auth token as password, or an API key (SK…) with its secret.',
  },
} as const satisfies Readonly<Record<string, KeyPreset>>;

/** Names that `auth.provider` of a key may have. */
export type KeyProvider = keyof typeof KEY_PROVIDERS;
