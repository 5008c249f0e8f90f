import { BlockList, isIP } from 'node:net';
import type { TransportModel } from '../config/model.js';
import { type ProxyServer, parseProxyUrl } from '../config/proxy-url.js';

/** What the environment says of proxies, read once. */
export interface ProxyEnvironment {
  readonly https: string | null;
  readonly http: string | null;
  /** Entries of NO_PROXY, in lower case. */
  readonly exceptions: readonly string[];
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Reads `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`; the names in lower case go first, as curl has it. */
export function readProxyEnvironment(env: NodeJS.ProcessEnv): ProxyEnvironment {
  const read = (name: string): string | null => env[name.toLowerCase()]?.trim() || env[name]?.trim() || null;
  const all = read('ALL_PROXY');
  return {
    https: read('HTTPS_PROXY') ?? all,
    http: read('HTTP_PROXY') ?? all,
    exceptions: (read('NO_PROXY') ?? '')
      .toLowerCase()
      .split(/[\s,]+/)
      .filter((entry) => entry !== ''),
  };
}

/** The proxy for a URL: the source's own, else the environment's, which never is for this machine itself; null for none. */
export function chooseProxy(url: URL, own: TransportModel['proxy'], environment: ProxyEnvironment): ProxyServer | null {
  if (own === 'none') return null;
  if (own !== null) return parseProxyUrl(own.reveal());
  const text = url.protocol === 'https:' ? environment.https : environment.http;
  return text === null || isLocal(url) || isExcepted(url, environment.exceptions) ? null : parseProxyUrl(text);
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
}

function isLocal(url: URL): boolean {
  const host = hostOf(url);
  const family = isIP(host);
  if (family === 0) return host === 'localhost' || host.endsWith('.localhost');
  return LOOPBACK.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

/** `*`, a host, a domain with or without a dot in front, an address, a network such as `10.0.0.0/8`; each with a port or without. */
function isExcepted(url: URL, exceptions: readonly string[]): boolean {
  const host = hostOf(url);
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return exceptions.some((entry) => {
    if (entry === '*') return true;
    if (entry.includes('/')) return isInNetwork(host, entry);
    const bracketed = /^\[(.*)\](?::(\d+))?$/.exec(entry);
    const named = bracketed ?? /^([^:]*)(?::(\d+))?$/.exec(entry);
    const [name, wanted] = named === null ? [entry, undefined] : [named[1]!, named[2]];
    if (wanted !== undefined && wanted !== port) return false;
    const domain = name.replace(/^\*?\./, '');
    return host === domain || (isIP(host) === 0 && host.endsWith(`.${domain}`));
  });
}

function isInNetwork(host: string, entry: string): boolean {
  const [network = '', prefix = ''] = entry.split('/');
  const family = isIP(network);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(prefix)) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  if (Number(prefix) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), type);
  return list.check(host, type);
}
