import { isIP } from 'node:net';
import type { GatewayModel, SourceLocation } from '../model.js';
import type { ProblemList } from '../problem.js';

/** Where clients connect unless the settings say otherwise. */
export const DEFAULT_LISTEN = '127.0.0.1:5488';

/** Reads `host:port`, with an IPv6 address in brackets; port 0 takes any free one. Null with a problem. */
export function parseListen(
  text: string,
  written: string,
  at: SourceLocation,
  problems: ProblemList,
): GatewayModel['listen'] | null {
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s/]+)):(\d{1,6})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const isHost = match?.[1] === undefined || isIP(match[1]) === 6;
  if (match === null || host === undefined || !isHost) {
    const hint = 'Write HOST:PORT, such as 127.0.0.1:5488 or [::1]:5488.';
    problems.add(at, `"${written}" is not an address and port`, hint);
    return null;
  }
  const port = Number(match[3]);
  if (port > 65_535) {
    problems.add(at, `the port of "${written}" is larger than 65535`, 'Choose a free port, such as 5488.');
    return null;
  }
  return { host, port };
}

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  return (
    name === 'localhost' ||
    (isIP(name) === 4 && name.startsWith('127.')) ||
    (isIP(name) === 6 && /^(0*:)*:?0*1$/.test(name)) ||
    /^::ffff:127\./.test(name)
  );
}
