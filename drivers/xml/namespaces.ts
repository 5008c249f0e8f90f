import type { Attribute } from './tokenizer.js';

/** The namespace of `xsi:nil`. */
const SCHEMA_INSTANCE = 'http://www.w3.org/2001/XMLSchema-instance';

/** The namespace declarations in force, element by element (Namespaces in XML 1.0). */
export class NamespaceScope {
  readonly #levels: (ReadonlyMap<string, string> | null)[] = [];

  /** Starts a page. */
  reset(): void {
    this.#levels.length = 0;
  }

  /** An element begins with these attributes. */
  enter(attributes: readonly Attribute[]): void {
    let declared: Map<string, string> | null = null;
    for (const { name, value } of attributes) {
      if (name !== 'xmlns' && !name.startsWith('xmlns:')) continue;
      declared ??= new Map();
      declared.set(name === 'xmlns' ? '' : name.slice(6), value);
    }
    this.#levels.push(declared);
  }

  /** The innermost element ends. */
  leave(): void {
    this.#levels.pop();
  }

  /** The URI that a prefix stands for, '' for none; prefix '' is the default namespace. */
  resolve(prefix: string): string {
    for (let level = this.#levels.length - 1; level >= 0; level--) {
      const uri = this.#levels[level]?.get(prefix);
      if (uri !== undefined) return uri;
    }
    return '';
  }

  /** Whether the attributes say that the element is NULL. */
  isNil(attributes: readonly Attribute[]): boolean {
    return attributes.some(
      ({ name, value }) =>
        name.endsWith(':nil') && /^\s*(?:true|1)\s*$/.test(value) && this.isInstancePrefix(name.slice(0, -4)),
    );
  }

  /** Whether `nil` with this prefix is `xsi:nil`. An undeclared `xsi` is taken for what it always means. */
  isInstancePrefix(prefix: string): boolean {
    const uri = this.resolve(prefix);
    return uri === SCHEMA_INSTANCE || (uri === '' && prefix === 'xsi');
  }
}

/** Splits `prefix:local`; no prefix is ''. */
export function splitName(name: string): { readonly prefix: string; readonly local: string } {
  const colon = name.indexOf(':');
  return colon < 0 ? { prefix: '', local: name } : { prefix: name.slice(0, colon), local: name.slice(colon + 1) };
}
