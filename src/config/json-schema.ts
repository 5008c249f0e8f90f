import { z } from 'zod';
import { dsnSchema } from './schema/dsn.js';
import { gatewaySchema } from './schema/gateway.js';

/** The JSON Schemas for editors by file name, made from what the validator itself uses. */
export function jsonSchemas(): Readonly<Record<'dsn.schema.json' | 'tidegate.schema.json', string>> {
  return { 'dsn.schema.json': render(dsnSchema), 'tidegate.schema.json': render(gatewaySchema) };
}

function render(schema: z.ZodType): string {
  // Draft 7 is what yaml-language-server understands best. "input" is what users write: defaults are optional.
  const json = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' });
  return `${JSON.stringify(json, null, 2)}\n`;
}
