import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Session } from '../session/session.js';

/** A client's session, with what its connection says of it. */
export interface ConnectedSession {
  readonly session: Session;
  /** The client's address; null where the system does not know it. */
  readonly peer: string | null;
  readonly isEncrypted: boolean;
  /** In ms since 1970. */
  readonly connectedAt: number;
}

export function connectedSession(session: Session, socket: Duplex): ConnectedSession {
  return {
    session,
    peer: (socket as Partial<Socket>).remoteAddress ?? null,
    isEncrypted: socket instanceof TLSSocket,
    connectedAt: Date.now(),
  };
}
