declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  export class Provider {
    constructor(issuer: string, configuration: object);
    callback(): RequestListener;
    on(event: string, listener: (...items: unknown[]) => void): void;
    readonly AccessToken: { find(token: string): Promise<object | undefined> };
    readonly ClientCredentials: { find(token: string): Promise<object | undefined> };
  }
}
