import { destination, pino, stdTimeFunctions } from 'pino';
import { PinoPretty } from 'pino-pretty';
import type { GatewayModel } from '../config/model.js';
import type { Log } from '../session/services.js';

/** The gateway's log on standard error. Events hold numbers and names only; SQL and parameters are never put in. */
export function createLog(settings: GatewayModel['log']): Log {
  const options = { level: settings.level, base: null, timestamp: stdTimeFunctions.isoTime };
  const stream =
    settings.format === 'pretty' ? PinoPretty({ destination: 2, sync: true }) : destination({ fd: 2, sync: true });
  const logger = pino(options, stream);
  return (level, event, message) => logger[level](event, message);
}
