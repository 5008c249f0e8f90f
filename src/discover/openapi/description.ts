import { parse } from 'yaml';
import { errors } from '../../core/errors.js';

/** A JSON object of a description. */
export type Json = Readonly<Record<string, unknown>>;

const MAX_REFERENCES = 50;
const METHODS = ['get'] as const;

/** An OpenAPI 3 or Swagger 2 description with its references followed. */
export class ApiDescription {
  readonly isSwagger: boolean;

  constructor(readonly root: Json) {
    this.isSwagger = typeof root.swagger === 'string';
  }

  /** Reads JSON or YAML. Throws HV000 for anything else. */
  static parse(text: string, name: string): ApiDescription {
    let root: unknown;
    try {
      root = /^\s*\{/.test(text) ? JSON.parse(text) : parse(text, { maxAliasCount: 1000, logLevel: 'silent' });
    } catch (error) {
      throw errors.apiError('the description is neither JSON nor YAML', {
        detail: `${name}: ${(error as Error).message.split('\n', 1)[0]}`,
        hint: 'Check the file, or give the address of the description itself.',
      });
    }
    if (isObject(root) && isObject(root.paths)) return new ApiDescription(root);
    throw errors.apiError('the description has no paths', {
      detail: name,
      hint: 'Give an OpenAPI 2.0 or 3 description.',
    });
  }

  /** The object itself, `$ref` followed as far as it stays in the file; null for anything else. */
  resolve(value: unknown): Json | null {
    let current = value;
    for (let count = 0; count < MAX_REFERENCES; count++) {
      if (!isObject(current)) return null;
      if (typeof current.$ref !== 'string') return current;
      current = this.#lookUp(current.$ref);
    }
    return null;
  }

  /** Every operation that only reads. */
  *operations(): Generator<{ readonly path: string; readonly operation: Json; readonly parameters: readonly Json[] }> {
    for (const [path, item] of Object.entries(this.root.paths as Json)) {
      const resolved = this.resolve(item);
      if (resolved === null) continue;
      for (const method of METHODS) {
        const operation = this.resolve(resolved[method]);
        if (operation === null) continue;
        yield { path, operation, parameters: this.#parameters(resolved, operation) };
      }
    }
  }

  /** The path item's parameters, and the operation's, which win. */
  #parameters(item: Json, operation: Json): readonly Json[] {
    const byName = new Map<string, Json>();
    for (const list of [item.parameters, operation.parameters]) {
      for (const entry of asList(list)) {
        const parameter = this.resolve(entry);
        if (parameter !== null) byName.set(`${parameter.in} ${parameter.name}`, parameter);
      }
    }
    return [...byName.values()];
  }

  #lookUp(reference: string): unknown {
    if (!reference.startsWith('#/')) return null;
    let value: unknown = this.root;
    for (const step of reference.slice(2).split('/')) {
      const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
      value = isObject(value) || Array.isArray(value) ? (value as Json)[key] : undefined;
    }
    return value;
  }
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A list, or nothing. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function asText(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
