import { connect } from 'node:net';
import type pg from 'pg';

const CANCEL_REQUEST = 80_877_102;

/** Asks the gateway to end what the client's connection is doing (a CancelRequest on a connection of its own). */
export function cancelStatement(client: pg.Client, host: string, port: number): void {
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number | Buffer };
  const key = typeof secretKey === 'number' ? Buffer.alloc(4) : secretKey;
  if (typeof secretKey === 'number') key.writeInt32BE(secretKey);
  const packet = Buffer.alloc(12 + key.length);
  packet.writeInt32BE(packet.length, 0);
  packet.writeInt32BE(CANCEL_REQUEST, 4);
  packet.writeInt32BE(processID, 8);
  key.copy(packet, 12);
  const socket = connect({ host, port }, () => socket.end(packet));
  socket.on('error', () => {});
}
