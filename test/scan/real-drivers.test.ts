import { describe, expect, it } from 'vitest';
import { createReader } from '../../drivers/registry.js';
import { newScanStatistics } from '../../src/scan/scan.js';
import { PLAIN_CSV } from '../drivers/plain-csv.js';
import {
  api,
  column,
  failureOf,
  httpSource,
  ids,
  newHarness,
  numbered,
  records,
  scanAll,
  sendJson,
  specOf,
  table,
  until,
} from './fixtures.js';

describe('the real drivers', () => {
  it('JSON: pages by a cursor after the rows, and reads a page again that was reset within a record', async () => {
    let resets = 1;
    const server = await api((_request, response, url) => {
      const start = Number(url.searchParams.get('after') ?? '0');
      const body = JSON.stringify({
        data: records(3000, start + 1),
        meta: { next: start < 6000 ? start + 3000 : null },
      });
      if (start === 3000 && resets-- > 0) {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write(body.slice(0, 20_003));
        setTimeout(() => response.socket?.destroy(), 20);
      } else sendJson(response, JSON.parse(body));
    });
    const { scanner } = newHarness({}, createReader);
    const pagination = {
      type: 'cursor',
      parameter: 'after',
      field: '$.meta.next',
      header: null,
      pattern: null,
      start: null,
      sizeParameter: null,
      place: 'query',
      size: null,
      stop: [],
      maxPages: null,
    } as const;
    const { rows, statistics } = await scanAll(scanner, specOf(table(httpSource(server.origin, { pagination }))));
    expect(rows).toEqual(ids(9000));
    expect(statistics).toMatchObject({ requests: 4, retries: 1, pages: 3, rows: 9000 });
    await scanner.close();
  });

  it('JSON: a body cut within valid framing is the driver’s error, naming the page', async () => {
    const server = await api((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":[{"id":1},{"id":');
    });
    const { scanner } = newHarness({}, createReader);
    const error = await failureOf(scanAll(scanner, specOf(table(httpSource(`${server.origin}/orders?token=canary`)))));
    expect(JSON.stringify([error.message, error.detail])).toContain('page 1');
    expect(JSON.stringify([error.message, error.detail, error.hint])).not.toContain('canary');
    await scanner.close();
  });

  it('CSV and XML: read to the end, count nothing twice, and close their sockets when the consumer leaves', async () => {
    const server = await api((_request, response, url) => {
      if (url.pathname === '/csv') response.end(`id\n${ids(50_000).join('\n')}\n`);
      else
        response.end(
          `<r>${records(50_000)
            .map(({ id }) => `<o><id>${id}</id></o>`)
            .join('')}</r>`,
        );
    });
    const { scanner } = newHarness({}, createReader);
    const xml = { type: 'xml', namespaces: new Map<string, string>(), encoding: null } as const;
    const models = [
      table(httpSource(`${server.origin}/csv`), { driver: PLAIN_CSV, records: null }),
      table(httpSource(`${server.origin}/xml`), { driver: xml, records: '/r/o' }),
    ];
    for (const model of models) {
      expect((await scanAll(scanner, specOf(model))).rows).toHaveLength(50_000);
      const rows = scanner.open(specOf(model), {
        signal: new AbortController().signal,
        statistics: newScanStatistics(),
        notice: () => {},
      });
      await rows.next();
      await rows.return();
    }
    await scanner.close();
    await until(() => server.openSockets() === 0);
  });

  it('JSON: 300 000 rows in pages of 1000 at the driver’s own pace', async () => {
    const body = JSON.stringify({
      data: records(1000).map(({ id }) => ({ id, customer: 'Ada Lovelace', city: 'Zürich', note: 'x'.repeat(120) })),
    });
    let page = 0;
    const server = await api((_request, response) => response.end(body.replace('"id":1,', `"id":${++page},`)));
    const { scanner } = newHarness({}, createReader);
    const source = httpSource(server.origin, { pagination: numbered('page', { size: 1000, maxPages: 300 }) });
    const model = table(source, { columns: [column('id'), column('customer', 'text'), column('note', 'text')] });
    const statistics = newScanStatistics();
    const startedAt = performance.now();
    for await (const _batch of scanner.open(specOf(model), {
      signal: new AbortController().signal,
      statistics,
      notice: () => {},
    }));
    console.log(
      `300 000 JSON rows, ${Math.round(statistics.bytes / 1e6)} MB: ${Math.round(performance.now() - startedAt)} ms, server included`,
    );
    expect(statistics.rows).toBe(300_000);
    await scanner.close();
  });
});
