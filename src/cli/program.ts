// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the interpolations that DSN files hold.

import { readFileSync } from 'node:fs';
import { Command } from 'commander';

const CONFIG = ['--config <file>', 'settings file (default: ./tidegate.yaml if present)'] as const;

const list = (value: string, previous: readonly string[] = []): string[] => [...previous, value];

/**
 * The command line. Each command's code is loaded when it is asked for: the gateway should not wait for what only `check`
 * needs.
 */
export function createProgram(): Command {
  const program = new Command('tidegate')
    .description('SQL over REST/JSON, XML/SOAP and CSV for every PostgreSQL client')
    .version(readVersion());

  program
    .command('serve')
    .description('run the gateway')
    .option(...CONFIG)
    .option('--dsn <path>', 'DSN file or folder; may be given several times', list)
    .option('--listen <host:port>', 'address to listen on')
    .action(async (flags) => (await import('./serve.js')).runServe(flags));

  program
    .command('check')
    .description('validate the settings and the DSN files')
    .argument('[dsn...]', 'DSN files or folders, or names of DSNs')
    .option(...CONFIG)
    .option('--connect', 'also fetch one page of each table, and infer the columns of those that were never sampled')
    .action(async (names, flags) => (await import('./check.js')).runCheck(names, flags));

  program
    .command('discover')
    .description('print a DSN for an address, a file or an OpenAPI description; or sample tables without columns again')
    .argument('[target...]', 'URL or file; with --refresh names of DSNs, or of tables as dsn.table')
    .option(...CONFIG)
    .option('--records <path>', 'where the records are (default: they are looked for)')
    .option('--name <name>', 'name of the DSN')
    .option('--header <header>', 'request header "Name: value", with ${env:NAME} replaced; several times', list)
    .option('--output <file>', 'write the DSN to a new file')
    .option('--refresh', 'sample the tables that leave columns to a sample again')
    .action(async (targets, flags) => (await import('./discover.js')).runDiscover(targets, flags));

  program
    .command('query')
    .description('answer one statement without a running gateway')
    .argument('<sql>', 'the statement; - reads it from the standard input')
    .option(...CONFIG)
    .option('--dsn <path>', 'DSN file or folder; may be given several times', list)
    .option('--format <format>', 'table, csv, json or ndjson', 'table')
    .action(async (sql, flags) => (await import('./query.js')).runQuery(sql, flags));

  program
    .command('init')
    .description('write a starter tidegate.yaml and DSN into this folder')
    .action(async () => (await import('./init.js')).runInit());

  program
    .command('login')
    .description('log in to a DSN and keep its tokens')
    .argument('<dsn>', 'name of the DSN')
    .option(...CONFIG)
    .option('--no-browser', 'print the address and take the pasted code or address')
    .option('--device', 'log in on another device, with a code')
    .option('--timeout <seconds>', 'how long to wait (default: 300)')
    .action(async (dsn, flags) => (await import('./login.js')).runLogin(dsn, flags));

  program
    .command('logout')
    .description('forget and revoke the tokens of a DSN')
    .argument('<dsn>', 'name of the DSN')
    .option(...CONFIG)
    .action(async (dsn, flags) => (await import('./logout.js')).runLogout(dsn, flags));

  const tokens = program
    .command('tokens')
    .description('show the state of the tokens, never the tokens')
    .option(...CONFIG)
    .action(async (flags) => (await import('./tokens.js')).runTokens(flags));

  tokens
    .command('export')
    .description('write logins to a file, encrypted with a passphrase (asked for, or TIDEGATE_PASSPHRASE)')
    .argument('<file>', 'new file')
    .argument('[dsn...]', 'names of DSNs; all by default')
    .option(...CONFIG)
    .option('--move', 'take them out of the token store here')
    .action(async (file, names, _flags, command) =>
      (await import('./move-tokens.js')).runTokensExport(file, names, command.optsWithGlobals()),
    );

  tokens
    .command('import')
    .description('take logins from such a file into the token store')
    .argument('<file>', 'what tokens export wrote')
    .option(...CONFIG)
    .option('--replace', 'also where the login here is newer')
    .action(async (file, _flags, command) =>
      (await import('./move-tokens.js')).runTokensImport(file, command.optsWithGlobals()),
    );
  return program;
}

/** Of the package that this file is in, compiled or not. */
function readVersion(): string {
  for (const place of ['../../package.json', '../../../package.json']) {
    try {
      return (JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8')) as { version: string }).version;
    } catch {
      // The other place, then.
    }
  }
  return 'unknown';
}
