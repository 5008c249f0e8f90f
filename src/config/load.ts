import { buildGateway } from './build/gateway.js';
import { DEFAULT_LISTEN, isLoopback, parseListen } from './build/listen.js';
import { buildUsers } from './build/users.js';
import type { CompletionSource } from './completion.js';
import { type DsnPath, findDsnFiles } from './find-dsn-files.js';
import { loadDsnFiles } from './load-dsn-files.js';
import { type GatewayFile, loadGatewayFile } from './load-gateway-file.js';
import type { DsnModel, GatewayModel } from './model.js';
import { ProblemList, wholeFile } from './problem.js';
import type { TableCheck } from './table-check.js';

export { ConfigurationError, type ConfigurationProblem } from './problem.js';

/** Where the configuration comes from. */
export interface LoadOptions {
  /** Null: `./tidegate.yaml` when there is one, else the defaults. */
  readonly configFile: string | null;
  /** DSN files and folders of the command line, instead of those in the settings; relative to the working directory. */
  readonly dsnPaths?: readonly string[];
  /** Address of the command line, instead of the settings' one. */
  readonly listen?: string;
  readonly env: NodeJS.ProcessEnv;
  /** What is known of tables without columns and of OData services; nothing by default. */
  readonly completions?: CompletionSource;
  /** What the readers of its pages think of a table that is valid otherwise; nothing by default. */
  readonly checkTable?: TableCheck;
}

const DEFAULT_DSN_FOLDER = 'dsn';

/**
 * Reads `tidegate.yaml` and the DSN files and makes the model that everything else works from: validated, with defaults
 * filled in, secrets resolved and the DSNs' keys folded into their tables.
 * @throws ConfigurationError with everything that is wrong in all files, each with its place; it never holds a secret
 */
export async function loadGateway(options: LoadOptions): Promise<{ model: GatewayModel; warnings: string[] }> {
  const problems = new ProblemList();
  const warnings: string[] = [];
  const gateway = loadGatewayFile(options.configFile, options.env, problems);
  const settings = buildGateway(gateway.input, gateway.context);
  const files = findDsnFiles(dsnPaths(gateway, options), gateway.file, problems);
  const { dsns, names } = loadDsnFiles(
    files,
    gateway.allowPaths,
    options.env,
    { completions: options.completions ?? (() => null), checkTable: options.checkTable ?? (() => []) },
    problems,
  );
  const users = buildUsers(gateway.input, names, gateway.context);
  const listen = readListen(gateway, options, warnings, problems);
  problems.throwIfAny();
  if (dsns.length === 0)
    warnings.push('no DSN files were found, so there are no tables; name a file or folder with --dsn');
  for (const dsn of dsns) if (isInsecure(dsn)) warnings.push(insecureWarning(dsn));
  return { model: { listen: listen!, ...settings, users, dsns }, warnings };
}

function isInsecure({ tables }: DsnModel): boolean {
  return tables.some(({ source }) => source.type === 'http' && source.transport.tls.isInsecure);
}

function insecureWarning({ name, file }: DsnModel): string {
  return `DSN "${name}" does not check the certificates of its servers (tls.insecure in ${file}): whoever is on the way can read its secrets and change its data`;
}

function dsnPaths({ input, context, file }: GatewayFile, options: LoadOptions): readonly DsnPath[] {
  if (options.dsnPaths !== undefined && options.dsnPaths.length > 0) {
    const at = wholeFile('--dsn');
    return options.dsnPaths.map((path) => ({ path, folder: process.cwd(), at, isOptional: false }));
  }
  const { tree, folders } = context;
  const written = input.dsn;
  if (written === undefined) {
    // Invalid paths have their problem already; the default would only add confusion.
    if (tree.node(['dsn']) !== undefined) return [];
    return [{ path: DEFAULT_DSN_FOLDER, folder: folders.baseDir, at: wholeFile(file ?? 'dsn'), isOptional: true }];
  }
  if (typeof written === 'string')
    return [{ path: written, folder: folders.baseDir, at: tree.at(['dsn']), isOptional: false }];
  return written.map((path, index) => ({
    path,
    folder: folders.baseDir,
    at: tree.at(['dsn', index]),
    isOptional: false,
  }));
}

function readListen(
  { input, context, file }: GatewayFile,
  options: LoadOptions,
  warnings: string[],
  problems: ProblemList,
): GatewayModel['listen'] | null {
  const { tree } = context;
  const isOption = options.listen !== undefined;
  const text = options.listen ?? input.listen ?? DEFAULT_LISTEN;
  const written = isOption ? text : tree.written(['listen']);
  const at = isOption ? wholeFile('--listen') : tree.at(['listen']);
  const listen = parseListen(text, written, at, problems);
  if (listen === null || isLoopback(listen.host)) return listen;
  if (tree.keys(['users']).length === 0) {
    const hint = `Add "users" to ${file === null ? 'tidegate.yaml' : 'the settings'}, or listen on ${DEFAULT_LISTEN}.`;
    problems.add(at, `"${written}" can be reached from other machines, and there are no users`, hint);
  }
  if (tree.node(['tls']) === undefined) {
    warnings.push(
      `"${written}" can be reached from other machines without TLS: passwords are safe, but data is not; set "tls"`,
    );
  }
  return listen;
}
