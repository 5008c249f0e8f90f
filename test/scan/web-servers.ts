import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Certificates } from '../support/certificates.js';

/** What a server is configured with: its port, the API behind it, and a folder with `server.pem`, `server.key` and both in `both.pem`. */
interface Setup {
  readonly port: number;
  readonly api: number;
  readonly folder: string;
}

/** How to start one. Requests go to the API with the version of HTTP in `x-proto`; what comes back is compressed. */
interface WebServer {
  readonly command: string;
  readonly file: string;
  readonly config: (setup: Setup) => string;
  readonly args: (file: string) => readonly string[];
}

const APACHE_MODULES = [
  'mpm_event',
  'authz_core',
  'filter',
  'deflate',
  'headers',
  'ssl',
  'http2',
  'proxy',
  'proxy_http',
];

/** Few requests to a connection, so that the servers say goodbye in the middle of a scan. */
export const WEB_SERVERS = {
  nginx: {
    command: 'nginx',
    file: 'nginx.conf',
    config: ({ port, api, folder }) => `
daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/log;
events { }
http {
  access_log off; keepalive_requests 15; http2_max_concurrent_streams 6;
  gzip on; gzip_types application/json; gzip_min_length 1; gzip_proxied any;
  server {
    listen 127.0.0.1:${port} ssl http2;
    ssl_certificate ${folder}/server.pem; ssl_certificate_key ${folder}/server.key;
    location / { proxy_pass http://127.0.0.1:${api}; proxy_set_header X-Proto $server_protocol; }
  }
}`,
    args: (file) => ['-c', file, '-e', 'stderr'],
  },
  haproxy: {
    command: 'haproxy',
    file: 'haproxy.cfg',
    config: ({ port, api, folder }) => `
global
  maxconn 200
  tune.h2.max-concurrent-streams 5
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend front
  bind 127.0.0.1:${port} ssl crt ${folder}/both.pem alpn h2,http/1.1
  compression algo gzip
  compression type application/json
  http-request set-header x-proto HTTP/%[req.ver]
  default_backend back
backend back
  server api 127.0.0.1:${api}
`,
    args: (file) => ['-f', file, '-db'],
  },
  caddy: {
    command: 'caddy',
    file: 'Caddyfile',
    config: ({ port, api, folder }) => `
{
  admin off
  auto_https off
}
https://127.0.0.1:${port} {
  bind 127.0.0.1
  tls ${folder}/server.pem ${folder}/server.key
  encode gzip
  reverse_proxy 127.0.0.1:${api} {
    header_up X-Proto {http.request.proto}
  }
}
`,
    args: (file) => ['run', '--config', file, '--adapter', 'caddyfile'],
  },
  apache: {
    command: 'apache2',
    file: 'apache.conf',
    config: ({ port, api, folder }) => `
ServerRoot ${folder}
ServerName localhost
PidFile ${folder}/pid
DefaultRuntimeDir ${folder}
ErrorLog ${folder}/log
Listen 127.0.0.1:${port}
${APACHE_MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
MaxKeepAliveRequests 15
H2MaxSessionStreams 7
Protocols h2 http/1.1
SSLEngine on
SSLCertificateFile ${folder}/server.pem
SSLCertificateKeyFile ${folder}/server.key
RequestHeader set X-Proto "expr=%{SERVER_PROTOCOL}"
AddOutputFilterByType DEFLATE application/json
ProxyPass / http://127.0.0.1:${api}/
`,
    args: (file) => ['-f', file, '-DFOREGROUND'],
  },
} satisfies Readonly<Record<string, WebServer>>;

export type WebServerName = keyof typeof WEB_SERVERS;

export interface RunningServer {
  readonly origin: string;
  close(): Promise<void>;
}

/** Starts the server in front of the API on this port, and waits until it can be connected to. */
export async function startWebServer(
  name: WebServerName,
  certificates: Certificates,
  api: number,
): Promise<RunningServer> {
  const { command, file, config, args }: WebServer = WEB_SERVERS[name];
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-web-'));
  chmodSync(folder, 0o755);
  const [pem, key] = [certificates.pem('server.pem'), certificates.pem('server.key')];
  writeFileSync(join(folder, 'server.pem'), pem);
  writeFileSync(join(folder, 'server.key'), key);
  writeFileSync(join(folder, 'both.pem'), pem + key);
  const port = await freePort();
  writeFileSync(join(folder, file), config({ port, api, folder }));
  const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const child = spawn(command, args(join(folder, file)), { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4_000);
    });
  }
  const close = async (): Promise<void> => {
    await ended(child);
    rmSync(folder, { recursive: true, force: true });
  };
  for (const deadline = performance.now() + 10_000; !(await answers(port)); ) {
    if (child.exitCode === null && performance.now() < deadline) continue;
    await close();
    throw new Error(`${command} did not start: ${said}`);
  }
  return { origin: `https://127.0.0.1:${port}`, close };
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), 2_000);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => setTimeout(resolve, 50, false));
  });
}
