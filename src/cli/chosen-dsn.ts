import { loadGateway } from '../config/load.js';
import type { DsnModel, GatewayModel } from '../config/model.js';
import { errors } from '../core/errors.js';

/** Loads the configuration of a command, warnings left to `tidegate check`. */
export async function loadModel(configFile: string | undefined): Promise<GatewayModel> {
  return (await loadGateway({ configFile: configFile ?? null, env: process.env })).model;
}

/** The DSN of a name. Throws F0000 where there is none. */
export function findDsn(model: GatewayModel, name: string): DsnModel {
  const dsn = model.dsns.find((candidate) => candidate.name === name);
  if (dsn !== undefined) return dsn;
  throw errors.configuration(`there is no DSN "${name}"`, {
    hint: `Known DSNs: ${model.dsns.map((known) => known.name).join(', ') || 'none'}.`,
  });
}
