import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { ReaderFactory } from '../../drivers/driver.js';
import { errors } from '../../src/core/errors.js';
import { type RowBatch, RowBatchBuilder } from '../../src/core/row-batch.js';
import { newScanStatistics } from '../../src/scan/scan.js';
import {
  api,
  failureOf,
  type Handler,
  httpSource,
  ids,
  newHarness,
  numbered,
  records,
  scanAll,
  sendJson,
  specOf,
  type TestApi,
  table,
  until,
} from './fixtures.js';

const endless: Handler = (_request, response, url) => {
  sendJson(response, { data: records(10, Number(url.searchParams.get('page')) * 10) });
};

const quiet = (signal: AbortSignal) => ({ signal, statistics: newScanStatistics(), notice: () => {} });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('reading ahead', () => {
  it('fetches one page while the consumer works on another, and no more', async () => {
    const server = await api(endless);
    const { scanner } = newHarness();
    const model = table(httpSource(server.origin, { pagination: numbered('page') }));
    const rows = scanner.open(specOf(model), quiet(new AbortController().signal));
    for (let page = 1; page <= 3; page++) {
      await rows.next();
      await until(() => server.requests.length === page + 1);
      await pause(60);
      expect(server.requests).toHaveLength(page + 1);
    }
    await rows.return();
    await scanner.close();
  });

  it('asks for nothing before the first row is wanted', async () => {
    const server = await api(endless);
    const { scanner } = newHarness();
    const rows = scanner.open(specOf(table(httpSource(server.origin))), quiet(new AbortController().signal));
    await pause(30);
    expect(server.requests).toHaveLength(0);
    await rows.return();
    await scanner.close();
  });

  it('stops reading a huge body when the consumer is slow, and closes its socket when it leaves', async () => {
    let written = 0;
    const server = await api((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      const line = Buffer.from(`{"id":1,"filler":"${'x'.repeat(4000)}"}\n`.repeat(16));
      const write = (): void => {
        while (!response.destroyed && response.write(line)) written += line.length;
        written += line.length;
        if (!response.destroyed && written < 500_000_000) response.once('drain', write);
      };
      write();
    });
    const { scanner } = newHarness();
    const rows = scanner.open(specOf(table(httpSource(server.origin))), quiet(new AbortController().signal));
    await rows.next();
    await pause(300);
    const before = written;
    await pause(200);
    expect(written).toBe(before);
    expect(written).toBeLessThan(50_000_000);
    await rows.return();
    await until(() => server.openSockets() === 0);
    await scanner.close();
  });

  it('lets another scan in while a cursor rests on the only place there is', async () => {
    const server = await api((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      response.end(
        records(200_000)
          .map((record) => `${JSON.stringify(record)}\n`)
          .join(''),
      );
    });
    const { scanner } = newHarness();
    const limits = { requestsPerSecond: null, burst: null, concurrency: 1 };
    const model = table(httpSource(server.origin, { limits }));
    const resting = scanner.open(specOf(model), quiet(new AbortController().signal));
    await resting.next();
    const { rows } = await scanAll(scanner, specOf(model, { limit: 5 }));
    expect(rows.slice(0, 5)).toEqual(ids(5));
    await resting.return();
    await scanner.close();
  });

  it('hands on what came before an error, then the error', async () => {
    const server = await api((_request, response, url) => {
      if (url.searchParams.get('page') === '3') response.writeHead(400).end('bad page');
      else endless(_request, response, url);
    });
    const { scanner } = newHarness();
    let seen = 0;
    const scan = scanAll(
      scanner,
      specOf(table(httpSource(server.origin, { pagination: numbered('page') }))),
      undefined,
      async (rows) => {
        seen = rows;
        await pause(30);
      },
    );
    expect((await failureOf(scan)).message).toBe('API answered 400 Bad Request');
    expect(seen).toBe(20);
    await scanner.close();
  });
});

describe('aborting', () => {
  const waits: Record<
    string,
    { handler: Handler; extra?: Parameters<typeof httpSource>[1]; isUnderWay: (server: TestApi) => boolean }
  > = {
    'for headers': { handler: () => {}, isUnderWay: (server) => server.requests.length === 1 },
    'for the body': {
      handler: (_request, response) => {
        response.writeHead(200).write('{"data":[');
      },
      isUnderWay: (server) => server.requests.length === 1,
    },
    'between retries': {
      handler: (_request, response) => {
        response.writeHead(503, { 'retry-after': '100' }).end();
      },
      extra: {
        retry: {
          attempts: 5,
          backoff: 'exponential',
          statuses: [503],
          waitHeader: null,
          resetHeader: null,
          remainingHeader: null,
        },
      },
      isUnderWay: (server) => server.requests.length === 1,
    },
    'for the rate': {
      handler: endless,
      extra: {
        pagination: numbered('page'),
        limits: { requestsPerSecond: 0.01, burst: 1, concurrency: null },
      },
      isUnderWay: (server) => server.requests.length === 1,
    },
  };
  for (const [name, { handler, extra, isUnderWay }] of Object.entries(waits)) {
    it(`ends a wait ${name} at once, with the signal's reason and the socket closed`, async () => {
      const server = await api(handler);
      const { scanner } = newHarness();
      const controller = new AbortController();
      const scan = scanAll(scanner, specOf(table(httpSource(server.origin, extra))), controller.signal);
      const failure = failureOf(scan);
      await until(() => isUnderWay(server));
      await pause(30);
      const reason = errors.canceled('canceling statement due to user request');
      const abortedAt = performance.now();
      controller.abort(reason);
      expect(await failure).toBe(reason);
      expect(performance.now() - abortedAt).toBeLessThan(200);
      if (name.startsWith('for ') && name !== 'for the rate') await until(() => server.openSockets() === 0);
      await scanner.close();
      await until(() => server.openSockets() === 0);
    });
  }

  it('leaves no socket and no listener behind after many scans ended in every way', async () => {
    const server = await api(endless);
    const { scanner } = newHarness();
    const model = table(httpSource(server.origin, { pagination: numbered('page') }));
    const controller = new AbortController();
    for (let n = 0; n < 30; n++) {
      const rows = scanner.open(specOf(model, { limit: n % 3 === 0 ? 25 : null }), quiet(controller.signal));
      await rows.next();
      if (n % 3 === 1) await rows.return();
      else if (n % 3 === 2) await expect(rows.throw(new Error('consumer failed'))).rejects.toThrow('consumer failed');
      else for await (const _batch of rows);
    }
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    expect(server.openSockets()).toBeLessThanOrEqual(3);
    await scanner.close();
    await until(() => server.openSockets() === 0);
  });

  it('ends running scans when the scanner closes, and refuses new ones', async () => {
    const server = await api(() => {});
    const { scanner } = newHarness();
    const failure = failureOf(scanAll(scanner, specOf(table(httpSource(server.origin)))));
    await until(() => server.requests.length === 1);
    await scanner.close();
    expect((await failure).sqlstate).toBe('57P01');
    expect((await failureOf(scanAll(scanner, specOf(table(httpSource(server.origin)))))).sqlstate).toBe('57P01');
  });
});

describe('throughput', () => {
  it('adds little to each page and batch: 1 million rows in pages of 1000', async () => {
    const builder = new RowBatchBuilder(1, 1000);
    for (let row = 0; row < 1000; row++) {
      builder.beginRow();
      builder.writeText(String(row));
      builder.endRow();
    }
    const batch: RowBatch = builder.finish();
    const createReader: ReaderFactory = () => ({
      async *read(page) {
        for await (const _chunk of page.body);
        yield batch;
        return { recordCount: 1000, captured: new Map() };
      },
    });
    let page = 0;
    const server = await api((_request, response) => response.end(`page ${page++}`));
    const { scanner } = newHarness({}, createReader);
    const model = table(httpSource(server.origin, { pagination: numbered('page', { size: 1000, maxPages: 1000 }) }));
    const startedAt = performance.now();
    let rows = 0;
    for await (const item of scanner.open(specOf(model), quiet(new AbortController().signal))) rows += item.rowCount;
    expect(rows).toBe(1_000_000);
    const ms = performance.now() - startedAt;
    console.log(`1 M rows in 1000 pages: ${Math.round(ms)} ms, server included`);
    expect(ms).toBeLessThan(10_000);
    await scanner.close();
  });
});
