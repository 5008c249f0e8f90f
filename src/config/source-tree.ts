import { type ConfiguredText, Secret } from '../core/secret.js';
import type { SourceLocation } from './model.js';

/** Keys and list indexes from the document's root. */
export type SourcePath = readonly (string | number)[];

/** Most characters of a value that a message repeats. */
const MAX_SHOWN = 100;

/** One value of a configuration file with its place. */
export interface SourceNode {
  /** Plain data, with interpolations replaced. Must not be printed: `written` is for messages. */
  readonly value: unknown;
  readonly at: SourceLocation;
  /** Where its key stands in the map above; null in lists and at the root. */
  readonly keyAt: SourceLocation | null;
  /** A scalar as the file has it (`1.0`, `${env:TOKEN}`); null for maps and lists. */
  readonly written: string | null;
  readonly children: ReadonlyMap<string, SourceNode>;
  readonly interpolation: 'none' | 'env' | 'file';
  /** Names of the `${auth:NAME}` that are left in the value. */
  readonly authNames: readonly string[];
  /** The value could not be made and a problem says why: nothing more should be said about it. */
  readonly isBroken: boolean;
}

/** A file's values by path. */
export class SourceTree {
  constructor(
    readonly file: string,
    readonly root: SourceNode,
  ) {}

  node(path: SourcePath): SourceNode | undefined {
    let node: SourceNode | undefined = this.root;
    for (const step of path) {
      node = node?.children.get(String(step));
      if (node === undefined) return undefined;
    }
    return node;
  }

  /** Where the value stands; for one that is not there, the nearest key above it. */
  at(path: SourcePath): SourceLocation {
    return this.node(path)?.at ?? this.keyAt(path.slice(0, -1));
  }

  /** Where the value's key stands; in a list and at the root, the value itself. */
  keyAt(path: SourcePath): SourceLocation {
    for (let length = path.length; length > 0; length--) {
      const node = this.node(path.slice(0, length));
      if (node !== undefined) return node.keyAt ?? node.at;
    }
    return this.root.at;
  }

  /** The keys of a map, also of one that is otherwise invalid; empty for anything else. */
  keys(path: SourcePath): readonly string[] {
    const value = this.node(path)?.value;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  }

  /** A scalar as written, for messages: never a resolved secret. */
  written(path: SourcePath): string {
    const written = this.node(path)?.written ?? '';
    return written.length > MAX_SHOWN ? `${written.slice(0, MAX_SHOWN)}…` : written;
  }

  /** A scalar's text: numbers and booleans as they are written (`1.0` stays `1.0`). */
  text(path: SourcePath): string {
    const node = this.node(path);
    if (node === undefined) return '';
    return typeof node.value === 'string' ? node.value : (node.written ?? '');
  }

  /** A scalar's text, secret when part of it was interpolated. */
  configuredText(path: SourcePath): ConfiguredText {
    const text = this.text(path);
    return this.isInterpolated(path) ? new Secret(text) : text;
  }

  isInterpolated(path: SourcePath): boolean {
    return (this.node(path)?.interpolation ?? 'none') !== 'none';
  }

  /** Whether the value, one above it or one in it could not be made. */
  isBroken(path: SourcePath): boolean {
    for (let length = 0; length < path.length; length++) {
      if (this.node(path.slice(0, length))?.isBroken === true) return true;
    }
    const node = this.node(path);
    return node !== undefined && hasBroken(node);
  }
}

function hasBroken(node: SourceNode): boolean {
  if (node.isBroken) return true;
  for (const child of node.children.values()) if (hasBroken(child)) return true;
  return false;
}
