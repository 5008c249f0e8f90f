// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the interpolations that DSN files hold.

import { existsSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { interpolate } from '../config/interpolation.js';
import { errors } from '../core/errors.js';
import { Secret } from '../core/secret.js';
import { OpenParts } from '../discover/open-parts.js';
import { draftDescription } from '../discover/openapi/draft-description.js';
import { discoverTable, fetchTarget, isDescription } from '../discover/source/discover-source.js';
import { draftService, isServiceDescription } from '../discover/source/draft-service.js';
import { draftSource } from '../discover/source/draft-source.js';
import type { ProbeTarget } from '../discover/source/probe-table.js';
import { type DsnDraft, writeDsn } from '../discover/source/write-dsn.js';
import { openTokenStore } from '../server/token-store.js';
import { inferredColumnTypes } from './column-types.js';
import { describeProblem, print } from './print.js';

interface DiscoverFlags {
  readonly config?: string;
  readonly records?: string;
  readonly name?: string;
  readonly header?: readonly string[];
  readonly output?: string;
  readonly refresh?: boolean;
}

const TIMEOUT_MS = 120_000;

/** `tidegate discover`: prints the DSN that a sample or a description shows, or samples a configuration's tables again. */
export async function runDiscover(targets: readonly string[], flags: DiscoverFlags): Promise<void> {
  const late = errors.canceled(`nothing was discovered within ${TIMEOUT_MS / 1000} s`);
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(late), TIMEOUT_MS);
  try {
    if (flags.refresh === true) await refresh(targets, flags, controller.signal);
    else await discover(onlyTarget(targets), flags, controller.signal);
  } finally {
    clearTimeout(timer);
  }
}

function onlyTarget(targets: readonly string[]): string {
  if (targets.length === 1) return targets[0]!;
  throw errors.configuration(targets.length === 0 ? 'nothing to discover' : 'more than one address to discover', {
    hint: 'Name one URL or file, or use --refresh.',
  });
}

async function discover(text: string, flags: DiscoverFlags, signal: AbortSignal): Promise<void> {
  const target = parseTarget(text, flags.header ?? []);
  const folder = flags.output === undefined ? process.cwd() : dirname(resolve(flags.output));
  const content = writeDsn(await draft(target, flags, folder, signal), folder);
  if (flags.output === undefined) {
    process.stdout.write(content);
    return;
  }
  if (existsSync(flags.output)) {
    throw errors.configuration(`"${flags.output}" exists already`, { hint: 'Choose another name, or remove it.' });
  }
  writeFileSync(flags.output, content, { flag: 'wx' });
  print(`${flags.output}: written; tidegate check ${flags.output} looks it over`);
}

async function draft(
  target: ProbeTarget,
  flags: DiscoverFlags,
  folder: string,
  signal: AbortSignal,
): Promise<DsnDraft> {
  const sample = await fetchTarget(target, signal);
  const name = flags.name ?? null;
  if (isDescription(sample.text)) return draftDescription(sample, { name, url: target.url });
  if (isServiceDescription(sample)) return draftService(target, name);
  return draftSource(target, await discoverTable(target, sample, flags.records ?? null, signal), name, folder);
}

/** A URL, or the path of a file. */
function parseTarget(text: string, headers: readonly string[]): ProbeTarget {
  const given = new Map(headers.map(parseHeader));
  const isUrl = /^https?:\/\//i.test(text);
  if (!isUrl) {
    const file = resolve(text);
    if (existsSync(file)) {
      return { url: null, query: new Map(), headers: new Map(), writtenHeaders: new Map(), file };
    }
    throw errors.configuration(`there is no file "${text}"`, {
      hint: 'Name a file, or a whole URL that starts with http:// or https://.',
    });
  }
  if (!URL.canParse(text)) throw errors.configuration('the address is not a URL', { hint: 'Write a whole URL.' });
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') {
    throw errors.configuration('the address holds a user name or password', {
      hint: 'Use --header "Authorization: Basic …" with ${env:…} instead.',
    });
  }
  return {
    url: `${url.origin}${url.pathname}`,
    query: new Map(url.searchParams),
    headers: new Map([...given].map(([name, value]) => [name, interpolated(value)])),
    writtenHeaders: given,
    file: null,
  };
}

function parseHeader(text: string): [string, string] {
  const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):\s*(.*)$/s.exec(text);
  if (match !== null) return [match[1]!, match[2]!];
  throw errors.configuration('--header is not a name and a value', {
    hint: 'Write --header "Name: value"; ${env:NAME} in it is replaced.',
  });
}

function interpolated(value: string): string | Secret {
  const noFiles = () => ({ problem: 'files cannot be read here', hint: 'Use ${env:NAME}.' });
  const result = interpolate(value, process.env, noFiles);
  if ('problem' in result) throw errors.configuration(result.problem, { hint: result.hint });
  return new Secret(result.text);
}

/** `tidegate discover --refresh [DSN | DSN.TABLE …]`. */
async function refresh(names: readonly string[], flags: DiscoverFlags, signal: AbortSignal): Promise<void> {
  const parts = new OpenParts({ configFile: flags.config ?? null, env: process.env }, openTokenStore);
  await parts.load();
  const isWanted = (dsn: string, table: string | null): boolean =>
    names.length === 0 || names.includes(dsn) || (table !== null && names.includes(`${dsn}.${table}`));
  const outcomes = await parts.sample({ signal, isWanted, refreshes: true });
  const { model } = await parts.load();
  for (const { dsn, table, problem } of outcomes) {
    const name = table === null ? dsn : `${dsn}.${table}`;
    if (problem !== null) print(describeProblem(name, problem));
    else if (table === null) print(`${name}: the service was read again`);
    else {
      const sampled = model.dsns.find((item) => item.name === dsn)?.tables.find((item) => item.name === table);
      const types = sampled === undefined ? [] : inferredColumnTypes(sampled);
      print([`${name}: sampled again`, ...types].join('\n    '));
    }
  }
  if (outcomes.some(({ problem }) => problem !== null)) process.exitCode = 1;
  if (outcomes.length > 0) return;
  if (names.length === 0) print('nothing to sample: every table declares all of its columns');
  else
    throw errors.configuration(`nothing to sample in ${names.map((name) => `"${name}"`).join(', ')}`, {
      hint: 'Name DSNs, or tables as dsn.table, that leave columns to a sample.',
    });
}
