/** A proxy as it is asked. */
export interface ProxyServer {
  readonly origin: string;
  /** `host:port`, which may be shown. */
  readonly name: string;
  /** Value of Proxy-Authorization; null without user and password. */
  readonly authorization: string | null;
}

/** Reads `http://user:password@host:port`, as settings and environment have it; null for anything else. */
export function parseProxyUrl(text: string): ProxyServer | null {
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (/\s/.test(whole) || !URL.canParse(whole)) return null;
  const url = new URL(whole);
  if ((url.protocol !== 'http:' && url.protocol !== 'https:') || url.pathname !== '/' || url.search !== '') return null;
  const credentials = `${decode(url.username)}:${decode(url.password)}`;
  return {
    origin: url.origin,
    name: `${url.hostname}:${url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port}`,
    authorization: credentials === ':' ? null : `Basic ${Buffer.from(credentials).toString('base64')}`,
  };
}

/** What of such a URL must not be shown. */
export function proxySecrets(text: string): readonly string[] {
  const server = parseProxyUrl(text);
  if (server?.authorization == null) return [];
  const credentials = Buffer.from(server.authorization.slice('Basic '.length), 'base64').toString();
  return [server.authorization.slice('Basic '.length), credentials.slice(credentials.indexOf(':') + 1)];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
