import type { DriverOptions } from '../model.js';
import { driverKeys } from '../schema/dsn.js';
import type { BuildContext, TableSettings } from './context.js';

type DriverType = DriverOptions['type'];
type DriverKey = keyof typeof driverKeys;

const KEYS_OF: Readonly<Record<DriverType, readonly DriverKey[]>> = {
  json: ['format', 'encoding'],
  xml: ['namespaces', 'encoding'],
  csv: ['delimiter', 'quote', 'escape', 'header', 'skip_lines', 'comment', 'ragged', 'encoding'],
};

/** A table's driver with its options; an option of another driver is an error in the table, and ignored in the DSN. */
export function buildDriver(settings: TableSettings, context: BuildContext): DriverOptions {
  const type = settings.value('driver', 'json');
  checkKeys(type, settings, context);
  const encoding = readEncoding(settings, context);
  switch (type) {
    case 'json':
      return { type, format: settings.value('format', 'auto'), encoding };
    case 'xml': {
      const namespaces = settings.value('namespaces', {}) as Readonly<Record<string, string>>;
      return { type, namespaces: new Map(Object.entries(namespaces)), encoding };
    }
    case 'csv': {
      const quote = settings.value('quote', '"');
      const delimiter = settings.value('delimiter', ',');
      const comment = settings.get('comment')?.value ?? null;
      checkCharacters({ delimiter, quote, comment }, settings, context);
      return {
        type,
        delimiter,
        quote,
        escape: settings.value('escape', quote),
        header: settings.value('header', true),
        skipLines: settings.value('skip_lines', 0),
        comment,
        ragged: settings.value('ragged', 'error'),
        encoding,
      };
    }
  }
}

function checkKeys(type: DriverType, { table, path }: TableSettings, { tree, problems }: BuildContext): void {
  for (const key of Object.keys(driverKeys) as DriverKey[]) {
    if (table[key] === undefined || KEYS_OF[type].includes(key)) continue;
    const owner = (['json', 'xml', 'csv'] as const).find((driver) => KEYS_OF[driver].includes(key))!;
    problems.add(
      tree.keyAt([...path, key]),
      `"${key}" is an option of the driver ${owner}, and this table's driver is ${type}`,
      `Remove it, or set "driver: ${owner}".`,
    );
  }
}

function checkCharacters(
  characters: Readonly<Record<'delimiter' | 'quote' | 'comment', string | null>>,
  settings: TableSettings,
  { tree, problems }: BuildContext,
): void {
  const seen = new Map<string, string>();
  for (const [key, character] of Object.entries(characters) as ['delimiter' | 'quote' | 'comment', string | null][]) {
    if (character === null) continue;
    const other = seen.get(character);
    const path = settings.get(key)?.path ?? settings.path;
    if (other !== undefined) {
      problems.add(tree.at(path), `"${other}" and "${key}" are the same character`, 'Choose different ones.');
    }
    seen.set(character, key);
  }
}

function readEncoding(settings: TableSettings, { tree, problems }: BuildContext): string | null {
  const encoding = settings.get('encoding');
  if (encoding === null) return null;
  try {
    return new TextDecoder(encoding.value).encoding;
  } catch {
    const hint = 'Use a name of the WHATWG Encoding Standard, such as utf-8, windows-1252, iso-8859-15 or utf-16le.';
    problems.add(tree.at(encoding.path), `unknown encoding "${tree.written(encoding.path)}"`, hint);
    return null;
  }
}
