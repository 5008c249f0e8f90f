import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { frontend } from '../../src/wire/write.js';
import { type Shop, startShop } from '../clients/shop.js';
import { RawClient, rowsOf } from '../support/raw-client.js';

/** Mutated frames in all; TIDEGATE_FUZZ_FRAMES=100000 for a long run. */
const FRAMES = Number(process.env.TIDEGATE_FUZZ_FRAMES ?? 5_000);

/** mulberry32: the same run every time. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const { parse, bindText, describe: describeObject, execute, close, query, sync } = frontend;
const GOOD = [
  parse('s', 'SELECT id FROM shop.orders WHERE id < $1::int8'),
  bindText('p', 's', ['3']),
  describeObject('portal', 'p'),
  describeObject('statement', 's'),
  execute('p', 1),
  execute('p'),
  close('portal', 'p'),
  close('statement', 's'),
  query('SELECT count(*) FROM shop.rates; DECLARE c CURSOR FOR SELECT id FROM shop.orders; FETCH 2 FROM c'),
  query('COPY (SELECT id FROM shop.orders LIMIT 1) TO STDOUT'),
  query('EXECUTE s(1)'),
  frontend.flush,
  sync,
];

/** A frame with a few bytes changed, cut or doubled; often with its length put right again. */
function mutate(frame: Buffer, random: () => number): Buffer {
  let bytes = Buffer.from(frame);
  for (let edits = 1 + Math.floor(random() * 3); edits > 0; edits--) {
    const at = Math.floor(random() * bytes.length);
    const kind = random();
    if (kind < 0.6) bytes[at] = Math.floor(random() * 256);
    else if (kind < 0.8) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + 3))]);
    else bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at, at + 5), bytes.subarray(at)]);
  }
  if (bytes.length >= 5 && random() < 0.7) bytes.writeInt32BE(bytes.length - 1, 1);
  return bytes;
}

let shop: Shop;
beforeAll(async () => {
  shop = await startShop();
});
afterAll(() => shop?.close());

describe('mutated frames', () => {
  it(`${FRAMES} of them crash nothing, hang nothing, and disturb nobody`, async () => {
    const random = randomNumbers(20260101);
    const witness = await RawClient.login(shop.gateway.port);
    const sessions = shop.gateway.serving.gateway.sessionCount;
    let sent = 0;
    for (let round = 0; sent < FRAMES; round++) {
      const attacker = await RawClient.login(shop.gateway.port);
      const frames = Array.from({ length: 20 }, () => {
        const frame = GOOD[Math.floor(random() * GOOD.length)]!;
        return random() < 0.5 ? frame : mutate(frame, random);
      });
      sent += frames.length;
      attacker.send(...frames);
      await new Promise((resolve) => setImmediate(resolve));
      attacker.close();
      if (round % 20 !== 0) continue;
      expect(rowsOf(await witness.query('SELECT count(*) FROM shop.rates'))).toEqual([['2']]);
    }
    await expect.poll(() => shop.gateway.serving.gateway.sessionCount, { timeout: 15_000 }).toBe(sessions);
    await expect.poll(() => shop.api.openResponses(), { timeout: 15_000 }).toBe(0);
    const unforeseen = shop.gateway.log.filter((line) => line.message === 'unforeseen error');
    expect(unforeseen.map(({ event }) => (event as { err: Error }).err.stack)).toEqual([]);
    witness.close();
  }, 300_000);
});
