import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errors } from '../../core/errors.js';
import { orAborted } from '../../http/wait.js';

const PAGE = (text: string): string =>
  `<!doctype html><meta charset="utf-8"><title>Tidegate</title><p style="font: 1.2em sans-serif; margin: 3em">${text}</p>\n`;

/** Waits on this machine for the browser to come back from a login. */
export interface CallbackServer {
  /** As the authorization server must have it registered. */
  readonly redirectUrl: string;
  /** The first answer that `isOwn`; others are told that they are not. Rejects with the signal's reason. */
  answer(isOwn: (answer: URLSearchParams) => boolean, signal: AbortSignal): Promise<URLSearchParams>;
  close(): Promise<void>;
}

/** Whether a redirect URL leads to this machine, where it can be served. */
export function isLoopbackUrl(text: string): boolean {
  const { protocol, hostname } = new URL(text);
  return protocol === 'http:' && /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])$/i.test(hostname);
}

/** Listens on the redirect URL's port; without one in the settings on any free port (RFC 8252, section 7.3). */
export async function startCallbackServer(configured: string | null): Promise<CallbackServer> {
  const wanted = new URL(configured ?? 'http://127.0.0.1:0/callback');
  const host = wanted.hostname === '[::1]' ? '::1' : '127.0.0.1';
  let arrive: (answer: URLSearchParams, response: ServerResponse) => void = (_answer, response) => {
    finish(response, 503, 'The login has not begun yet.');
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', wanted);
    if (request.method !== 'GET' || url.pathname !== wanted.pathname) finish(response, 404, 'There is nothing here.');
    else arrive(url.searchParams, response);
  });
  const port = Number(configured === null ? 0 : wanted.port || 80);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, `${host}:${port}`)));
    server.listen({ host, port }, resolve);
  });
  if (configured === null) wanted.port = String((server.address() as AddressInfo).port);
  return {
    redirectUrl: configured ?? wanted.href,
    answer: (isOwn, signal) =>
      orAborted(
        new Promise((resolve) => {
          arrive = (answer, response) => {
            if (!isOwn(answer)) {
              finish(response, 400, 'This page belongs to another login. Close it and go back to the newest one.');
              return;
            }
            const text = answer.has('error') ? 'The login failed.' : 'The login is complete.';
            finish(response, 200, `${text} You can close this page and go back to the terminal.`);
            resolve(answer);
          };
        }),
        signal,
      ),
    close: async () => {
      server.closeIdleConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

function finish(response: ServerResponse, status: number, text: string): void {
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    connection: 'close',
  };
  response.writeHead(status, headers).end(PAGE(text));
}

function listenError(error: NodeJS.ErrnoException, address: string): Error {
  const reason = error.code === 'EADDRINUSE' ? 'is in use by another program' : `cannot be used (${error.code})`;
  return errors.configuration(`the redirect address ${address} ${reason}`, {
    hint: 'End the other program (another login?), choose another port in redirect_url, or use --no-browser.',
    cause: error,
  });
}
