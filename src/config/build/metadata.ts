import type { MetadataModel } from '../model.js';
import type { MetadataPreset } from '../providers/preset.js';
import type { MetadataInput } from '../schema/metadata.js';
import type { SourcePath } from '../source-tree.js';
import type { BuildContext } from './context.js';
import { checkUrl } from './url.js';
import { checkHeaderName } from './value-place.js';

/** `$.a.b`, `$.list[0].id`, `a.b`: one place in a document. */
const FIELD_PATH = /^(?:\$|[A-Za-z_][\w-]*)(?:\.[A-Za-z_@][\w$@-]*|\[\d+\]|\['[^'\\]+'\])*$/;
const VALUE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Folds `metadata` with the provider's, key by key; null where neither says anything. */
export function buildMetadata(
  given: MetadataInput | undefined,
  preset: MetadataPreset | undefined,
  path: SourcePath,
  context: BuildContext,
): MetadataModel | null {
  if (given === undefined && preset === undefined) return null;
  const { tree, problems } = context;
  const at = (key: string): SourcePath => [...path, key];
  if (given?.url !== undefined) checkUrl(at('url'), context);
  if (given?.header !== undefined) checkHeaderName(at('header'), given.header, context);
  const own = ownFields(given, path, context);
  const where = new Map(tree.keys(at('where')).map((key) => [key, tree.text([...at('where'), key])]));
  for (const key of ['list', 'field'] as const) {
    if (given?.[key] !== undefined) checkPath(given[key], at(key), context);
  }
  const fields = new Map([...Object.entries(preset?.fields ?? {}), ...own]);
  if (fields.size === 0 && given?.field === undefined) {
    problems.add(tree.keyAt(path), '"metadata" names no value', 'Add "field: $.name", or "fields".');
  }
  return {
    url: given?.url ?? preset?.url ?? null,
    header: given?.header ?? 'Authorization',
    prefix: given?.prefix ?? preset?.prefix ?? 'Bearer',
    list: given?.list ?? preset?.list ?? (where.size > 0 ? '$' : null),
    where: where.size > 0 ? where : new Map(Object.entries(preset?.where ?? {})),
    fields,
  };
}

function ownFields(given: MetadataInput | undefined, path: SourcePath, context: BuildContext): Map<string, string> {
  const { tree, problems } = context;
  const fields = new Map<string, string>();
  if (given?.field !== undefined) {
    const name = /([A-Za-z_]\w*)(?:\[\d+\]|'\])*$/.exec(given.field)?.[1];
    if (name === undefined) {
      const message = `"${tree.written([...path, 'field'])}" ends in no name that a value could go by`;
      problems.add(tree.at([...path, 'field']), message, 'Use "fields: { name: … }".');
    } else fields.set(name, given.field);
  }
  for (const [name, field] of Object.entries(given?.fields ?? {})) {
    const place = [...path, 'fields', name];
    if (!VALUE_NAME.test(name)) {
      problems.add(tree.keyAt(place), `"${name}" is no name for a value`, 'Use letters, digits and "_".');
    }
    checkPath(field, place, context);
    fields.set(name, field);
  }
  return fields;
}

function checkPath(text: string, path: SourcePath, { tree, problems }: BuildContext): void {
  if (FIELD_PATH.test(text)) return;
  const hint = 'Write names and positions only, such as $.data[0].id.';
  problems.add(tree.at(path), `"${tree.written(path)}" does not name one place in an answer`, hint);
}
