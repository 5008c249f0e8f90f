// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the interpolations that DSN files hold.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadGateway } from '../../config/load.js';
import type { TableModel } from '../../config/model.js';
import { type ConfiguredText, reveal } from '../../core/secret.js';

/** What a person points `tidegate discover` at. */
export interface ProbeTarget {
  /** Absolute URL without its query; null for a file. */
  readonly url: string | null;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: ReadonlyMap<string, ConfiguredText>;
  /** The headers as they were given, interpolations not replaced. */
  readonly writtenHeaders: ReadonlyMap<string, string>;
  /** Absolute path of a file; null for a URL. */
  readonly file: string | null;
}

const ACCEPT = 'application/json, application/xml;q=0.9, text/csv;q=0.9, */*;q=0.5';

/** A table without columns that reads the target once: made by the configuration's own reader, with all its defaults. */
export async function probeTable(target: ProbeTarget): Promise<TableModel> {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-discover-'));
  try {
    // Header values go through the environment: they may be secret, and may hold what looks like an interpolation.
    const env: Record<string, string> = {};
    const variable = (value: string): string => {
      const name = `V${Object.keys(env).length}`;
      env[name] = value;
      return `\${env:${name}}`;
    };
    const source =
      target.file === null
        ? {
            url: target.url!.replace(/[{}]/g, encodeURIComponent),
            headers: {
              ...([...target.headers.keys()].some((name) => name.toLowerCase() === 'accept') ? {} : { Accept: ACCEPT }),
              ...Object.fromEntries([...target.headers].map(([name, value]) => [name, variable(reveal(value))])),
            },
            query: Object.fromEntries([...target.query].map(([name, value]) => [name, value.replaceAll('${', '$${')])),
            retry: { attempts: 2 },
          }
        : // Characters that would make it a pattern stand for themselves.
          { files: target.file.replace(/[*?[\]{}]/g, '[$&]').replaceAll('${', '$${') };
    const dsn = { dsn: 'discover', tables: { sample: { ...source, pagination: undefined } } };
    const settings = { dsn: ['./dsn.json'], allow_paths: target.file === null ? [] : [dirname(target.file)] };
    writeFileSync(join(folder, 'dsn.json'), JSON.stringify(dsn), { mode: 0o600 });
    writeFileSync(join(folder, 'settings.json'), JSON.stringify(settings));
    const { model } = await loadGateway({ configFile: join(folder, 'settings.json'), env });
    return model.dsns[0]!.tables[0]!;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
