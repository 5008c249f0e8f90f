import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startupMessage } from '../../src/wire/startup.js';
import { describeClient, runProgram } from '../support/programs.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const ROWS = 2000;
const DSNS = {
  'shop.yaml':
    'dsn: shop\ntables: { rates: { driver: csv, files: ./rates.csv, columns: { id: bigint, name: text } } }\n',
  'rates.csv': `id,name\n${Array.from({ length: ROWS }, (_, k) => `${k},${'x'.repeat(100)}${k}`).join('\n')}\n`,
};
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const GSSENC_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30]);
const STARTUP = startupMessage(196608, Object.entries({ user: 'tidegate', database: 'tidegate' }));

/** Writes a certificate of its own for `localhost` over the files. */
function makeCertificate(folder: string, name: string): { certFile: string; keyFile: string } {
  const certFile = join(folder, 'server.crt');
  const keyFile = join(folder, 'server.key');
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
  execFileSync('openssl', ['req', '-x509', ...key, '-out', certFile, '-days', '2', ...subject], { stdio: 'ignore' });
  return { certFile, keyFile };
}

async function openSocket(port: number): Promise<Socket> {
  const socket = connectTcp({ host: '127.0.0.1', port, noDelay: true });
  socket.on('error', () => {});
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return socket;
}

/** Reads until `isEnough`, or the connection's end; at most five seconds. */
function read(stream: Socket, isEnough: (bytes: Buffer) => boolean = () => false): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    const timer = setTimeout(() => reject(new Error(`only ${bytes.length} bytes came: ${bytes}`)), 5000);
    const finish = (): void => {
      clearTimeout(timer);
      stream.off('data', onData).off('close', finish);
      resolve(bytes);
    };
    const onData = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      if (isEnough(bytes)) finish();
    };
    stream.on('data', onData).once('close', finish);
  });
}

const anyByte = (bytes: Buffer): boolean => bytes.length > 0;
const readyForQuery = (bytes: Buffer): boolean => bytes.subarray(-6, -1).equals(Buffer.from([0x5a, 0, 0, 0, 5]));

function secure(options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const stream = connectTls({ rejectUnauthorized: false, ...options });
    stream.once('secureConnect', () => resolve(stream)).once('error', reject);
  });
}

describeClient('openssl', () => {
  let folder: string;
  let certificate: ReturnType<typeof makeCertificate>;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tidegate-tls-'));
    certificate = makeCertificate(folder, 'first');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const start = (required: boolean): Promise<TestGateway> =>
    startTestGateway({
      dsns: DSNS,
      settings: `tls: { cert: ${certificate.certFile}, key: ${certificate.keyFile}, required: ${required} }`,
    });

  describe('with a certificate', () => {
    let gateway: TestGateway;
    beforeAll(async () => {
      gateway = await start(false);
    });
    afterAll(() => gateway?.close());

    const connectVerified = () =>
      gateway.connect({ host: 'localhost', ssl: { ca: readFileSync(certificate.certFile), rejectUnauthorized: true } });

    it('streams a whole table over TLS and still takes plain text', async () => {
      for (const client of [await connectVerified(), await gateway.connect()]) {
        const { rows } = await client.query('SELECT id, name FROM shop.rates');
        expect(rows).toHaveLength(ROWS);
        expect(rows.at(-1)).toEqual({ id: String(ROWS - 1), name: `${'x'.repeat(100)}${ROWS - 1}` });
        await client.end();
      }
    });

    it('takes an SSLRequest after it declined a GSSENCRequest, also in the smallest pieces', async () => {
      const socket = await openSocket(gateway.port);
      for (const byte of GSSENC_REQUEST) socket.write(Buffer.from([byte]));
      expect((await read(socket, anyByte)).toString()).toBe('N');
      for (const byte of SSL_REQUEST) socket.write(Buffer.from([byte]));
      expect((await read(socket, anyByte)).toString()).toBe('S');
      const stream = await secure({ socket });
      for (const byte of STARTUP) stream.write(Buffer.from([byte]));
      expect((await read(stream, readyForQuery)).toString('latin1')).toContain('server_version');
      stream.destroy();
    });

    it('takes TLS without a request when ALPN says postgresql', async () => {
      const stream = await secure({ port: gateway.port, host: '127.0.0.1', ALPNProtocols: ['postgresql'] });
      expect(stream.alpnProtocol).toBe('postgresql');
      stream.write(STARTUP);
      expect(readyForQuery(await read(stream, readyForQuery))).toBe(true);
      stream.destroy();
    });

    it('refuses TLS without a request and without ALPN, or with another name', async () => {
      for (const options of [{}, { ALPNProtocols: ['http/1.1'] }]) {
        const answer = await secure({ port: gateway.port, host: '127.0.0.1', ...options })
          .then(async (stream) => {
            stream.on('error', () => {});
            stream.write(STARTUP);
            return (await read(stream)).toString('latin1');
          })
          .catch((error: NodeJS.ErrnoException) => String(error.code));
        expect(answer).not.toContain('server_version');
      }
      // The sessions of the tests before may still be on their way out.
      await expect.poll(() => gateway.serving.gateway.sessionCount).toBe(0);
    });

    it('refuses bytes that stand behind an SSLRequest in the clear', async () => {
      const socket = await openSocket(gateway.port);
      socket.write(Buffer.concat([SSL_REQUEST, STARTUP]));
      const answer = (await read(socket)).toString('latin1');
      expect(answer).toContain('received unencrypted data after SSL request');
      expect(answer).not.toContain('server_version');
    });

    it('refuses TLS 1.1', async () => {
      const socket = await openSocket(gateway.port);
      socket.write(SSL_REQUEST);
      await read(socket, anyByte);
      const options: ConnectionOptions = {
        socket,
        minVersion: 'TLSv1.1',
        maxVersion: 'TLSv1.1',
        ciphers: 'ALL@SECLEVEL=0',
      };
      await expect(secure(options)).rejects.toThrow();
    });

    it('outlives clients that leave in mid-handshake or send rubbish', async () => {
      for (const rubbish of [
        Buffer.alloc(0),
        Buffer.from([0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5]),
        Buffer.alloc(300, 0x16),
      ]) {
        const socket = await openSocket(gateway.port);
        socket.write(SSL_REQUEST);
        await read(socket, anyByte);
        socket.end(rubbish);
        await read(socket);
      }
      const client = await connectVerified();
      expect((await client.query('SELECT count(*)::int AS n FROM shop.rates')).rows).toEqual([{ n: ROWS }]);
      await client.end();
    });

    it('uses a new certificate after a reload, and keeps the old one when the new cannot be used', async () => {
      const old = readFileSync(certificate.certFile);
      const before = await connectVerified();
      makeCertificate(folder, 'second');
      await gateway.serving.reload();
      await expect(gateway.connect({ host: 'localhost', ssl: { ca: old } })).rejects.toThrow(/certificate/);
      const after = await connectVerified();
      writeFileSync(certificate.certFile, 'no certificate');
      await gateway.serving.reload();
      expect(gateway.log.at(-1)).toMatchObject({ level: 'error' });
      const third = await gateway.connect({ ssl: { rejectUnauthorized: false } });
      for (const client of [before, after, third]) {
        expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
        await client.end();
      }
      certificate = makeCertificate(folder, 'third');
    });
  });

  describe('with tls.required', () => {
    let gateway: TestGateway;
    beforeAll(async () => {
      gateway = await start(true);
    });
    afterAll(() => gateway?.close());

    it('refuses plain text, with the way out', async () => {
      await expect(gateway.connect()).rejects.toMatchObject({ code: '28000', hint: 'Connect with sslmode=require.' });
    });

    it('takes a plain cancel request: libpq sends no other', async () => {
      const socket = await openSocket(gateway.port);
      socket.write(Buffer.from([0, 0, 0, 16, 0x04, 0xd2, 0x16, 0x2e, 0, 0, 0, 1, 0, 0, 0, 2]));
      expect((await read(socket)).length).toBe(0);
    });

    it('follows a reload that no longer requires it', async () => {
      const file = join(gateway.folder, 'gateway.yml.settings');
      const settings = readFileSync(file, 'utf8');
      writeFileSync(file, settings.replace('required: true', 'required: false'));
      await gateway.serving.reload();
      const client = await gateway.connect();
      await client.end();
      writeFileSync(file, settings);
      await gateway.serving.reload();
      await expect(gateway.connect()).rejects.toMatchObject({ code: '28000' });
    });

    describeClient('psql', () => {
      const psql = (options: string) =>
        runProgram('psql', [
          `host=localhost hostaddr=127.0.0.1 port=${gateway.port} user=tidegate dbname=tidegate ${options}`,
          '-X',
          '-At',
          '-c',
          'SELECT count(*) FROM shop.rates',
        ]);

      it.each(['prefer', 'require', 'verify-ca', 'verify-full'])('connects with sslmode=%s', async (mode) => {
        expect(await psql(`sslmode=${mode} sslrootcert=${certificate.certFile}`)).toEqual({
          code: 0,
          stderr: '',
          stdout: `${ROWS}\n`,
        });
      });

      it('is refused with sslmode=disable', async () => {
        const { code, stderr } = await psql('sslmode=disable');
        expect(code).toBe(2);
        expect(stderr).toContain('this gateway takes encrypted connections only');
      });
    });
  });

  it('answers N without a certificate, so that sslmode=require fails at the client', async () => {
    const gateway = await startTestGateway({ dsns: DSNS });
    try {
      const socket = await openSocket(gateway.port);
      socket.write(SSL_REQUEST);
      expect((await read(socket, anyByte)).toString()).toBe('N');
      socket.write(STARTUP);
      expect((await read(socket, readyForQuery)).toString('latin1')).toContain('server_version');
      socket.destroy();
    } finally {
      await gateway.close();
    }
  });
});
