import { accessSync, constants } from 'node:fs';
import { resolve } from 'node:path';
import { Secret } from '../../core/secret.js';
import { parseDuration } from '../duration.js';
import type { EngineModel, GatewayLimits, GatewayModel, TlsModel } from '../model.js';
import type { GatewayInput } from '../schema/gateway.js';
import type { SourcePath } from '../source-tree.js';
import { type BuildContext, isDamaged } from './context.js';
import { parseListen } from './listen.js';

/** Below the folder of `tidegate.yaml`, so that two gateways with their own settings have stores of their own. */
const DEFAULT_TOKENS_FILE = '.tidegate/tokens';

/** The settings without listen address, users and DSNs, which depend on more than this file. */
export type GatewaySettings = Pick<GatewayModel, 'tls' | 'engine' | 'tokens' | 'limits' | 'log' | 'console'>;

/** Makes the model of the valid parts of `tidegate.yaml`. */
export function buildGateway(input: GatewayInput, context: BuildContext): GatewaySettings {
  return {
    tls: input.tls === undefined ? null : buildTls(input.tls, context),
    engine: buildEngine(input.engine ?? {}, context),
    tokens: {
      file: resolve(context.folders.baseDir, input.tokens?.file ?? DEFAULT_TOKENS_FILE),
      key: input.tokens?.key === undefined ? null : new Secret(input.tokens.key),
    },
    limits: buildLimits(input.limits),
    log: input.log ?? { level: 'info', format: 'json' },
    console: input.console === undefined ? null : buildConsole(input.console.listen, context),
  };
}

function buildTls(input: NonNullable<GatewayInput['tls']>, context: BuildContext): TlsModel {
  const file = (key: 'cert' | 'key'): string => {
    const path = resolve(context.folders.baseDir, input[key]);
    try {
      accessSync(path, constants.R_OK);
    } catch {
      const place: SourcePath = ['tls', key];
      const message = `the file "${context.tree.written(place)}" cannot be read`;
      context.problems.add(
        context.tree.at(place),
        message,
        "Name a PEM file; the path is relative to this file's folder.",
      );
    }
    return path;
  };
  return { certFile: file('cert'), keyFile: file('key'), required: input.required };
}

function buildConsole(listen: string, { tree, problems }: BuildContext): GatewayModel['console'] {
  const place: SourcePath = ['console', 'listen'];
  return parseListen(listen, tree.written(place), tree.at(place), problems);
}

function buildEngine(input: NonNullable<GatewayInput['engine']>, context: BuildContext): EngineModel {
  const { tree, problems, folders } = context;
  const isExternal = input.mode === 'external' || (input.mode === undefined && input.url !== undefined);
  if (!isExternal) {
    if (input.url !== undefined) {
      problems.add(
        tree.keyAt(['engine', 'url']),
        'an embedded engine has no "url"',
        'Remove it, or set "mode: external".',
      );
    }
    const folder = (path: string | undefined) => (path === undefined ? null : resolve(folders.baseDir, path));
    return { mode: 'embedded', dataDir: folder(input.data_dir), binDir: folder(input.bin_dir) };
  }
  for (const key of ['data_dir', 'bin_dir'] as const) {
    if (input[key] === undefined) continue;
    problems.add(tree.keyAt(['engine', key]), `an external engine has no "${key}"`, 'Remove it.');
  }
  if (input.url === undefined) {
    if (!isDamaged(context, ['engine', 'url'])) {
      problems.add(tree.keyAt(['engine']), 'an external engine needs "url"', 'Add "url: postgres://…".');
    }
  } else if (!/^postgres(ql)?:\/\/\S+$/.test(input.url) || !URL.canParse(input.url)) {
    const hint = 'Write postgres://user:password@host:port/database, best in a variable.';
    problems.add(tree.at(['engine', 'url']), '"url" is not a PostgreSQL connection URL', hint);
  }
  return { mode: 'external', url: new Secret(input.url ?? '') };
}

function buildLimits(input: GatewayInput['limits']): GatewayLimits {
  return {
    connections: input?.connections ?? 200,
    rowsPerScan: input?.rows_per_scan ?? null,
    bytesPerScan: input?.bytes_per_scan ?? null,
    pagesPerScan: input?.pages_per_scan ?? null,
    cacheBytes: input?.cache_bytes ?? 2 ** 30,
    secondsPerScan: input?.seconds_per_scan ?? null,
    statementTimeoutMs: input?.statement_timeout === undefined ? null : parseDuration(input.statement_timeout),
  };
}
