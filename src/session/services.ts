import type { Engine } from '../engine/engine.js';
import type { ScanCache } from '../engine/scan-cache/scan-cache.js';
import type { StatementKind } from '../plan/statement.js';
import type { VirtualNames } from '../plan/virtual-names.js';
import type { Scanner, ScanStatistics } from '../scan/scan.js';
import type { ScanLog, ScanOwner } from '../scan/scan-log.js';

export type Log = (level: 'debug' | 'info' | 'warn' | 'error', event: object, message: string) => void;

/** What a statement over virtual tables has cost. */
export interface EndedStatement extends ScanOwner {
  readonly kind: StatementKind;
  /** Null: it failed before it ran. */
  readonly way: 'stream' | 'engine' | null;
  readonly totals: ScanStatistics;
  readonly durationMs: number;
  readonly sqlstate: string | null;
}

/** What all sessions of a gateway share. */
export interface Services {
  readonly engine: Engine;
  readonly scanner: Scanner;
  /** Kept scans, which `SET tidegate.cache` and a table's `cache` govern. */
  readonly cache: ScanCache;
  readonly scanLog: ScanLog;
  /** The catalogue in force; a reload changes it between statements. */
  readonly names: () => VirtualNames;
  readonly log: Log;
  readonly onStatement: (ended: EndedStatement) => void;
}
