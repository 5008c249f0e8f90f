import { basename, isAbsolute, relative, sep } from 'node:path';
import { toIdentifier } from '../infer/column-names.js';
import type { DiscoveredTable } from './discover-source.js';
import type { ProbeTarget } from './probe-table.js';
import type { DsnDraft } from './write-dsn.js';

const SECRET_NAME = /token|key|secret|password|sig|auth|cookie/i;

/** The DSN of one discovered table, to be written into a file in `folder`. No secret gets into it. */
export function draftSource(
  target: ProbeTarget,
  table: DiscoveredTable,
  name: string | null,
  folder: string,
): DsnDraft {
  return target.file === null ? draftUrl(target, table, name) : draftFile(target.file, table, name, folder);
}

function draftUrl(target: ProbeTarget, table: DiscoveredTable, name: string | null): DsnDraft {
  const url = new URL(target.url!);
  const remarks: string[] = [];
  const segments = url.pathname.split('/').filter((segment) => segment !== '');
  const last = decode(segments.at(-1) ?? '').replace(/\.(?:json|ndjson|jsonl|xml|csv)(?:\.gz)?$/i, '');
  const { auth, headers } = credentials(target, remarks);
  const query: Record<string, string> = {};
  for (const [parameter, value] of target.query) {
    if (!table.pagingParameters.has(parameter)) query[parameter] = hidden(parameter, value, remarks);
  }
  if (table.keys.pagination === undefined) remarks.push('No pagination was recognised: only the first page is read.');
  const document = {
    dsn: name ?? hostName(url),
    base_url: url.origin,
    ...(auth === null ? {} : { auth }),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    tables: {
      [last === '' ? 'records' : toIdentifier(last)]: {
        path: url.pathname,
        ...(Object.keys(query).length === 0 ? {} : { query }),
        ...table.keys,
      },
    },
  };
  return { document, remarks };
}

function draftFile(file: string, table: DiscoveredTable, name: string | null, folder: string): DsnDraft {
  const path = relative(folder, file).split(sep).join('/');
  const isOutside = path.startsWith('..') || isAbsolute(path);
  const base = toIdentifier(basename(file).replace(/(?:\.(?:json|ndjson|jsonl|xml|csv|tsv|gz|br|zip))+$/i, ''));
  const remarks = isOutside
    ? ['The file is not below the folder of this one: name its folder in allow_paths of tidegate.yaml.']
    : [];
  return {
    remarks,
    document: {
      dsn: name ?? base,
      tables: { [base]: { files: isOutside || path.startsWith('.') ? path : `./${path}`, ...table.keys } },
    },
  };
}

/** Bearer authorization becomes `auth`; whatever may be secret a variable. */
export function credentials(
  target: ProbeTarget,
  remarks: string[],
): { readonly auth: Readonly<Record<string, string>> | null; readonly headers: Readonly<Record<string, string>> } {
  const headers: Record<string, string> = {};
  let auth: Readonly<Record<string, string>> | null = null;
  for (const [name, value] of target.writtenHeaders) {
    const bearer = name.toLowerCase() === 'authorization' ? /^Bearer\s+(.*)$/is.exec(value) : null;
    if (bearer === null) headers[name] = hidden(name, value, remarks);
    else auth = { type: 'bearer', token: hidden('api_token', bearer[1]!, remarks) };
  }
  return { auth, headers };
}

function hidden(name: string, text: string, remarks: string[]): string {
  if (/\$\{(?:env|file):/.test(text) || !SECRET_NAME.test(name)) return text;
  const variable = toIdentifier(name).toUpperCase();
  remarks.push(`Set the variable ${variable}: what it holds is not written into files.`);
  return `\${env:${variable}}`;
}

/** `api.shop.example.com` is `shop`… as far as that can be known: the label before the public suffix. */
export function hostName(url: URL): string {
  const labels = url.hostname.split('.');
  if (/^[\d.]+$|:/.test(url.hostname)) return 'api';
  const isShared = labels.length > 2 && labels.at(-2)!.length <= 3;
  const label = labels.length === 1 ? url.hostname : labels.at(isShared ? -3 : -2)!;
  const name = toIdentifier(label);
  return /^(?:column_|pg_|tidegate|public$|information_schema$)/.test(name) ? `api_${name}` : name;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
