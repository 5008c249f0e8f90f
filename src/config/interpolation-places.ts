// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the interpolations that DSN files hold.

import type { ProblemList } from './problem.js';
import type { SourceNode, SourcePath, SourceTree } from './source-tree.js';

/** Places whose text stays a secret in the model; `*` is any one key or index, `**` any number of them. Tables too. */
const SECRET_PLACES: readonly string[] = [
  'base_url',
  'url',
  'path',
  'headers.*',
  'query.*',
  'body.**',
  'proxy',
  'tls.ca',
  'tls.cert',
  'tls.key',
  'tls.passphrase',
  'auth.username',
  'auth.password',
  'auth.token',
  'auth.key',
  'auth.token_url',
  'auth.client_id',
  'auth.client_secret',
  'auth.extra_token_parameters.*',
  'auth.extra_token_headers.*',
  'auth.extra_authorization_parameters.*',
  'auth.secret',
  'auth.subject',
  'auth.claims.*',
  'auth.private_key',
  'auth.refresh_token',
  'auth.assertion.issuer',
  'auth.assertion.subject',
  'auth.assertion.claims.*',
  'auth.login.url',
  'auth.login.headers.*',
  'auth.login.body.**',
  'auth.consumer_key',
  'auth.consumer_secret',
  'auth.token_secret',
];
/** Places of requests, which are made when somebody is logged in. */
const AUTH_PLACES: readonly string[] = [
  'base_url',
  'url',
  'path',
  'lookup.path',
  'count.path',
  'headers.*',
  'query.*',
  'body.**',
];
const GATEWAY_SECRET_PLACES: readonly string[] = ['users.*.password', 'engine.url', 'tokens.key'];

/** Names of tables and columns: a schema that changes with the environment could not be relied on. */
const FIXED_PLACES: readonly string[] = ['primary_key.*', 'columns.*.references'];

/**
 * Refuses interpolations where the model cannot keep their text secret: a file's content may only go to a secret place, the
 * environment's also to plain ones, and names are never replaced.
 */
export function checkInterpolationPlaces(tree: SourceTree, kind: 'dsn' | 'gateway', problems: ProblemList): void {
  visit(tree.root, []);

  function visit(node: SourceNode, path: SourcePath): void {
    const place = kind === 'dsn' && path[0] === 'tables' ? path.slice(2) : path;
    const key = String(path.findLast((step) => typeof step === 'string'));
    const isRequest = kind === 'dsn' && AUTH_PLACES.some((pattern) => matches(pattern, place));
    if (node.authNames.length > 0 && !isRequest) {
      const hint = 'What a login tells can stand in base_url, url, path, headers, query and body.';
      problems.add(node.at, `"${key}" cannot hold "\${auth:${node.authNames[0]}}"`, hint);
    }
    if (node.interpolation !== 'none') {
      if (kind === 'dsn' && FIXED_PLACES.some((pattern) => matches(pattern, place))) {
        problems.add(node.at, `"${key}" cannot hold an interpolation`, 'Write the name itself.');
      } else if (node.interpolation === 'file') {
        const secretPlaces = kind === 'dsn' ? SECRET_PLACES : GATEWAY_SECRET_PLACES;
        if (!secretPlaces.some((pattern) => matches(pattern, place))) {
          const hint = 'Use ${env:NAME}; files are for texts that are sent, such as auth, headers, query and body.';
          problems.add(node.at, `"${key}" cannot be read from a file`, hint);
        }
      }
    }
    for (const [key, child] of node.children) {
      visit(child, [...path, Array.isArray(node.value) ? Number(key) : key]);
    }
  }
}

function matches(pattern: string, path: SourcePath): boolean {
  const steps = pattern.split('.');
  if (steps.at(-1) === '**') {
    return path.length >= steps.length && steps.slice(0, -1).every((step, index) => step === String(path[index]));
  }
  return path.length === steps.length && steps.every((step, index) => step === '*' || step === String(path[index]));
}
