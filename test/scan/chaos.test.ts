import { getEventListeners, setMaxListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReader } from '../../drivers/registry.js';
import type { PaginationModel, TableModel, TransportModel } from '../../src/config/model.js';
import { GatewayError } from '../../src/core/errors.js';
import { cellText } from '../../src/core/row-batch.js';
import { Secret } from '../../src/core/secret.js';
import { DEFAULT_TRANSPORT } from '../../src/http/routes.js';
import { newScanStatistics } from '../../src/scan/scan.js';
import { type Certificates, createCertificates } from '../support/certificates.js';
import { describeClient } from '../support/programs.js';
import { CHAOS_SEED, type ChaosApi, PAGE, rowsOf, startChaosApi } from './chaos-api.js';
import { type Harness, httpSource, newHarness, numbered, oauth, table, until } from './fixtures.js';

const SCANS = Number(process.env.TIDEGATE_CHAOS_SCANS ?? 300);
const AT_ONCE = 48;

function tableOf(scan: number, origin: string, transport: TransportModel): TableModel {
  const cursor: PaginationModel = {
    type: 'cursor',
    parameter: 'cursor',
    field: '$.next',
    header: null,
    pattern: null,
    start: null,
    sizeParameter: null,
    place: 'query',
    size: null,
    stop: [],
    maxPages: null,
  };
  const link = { sizeParameter: null, place: 'query', size: null, stop: [], maxPages: null } as const;
  const kinds: readonly PaginationModel[] = [
    cursor,
    { type: 'link_header', field: null, pattern: null, ...link },
    numbered('page', { size: PAGE }),
    numbered('page', { size: PAGE, concurrency: 4 }),
    numbered('page', { size: PAGE, concurrency: 3, stop: [{ type: 'total', field: '$.total' }] }),
  ];
  const auth = oauth(`${origin}/token`, new Secret('chaos-client-secret'));
  const retry = {
    attempts: 5,
    backoff: 'exponential',
    statuses: [429, 503],
    waitHeader: null,
    resetHeader: null,
    remainingHeader: null,
  } as const;
  const pagination = kinds[scan % kinds.length]!;
  return table(httpSource(`${origin}/${scan}`, { pagination, auth, retry, timeoutMs: 10_000, transport }));
}

/** Reads the scan; its rows must be 1, 2, 3, … without a gap. Null: all rows came; else the error. */
async function run(
  harness: Harness,
  scan: number,
  model: TableModel,
  signal: AbortSignal,
): Promise<GatewayError | null> {
  const limit = scan % 5 === 0 ? 25 : null;
  const spec = { table: model, columns: ['id'], filters: [], limit };
  let count = 0;
  try {
    for await (const batch of harness.scanner.open(spec, {
      signal,
      statistics: newScanStatistics(),
      notice: () => {},
    })) {
      for (let row = 0; row < batch.rowCount; row++) {
        const id = cellText(batch, row, 0);
        if (id !== String(++count)) throw new Error(`scan ${scan}: row ${count} is ${id}`);
      }
    }
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return error;
  }
  const total = rowsOf(scan);
  if (limit === null ? count !== total : count < Math.min(limit, total)) {
    throw new Error(`scan ${scan}: ${count} rows instead of ${total}`);
  }
  return null;
}

/** Bytes in use after a collection. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

function chaos(certificates: () => Certificates | null): void {
  let started: ChaosApi;
  let harness: Harness;

  beforeAll(async () => {
    started = await startChaosApi(certificates());
    harness = newHarness({}, createReader);
  });

  afterAll(async () => {
    await harness.scanner.close();
    await started.api.close();
  });

  it(`ends each of ${SCANS} scans in exactly its rows or one clear error, and leaks nothing`, {
    timeout: 100_000 + SCANS * 60,
  }, async () => {
    const { api, faults, seenFaults, forget } = started;
    const ca = certificates()?.pem('ca.pem') ?? null;
    const transport = { ...DEFAULT_TRANSPORT, tls: { ...DEFAULT_TRANSPORT.tls, ca } };
    const before = timers();
    let heapHalfway = 0;
    const controller = new AbortController();
    setMaxListeners(AT_ONCE, controller.signal);
    let errors = 0;
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < SCANS) {
        const scan = next++;
        const error = await run(harness, scan, tableOf(scan, api.origin, transport), controller.signal);
        forget(scan);
        harness.logged.length = 0;
        if (scan === Math.floor(SCANS / 2)) heapHalfway = heapUsed();
        if (error === null) continue;
        errors++;
        expect(`${error.sqlstate} ${error.message}`).toMatch(/^HV000 |^HV00N /);
        expect(error.detail ?? '').not.toContain('chaos-client-secret');
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    console.log(`seed ${CHAOS_SEED}: ${SCANS} scans, ${errors} errors; faults ${JSON.stringify([...seenFaults])}`);
    expect(errors).toBeGreaterThan(0);
    expect(errors).toBeLessThan(SCANS / 4);
    expect([...seenFaults.keys()].sort()).toEqual([...faults].sort());
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    await harness.scanner.close();
    await until(() => api.openSockets() === 0);
    await until(() => timers() <= before + 1);
    const grownMb = (heapUsed() - heapHalfway) / 2 ** 20;
    console.log(`heap grew by ${grownMb.toFixed(1)} MB in the second half`);
    expect(grownMb).toBeLessThan(6);
  });
}

describe('chaos over HTTP/1.1', () => chaos(() => null));

describeClient('openssl', () => {
  let certificates: Certificates;
  beforeAll(() => {
    certificates = createCertificates();
  });
  afterAll(() => certificates.remove());

  describe('chaos over HTTP/2', () => chaos(() => certificates));
});
