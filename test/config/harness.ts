import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach } from 'vitest';
import { ConfigurationError, type ConfigurationProblem, loadGateway } from '../../src/config/load.js';
import type { GatewayModel, HttpSource, TableModel } from '../../src/config/model.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder of its own with these files, removed after the test. */
export function makeFolder(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-config-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** Loads `tidegate.yaml` (made empty when not given) and `dsn/*` of a new folder. */
export async function load(
  files: Readonly<Record<string, string | Buffer>>,
  env: NodeJS.ProcessEnv = {},
): Promise<{ model: GatewayModel; warnings: string[]; folder: string }> {
  const folder = makeFolder({ 'tidegate.yaml': '', ...files });
  return { ...(await loadGateway({ configFile: join(folder, 'tidegate.yaml'), env })), folder };
}

/** The problems of such a folder, with file names relative to it; throws when there are none. */
export async function problemsOf(
  files: Readonly<Record<string, string | Buffer>>,
  env: NodeJS.ProcessEnv = {},
): Promise<readonly ConfigurationProblem[]> {
  const folder = makeFolder({ 'tidegate.yaml': '', ...files });
  const result = await failure(loadGateway({ configFile: join(folder, 'tidegate.yaml'), env }));
  const prefix = `${relative(process.cwd(), folder)}/`;
  return result.problems.map((problem) => ({
    ...problem,
    file: problem.file.replace(prefix, ''),
    message: problem.message.replaceAll(prefix, ''),
  }));
}

/** The error that loading ends with. */
export async function failure(loading: Promise<unknown>): Promise<ConfigurationError> {
  const error = await loading.then(
    () => new Error('loading succeeded'),
    (reason: unknown) => reason,
  );
  if (error instanceof ConfigurationError) return error;
  throw error;
}

/** Takes the mark `‸` out of a text and says where it stood: `line:column`. */
export function takeMark(text: string): { readonly text: string; readonly place: string } {
  const at = text.indexOf('‸');
  if (at < 0 || text.includes('‸', at + 1)) throw new Error('the text must have exactly one mark');
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  return { text: before + text.slice(at + 1), place: `${line}:${at - before.lastIndexOf('\n')}` };
}

/** A table of a model by name. */
export function tableOf(model: GatewayModel, name: string): TableModel {
  const table = model.dsns.flatMap((dsn) => dsn.tables).find((candidate) => candidate.name === name);
  if (table === undefined) throw new Error(`there is no table ${name}`);
  return table;
}

/** Its requests. */
export function httpOf(model: GatewayModel, name: string): HttpSource {
  const { source } = tableOf(model, name);
  if (source.type !== 'http') throw new Error(`${name} has no requests`);
  return source;
}
