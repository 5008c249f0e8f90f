import { createHash } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import type { TransportModel } from '../config/model.js';
import type { ProxyServer } from '../config/proxy-url.js';
import type { ConnectionTarget, Endpoint } from './connection/open-socket.js';
import { chooseProxy, type ProxyEnvironment } from './proxy.js';
import { type Lookup, refusingLookup } from './refused-addresses.js';

/** Reaching servers as the environment says, checking certificates as usual. */
export const DEFAULT_TRANSPORT: TransportModel = {
  proxy: null,
  tls: { ca: null, cert: null, key: null, passphrase: null, minVersion: null, isInsecure: false },
  httpVersion: 'auto',
};

/** The same way to other servers than the source's own: without what only that one is to get. */
export function forOtherOrigins({ tls, ...transport }: TransportModel): TransportModel {
  return { ...transport, tls: { ...tls, cert: null, key: null, passphrase: null, isInsecure: false } };
}

/** The way to a server, and what a request needs there. */
export interface Route {
  /** Equal for requests that may share a connection. */
  readonly key: string;
  readonly target: ConnectionTarget;
  /** What the request line asks for. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly proxy: ProxyServer | null;
  /** Whether HTTP/2 may be asked for. */
  readonly mayUseHttp2: boolean;
}

/** Checking certificates as usual. */
const PROXY_TLS = {};

/** Finds the way to servers: directly, through a tunnel, or through a proxy that is asked for the whole address. */
export class Routes {
  readonly #lookup: Lookup;
  readonly #environment: ProxyEnvironment;
  /** Kept, because connections with the same object share what TLS makes of it. */
  readonly #settings = new WeakMap<TransportModel, { readonly key: string; readonly tls: object }>();

  constructor(lookup: Lookup | undefined, environment: ProxyEnvironment) {
    this.#lookup = refusingLookup(lookup);
    this.#environment = environment;
  }

  /** `allowsLinkLocal`: a connection that may lead anywhere is not shared with sources that must not go there. */
  find(url: URL, transport: TransportModel, allowsLinkLocal: boolean): Route {
    const proxy = chooseProxy(url, transport.proxy, this.#environment);
    const path = `${url.pathname}${url.search}`;
    const settings = this.#settingsOf(transport);
    const server = endpoint(url, settings.tls);
    const mayUseHttp2 = url.protocol === 'https:' && transport.httpVersion === 'auto';
    if (proxy === null) {
      const guarded = allowsLinkLocal ? server : { ...server, lookup: this.#lookup };
      const key = `${settings.key} ${allowsLinkLocal} ${url.origin}`;
      return { key, target: { server: guarded, tunnel: null }, path, headers: {}, proxy, mayUseHttp2 };
    }
    const through = endpoint(new URL(proxy.origin), PROXY_TLS);
    const key = `${settings.key} ${proxy.origin} ${proxy.authorization ?? ''}`;
    if (url.protocol === 'https:') {
      const tunnel = { proxy: through, authorization: proxy.authorization };
      return { key: `${key} tunnel ${url.origin}`, target: { server, tunnel }, path, headers: {}, proxy, mayUseHttp2 };
    }
    // Without TLS the proxy is asked for the whole address (RFC 9112, section 3.2.2): few of them tunnel to port 80.
    const headers: Record<string, string> =
      proxy.authorization === null ? {} : { 'proxy-authorization': proxy.authorization };
    const target = { server: through, tunnel: null };
    return { key: `${key} forward`, target, path: `${url.origin}${path}`, headers, proxy, mayUseHttp2 };
  }

  /** Tells equal settings of several tables to be equal, without keeping keys and passwords a second time. */
  #settingsOf(transport: TransportModel): { readonly key: string; readonly tls: object } {
    let settings = this.#settings.get(transport);
    if (settings === undefined) {
      const { tls } = transport;
      const parts = [tls.ca, tls.cert, tls.key?.reveal(), tls.passphrase?.reveal(), tls.minVersion, tls.isInsecure];
      const key = createHash('sha256').update(JSON.stringify(parts)).digest('base64');
      settings = { key, tls: tlsOptions(transport) };
      this.#settings.set(transport, settings);
    }
    return settings;
  }
}

function endpoint({ protocol, hostname, port }: URL, tls: object): Endpoint {
  const isSecure = protocol === 'https:';
  const host = hostname.replace(/^\[|\]$/g, '');
  return { host, port: port === '' ? (isSecure ? 443 : 80) : Number(port), tls: isSecure ? tls : null };
}

function tlsOptions({ tls }: TransportModel): object {
  return {
    ...(tls.ca === null ? {} : { ca: [...rootCertificates, tls.ca] }),
    ...(tls.cert === null ? {} : { cert: tls.cert }),
    ...(tls.key === null ? {} : { key: tls.key.reveal() }),
    ...(tls.passphrase === null ? {} : { passphrase: tls.passphrase.reveal() }),
    ...(tls.minVersion === null ? {} : { minVersion: tls.minVersion }),
    ...(tls.isInsecure ? { rejectUnauthorized: false } : {}),
  };
}
