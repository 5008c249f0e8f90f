import { destination, pino, stdTimeFunctions } from 'pino';
import type { GatewayModel } from '../config/model.js';
import type { Log } from '../session/services.js';

/** The gateway's log on standard error. Events hold numbers and names only; SQL and parameters are never put in. */
export async function createLog(settings: GatewayModel['log']): Promise<Log> {
  const options = { level: settings.level, base: null, timestamp: stdTimeFunctions.isoTime };
  const logger = pino(options, await openStream(settings.format));
  return (level, event, message) => logger[level](event, message);
}

async function openStream(format: GatewayModel['log']['format']) {
  if (format === 'json') return destination({ fd: 2, sync: true });
  const { PinoPretty } = await import('pino-pretty');
  return PinoPretty({ destination: 2, sync: true });
}
