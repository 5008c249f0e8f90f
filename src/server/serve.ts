import type { GatewayModel } from '../config/model.js';
import type { GatewayError } from '../core/errors.js';
import { isComplete, OpenParts } from '../discover/open-parts.js';
import { startEngine } from '../engine/start-engine.js';
import type { Log } from '../session/services.js';
import type { Gateway } from './gateway.js';
import { createLog } from './log.js';
import { Sampling } from './sampling.js';
import { openTokenStore } from './token-store.js';

export interface ServeOptions {
  /** Null: ./tidegate.yaml if there is one. */
  readonly configFile: string | null;
  readonly dsnPaths?: readonly string[];
  /** HOST:PORT. */
  readonly listen?: string;
  readonly env: NodeJS.ProcessEnv;
  /** Changes what the files say, each time they are read. */
  readonly adapt?: (model: GatewayModel) => GatewayModel;
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
  const parts = new OpenParts(options, openTokenStore);
  const { model: declared, warnings } = await parts.load();
  const log = options.log ?? (await createLog(declared.log));
  for (const warning of warnings) log('warn', {}, warning);
  // The engine's processes start while the rest of the gateway's code is being loaded.
  const starting = startEngine(declared.engine, {
    connections: declared.limits.connections,
    log: (level, message) => log(level, {}, message),
    onCrash: (error) => {
      log('error', { sqlstate: error.sqlstate }, error.message);
      options.onCrash?.(error);
    },
  });
  starting.catch(() => {}); // whoever awaits it reports it
  const { Gateway } = await import('./gateway.js');
  let model = declared;
  try {
    if (!isComplete(declared)) {
      await Sampling.beforeStart(parts, declared, log);
      ({ model } = await parts.load());
    }
  } catch (error) {
    await starting.then((engine) => engine.close());
    throw error;
  }
  const gateway = await Gateway.start(model, log, starting);
  const sampling = new Sampling({ parts, log, apply: (next) => gateway.reload(next) });
  gateway.onUnknownTable = () => sampling.wake();
  try {
    const address = await gateway.listen();
    const event = { address: `${address.host}:${address.port}`, ms: Math.round(performance.now() - startedAt) };
    log('info', event, `ready: ${event.address}`);
    const reload = async (): Promise<void> => {
      try {
        const next = await parts.load();
        for (const warning of next.warnings) log('warn', {}, warning);
        await gateway.reload(next.model);
        sampling.start(next.model, 0);
        log('info', {}, 'configuration reloaded');
      } catch (error) {
        log('error', { err: error }, 'the configuration was not reloaded; the old one stays in force');
      }
    };
    sampling.start(model);
    const close = async (): Promise<void> => {
      await sampling.close();
      await gateway.close();
    };
    return { address, gateway, reload, close };
  } catch (error) {
    await gateway.close();
    throw error;
  }
}
