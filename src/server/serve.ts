import { loadGateway } from '../config/load.js';
import type { GatewayError } from '../core/errors.js';
import { startEngine } from '../engine/start-engine.js';
import type { Log } from '../session/services.js';
import type { Gateway } from './gateway.js';
import { createLog } from './log.js';

export interface ServeOptions {
  /** Null: ./tidegate.yaml if there is one. */
  readonly configFile: string | null;
  readonly dsnPaths?: readonly string[];
  /** HOST:PORT. */
  readonly listen?: string;
  readonly env: NodeJS.ProcessEnv;
  /** Called if the engine ends by itself: close and start again. */
  readonly onCrash?: (error: GatewayError) => void;
  /** In the place of the log that the configuration describes. */
  readonly log?: Log;
}

export interface Serving {
  readonly address: { readonly host: string; readonly port: number };
  readonly gateway: Gateway;
  /** Reads the configuration again; a wrong one is logged and changes nothing. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a gateway from its configuration; resolves when clients can connect. */
export async function serve(options: ServeOptions): Promise<Serving> {
  const startedAt = performance.now();
  const { model, warnings } = await loadGateway(options);
  const log = options.log ?? (await createLog(model.log));
  for (const warning of warnings) log('warn', {}, warning);
  // The engine's processes start while the rest of the gateway's code is being loaded.
  const starting = startEngine(model.engine, {
    connections: model.limits.connections,
    log: (level, message) => log(level, {}, message),
    onCrash: (error) => {
      log('error', { sqlstate: error.sqlstate }, error.message);
      options.onCrash?.(error);
    },
  });
  starting.catch(() => {}); // whoever awaits it reports it
  const { Gateway } = await import('./gateway.js');
  const gateway = await Gateway.start(model, log, starting);
  try {
    const address = await gateway.listen();
    const event = { address: `${address.host}:${address.port}`, ms: Math.round(performance.now() - startedAt) };
    log('info', event, `ready: ${event.address}`);
    const reload = async (): Promise<void> => {
      try {
        const next = await loadGateway(options);
        for (const warning of next.warnings) log('warn', {}, warning);
        await gateway.reload(next.model);
        log('info', {}, 'configuration reloaded');
      } catch (error) {
        log('error', { err: error }, 'the configuration was not reloaded; the old one stays in force');
      }
    };
    return { address, gateway, reload, close: () => gateway.close() };
  } catch (error) {
    await gateway.close();
    throw error;
  }
}
