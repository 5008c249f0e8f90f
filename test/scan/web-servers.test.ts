import { afterAll, beforeAll, expect, it } from 'vitest';
import { createReader } from '../../drivers/registry.js';
import type { HttpSource } from '../../src/config/model.js';
import { DEFAULT_TRANSPORT } from '../../src/http/routes.js';
import type { Scanner } from '../../src/scan/scan.js';
import { newScanStatistics } from '../../src/scan/scan.js';
import { type Certificates, createCertificates } from '../support/certificates.js';
import { describeClient } from '../support/programs.js';
import {
  httpSource,
  ids,
  newHarness,
  numbered,
  readText,
  records,
  scanAll,
  sendJson,
  specOf,
  startApi,
  type TestApi,
  table,
} from './fixtures.js';
import { type RunningServer, startWebServer, WEB_SERVERS, type WebServerName } from './web-servers.js';

const PAGES = 60;
const PAD = 'x'.repeat(200);

for (const name of Object.keys(WEB_SERVERS) as WebServerName[]) {
  describeClient(name, () => {
    let certificates: Certificates;
    let api: TestApi;
    let server: RunningServer;
    let scanner: Scanner;
    let logged: readonly string[];
    /** By path. */
    const versions = new Map<string, string>();

    beforeAll(async () => {
      certificates = createCertificates();
      api = await startApi(async (request, response, url) => {
        versions.set(url.pathname, String(request.headers['x-proto']));
        if (url.pathname === '/endless') {
          response.writeHead(200, { 'content-type': 'application/json' }).write('{"data":[{"id":1}');
          const timer = setInterval(() => response.write(`,{"id":2,"pad":"${PAD}"}`.repeat(500)), 5);
          response.on('close', () => clearInterval(timer));
          return;
        }
        const posted = request.method === 'POST' ? (JSON.parse(await readText(request)) as { page: number }) : null;
        const page = posted?.page ?? Number(url.searchParams.get('page') ?? 1);
        const size = url.pathname === '/large' ? 3_000 : 10;
        const rows =
          page > PAGES ? [] : records(size, (page - 1) * size + 1).map((record) => ({ ...record, pad: PAD }));
        sendJson(response, { data: rows });
      });
      server = await startWebServer(name, certificates, Number(new URL(api.origin).port));
      const harness = newHarness({}, createReader);
      scanner = harness.scanner;
      logged = harness.logged;
    });
    afterAll(async () => {
      await scanner?.close();
      await server?.close();
      await api?.close();
      certificates?.remove();
    });

    const source = (
      path: string,
      extra: Partial<HttpSource> = {},
      httpVersion: 'auto' | '1.1' = 'auto',
    ): HttpSource => {
      const tls = { ...DEFAULT_TRANSPORT.tls, ca: certificates.pem('ca.pem') };
      const transport = { ...DEFAULT_TRANSPORT, httpVersion, tls };
      return httpSource(`${server.origin}${path}`, { transport, ...extra });
    };

    it.each(['auto', '1.1'] as const)('sends all pages that are asked for at once, by HTTP %s', async (version) => {
      const pagination = numbered('page', { concurrency: 8, size: 10 });
      const model = table(source(`/small/${version}`, { pagination }, version));
      const { rows, statistics } = await scanAll(scanner, specOf(model));
      expect(rows).toEqual(ids(PAGES * 10));
      expect(statistics.retries, logged.join('\n')).toBe(0);
      expect(versions.get(`/small/${version}`)).toMatch(version === 'auto' ? /^HTTP\/2/ : 'HTTP/1.1');
    });

    it.each(['auto', '1.1'] as const)('sends large pages one after the other, by HTTP %s', async (version) => {
      const pagination = numbered('page', { size: 3_000, maxPages: 20 });
      const { rows, statistics } = await scanAll(scanner, specOf(table(source('/large', { pagination }, version))));
      expect(rows).toEqual(ids(60_000));
      expect(statistics.retries, logged.join('\n')).toBe(0);
    });

    it.each(['auto', '1.1'] as const)('takes requests with a body, by HTTP %s', async (version) => {
      const extra = {
        method: 'POST' as const,
        body: { type: 'json', value: { filler: PAD.repeat(200), page: 0 } } as const,
        pagination: numbered('page', { place: 'body', parameter: '$.page', sizeParameter: null, size: 10 }),
      };
      const { rows } = await scanAll(scanner, specOf(table(source('/small', extra, version))));
      expect(rows).toEqual(ids(PAGES * 10));
    });

    it.each(['auto', '1.1'] as const)('is left in the middle of a body, by HTTP %s', async (version) => {
      const context = { signal: new AbortController().signal, statistics: newScanStatistics(), notice: () => {} };
      const rows = scanner.open(specOf(table(source('/endless', {}, version))), context);
      for (let batches = 0; batches < 3; batches++) expect((await rows.next()).value?.rowCount).toBeGreaterThan(0);
      await rows.return();
      const pagination = numbered('page', { size: 10, maxPages: 2 });
      expect((await scanAll(scanner, specOf(table(source('/small', { pagination }, version))))).rows).toEqual(ids(20));
    });
  });
}
