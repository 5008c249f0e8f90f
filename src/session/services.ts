import type { Engine } from '../engine/engine.js';
import type { ScanCache } from '../engine/scan-cache/scan-cache.js';
import type { VirtualNames } from '../plan/virtual-names.js';
import type { Scanner } from '../scan/scan.js';

export type Log = (level: 'debug' | 'info' | 'warn' | 'error', event: object, message: string) => void;

/** What all sessions of a gateway share. */
export interface Services {
  readonly engine: Engine;
  readonly scanner: Scanner;
  /** Kept scans, which `SET tidegate.cache` and a table's `cache` govern. */
  readonly cache: ScanCache;
  /** The catalogue in force; a reload changes it between statements. */
  readonly names: () => VirtualNames;
  readonly log: Log;
}
