import { createHash } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import type { TransportModel } from '../config/model.js';
import type { ProxyServer } from '../config/proxy-url.js';
import { chooseProxy, type ProxyEnvironment } from './proxy.js';
import { type Lookup, refusingLookup } from './refused-addresses.js';

const CONNECT_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 10_000;

/** Reaching servers as the environment says, checking certificates as usual. */
export const DEFAULT_TRANSPORT: TransportModel = {
  proxy: null,
  tls: { ca: null, cert: null, key: null, passphrase: null, minVersion: null, isInsecure: false },
};

/** The same way to other servers than the source's own: without what only that one is to get. */
export function forOtherOrigins({ proxy, tls }: TransportModel): TransportModel {
  return { proxy, tls: { ...tls, cert: null, key: null, passphrase: null, isInsecure: false } };
}

/** Where a request is sent, and what it needs there. */
export interface Route {
  readonly dispatcher: Dispatcher;
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly proxy: ProxyServer | null;
}

/** The connections of one client: keep-alive, one pool per origin for all sources that reach it the same way. */
export class Dispatchers {
  readonly #lookup: Lookup;
  readonly #environment: ProxyEnvironment;
  readonly #agents = new Map<string, Agent | ProxyAgent>();
  readonly #keys = new WeakMap<TransportModel, string>();

  constructor(lookup: Lookup | undefined, environment: ProxyEnvironment) {
    this.#lookup = refusingLookup(lookup);
    this.#environment = environment;
  }

  /** `allowsLinkLocal`: a connection that may lead anywhere is not shared with sources that must not go there. */
  route(url: URL, transport: TransportModel, allowsLinkLocal: boolean): Route {
    const proxy = chooseProxy(url, transport.proxy, this.#environment);
    const path = `${url.pathname}${url.search}`;
    if (proxy === null) {
      const dispatcher = this.#agent(`${this.#key(transport)} ${allowsLinkLocal}`, () =>
        newAgent({ ...tlsOptions(transport), ...(allowsLinkLocal ? {} : { lookup: this.#lookup }) }),
      );
      return { dispatcher, origin: url.origin, path, headers: {}, proxy };
    }
    const key = `${this.#key(transport)} ${proxy.origin} ${proxy.authorization ?? ''}`;
    if (url.protocol === 'https:') {
      const dispatcher = this.#agent(`${key} tunnel`, () => newTunnel(proxy, transport));
      return { dispatcher, origin: url.origin, path, headers: {}, proxy };
    }
    // Without TLS the proxy is asked for the whole address (RFC 9112, section 3.2.2): few of them tunnel to port 80.
    const headers = {
      host: url.host,
      ...(proxy.authorization === null ? {} : { 'proxy-authorization': proxy.authorization }),
    };
    const dispatcher = this.#agent(`${key} forward`, () => newAgent({}));
    return { dispatcher, origin: proxy.origin, path: `${url.origin}${path}`, headers, proxy };
  }

  /** Ends all connections at once, those in use too. */
  async destroy(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.destroy()));
  }

  #agent(key: string, create: () => Agent | ProxyAgent): Agent | ProxyAgent {
    let agent = this.#agents.get(key);
    if (agent === undefined) {
      agent = create();
      this.#agents.set(key, agent);
    }
    return agent;
  }

  /** Tells equal settings of several tables to be equal, without keeping keys and passwords a second time. */
  #key(transport: TransportModel): string {
    let key = this.#keys.get(transport);
    if (key === undefined) {
      const { tls } = transport;
      const parts = [tls.ca, tls.cert, tls.key?.reveal(), tls.passphrase?.reveal(), tls.minVersion, tls.isInsecure];
      key = createHash('sha256').update(JSON.stringify(parts)).digest('base64');
      this.#keys.set(transport, key);
    }
    return key;
  }
}

function newAgent(connect: object): Agent {
  return new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS, ...connect },
    keepAliveTimeout: KEEP_ALIVE_MS,
    allowH2: false,
  });
}

function newTunnel(proxy: ProxyServer, transport: TransportModel): ProxyAgent {
  return new ProxyAgent({
    uri: proxy.origin,
    ...(proxy.authorization === null ? {} : { token: proxy.authorization }),
    requestTls: { timeout: CONNECT_TIMEOUT_MS, ...tlsOptions(transport) },
    proxyTls: { timeout: CONNECT_TIMEOUT_MS },
    keepAliveTimeout: KEEP_ALIVE_MS,
    allowH2: false,
  });
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
