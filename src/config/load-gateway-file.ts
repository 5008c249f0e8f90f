import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { BuildContext } from './build/context.js';
import { checkInterpolationPlaces } from './interpolation-places.js';
import { ProblemList } from './problem.js';
import { readDocument } from './read-document.js';
import { type GatewayInput, gatewaySchema } from './schema/gateway.js';
import { secretFileReader } from './secret-file.js';
import { SourceTree } from './source-tree.js';
import { validate } from './validate.js';

const DEFAULT_FILE = 'tidegate.yaml';

/** `tidegate.yaml` as far as it is valid. */
export interface GatewayFile {
  readonly input: GatewayInput;
  readonly context: BuildContext;
  /** Null where the default file is absent. */
  readonly file: string | null;
  /** Absolute folders that DSN files may reach besides their own. */
  readonly allowPaths: readonly string[];
}

/** Reads the gateway's settings; without a file everything is at its default. */
export function loadGatewayFile(configFile: string | null, env: NodeJS.ProcessEnv, problems: ProblemList): GatewayFile {
  const path = resolve(configFile ?? DEFAULT_FILE);
  const baseDir = dirname(path);
  if (configFile === null && !existsSync(path)) return emptyFile(path, null, problems);
  const allowPaths = readAllowPaths(path, baseDir, env);
  const folders = { baseDir, allowPaths };
  const tree = readDocument(path, { env, readFile: secretFileReader(folders) }, problems);
  if (tree === null) return emptyFile(path, path, problems);
  // All settings are optional, so a file of comments is a complete one.
  if (tree.root.value === null && !tree.root.isBroken) return emptyFile(path, path, problems);
  checkInterpolationPlaces(tree, 'gateway', problems);
  const valid = validate(gatewaySchema, tree, 'gateway', problems);
  if (valid === null) return { ...emptyFile(path, path, problems), allowPaths };
  const context = { tree, problems, folders, pruned: valid.pruned, parts: new Map(), checkTable: () => [] };
  return { input: valid.data, context, file: path, allowPaths };
}

/** `allow_paths` says which files interpolations may read, so it is read first, with the environment alone. */
function readAllowPaths(path: string, baseDir: string, env: NodeJS.ProcessEnv): readonly string[] {
  if (!existsSync(path) || !statSync(path).isFile()) return [];
  const noFiles = { env, readFile: () => ({ problem: '', hint: '' }) };
  // What is wrong with the file is reported by its real reading.
  const value = readDocument(path, noFiles, new ProblemList())?.node(['allow_paths'])?.value;
  if (!Array.isArray(value)) return [];
  return value
    .filter((entry) => typeof entry === 'string' && entry !== '')
    .map((entry) => resolve(baseDir, entry as string));
}

function emptyFile(path: string, file: string | null, problems: ProblemList): GatewayFile {
  const at = { file: path, line: 1, column: 1 };
  const root = {
    value: {},
    at,
    keyAt: null,
    written: null,
    children: new Map(),
    interpolation: 'none',
    authNames: [],
    isBroken: false,
  } as const;
  const folders = { baseDir: dirname(path), allowPaths: [] };
  const context = {
    tree: new SourceTree(path, root),
    problems,
    folders,
    pruned: [],
    parts: new Map(),
    checkTable: () => [],
  };
  return { input: {}, context, file, allowPaths: [] };
}
