/** What of JSON Schema the settings' schemas use. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly required?: readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
}

type Keys = Readonly<Record<string, JsonSchema>>;

/**
 * Sections of Markdown with a row for each key: those of the file itself, what its tables may have in the place of the DSN
 * (where it has tables), then each named part.
 */
export function schemaSections(given: JsonSchema, name: string): string {
  const schema = withDescriptions(given);
  const definitions = schema.definitions ?? {};
  const own = schema.properties ?? {};
  const ofTable = definitions.Table?.properties ?? {};
  const isShared = (key: string): boolean => key in own && JSON.stringify(own[key]) === JSON.stringify(ofTable[key]);
  const shared = pick(own, isShared);
  const sections = [
    `## ${name}`,
    '',
    keyTable(
      pick(own, (key) => !isShared(key)),
      schema.required,
    ),
  ];
  if (Object.keys(shared).length > 0) {
    sections.push(
      '',
      '## In the DSN or in a table',
      '',
      "A table that has the key goes by its own, else by the DSN's.",
    );
    sections.push('', keyTable(shared, []));
  }
  for (const [part, definition] of Object.entries(definitions)) {
    if (part.startsWith('__')) continue;
    const rest = part === 'Table' ? { ...definition, properties: pick(ofTable, (key) => !isShared(key)) } : definition;
    sections.push('', `## ${part}`, '', ...section(rest));
  }
  return sections.join('\n');
}

/** A key whose value is a named part is described as that part is. */
function withDescriptions(schema: JsonSchema): JsonSchema {
  const fill = (_key: string, value: JsonSchema | null): unknown => {
    const reference = typeof value === 'object' ? value?.allOf?.[0]?.$ref?.split('/').at(-1) : undefined;
    const description = reference === undefined ? undefined : schema.definitions?.[reference]?.description;
    return description === undefined ? value : { description, ...value };
  };
  return JSON.parse(JSON.stringify(schema), fill) as JsonSchema;
}

function section(schema: JsonSchema): string[] {
  const lines = schema.description === undefined ? [] : [schema.description, ''];
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants !== undefined) return [...lines, ...variants.flatMap(variantSection)].slice(0, -1);
  if (schema.type === 'array') return [...lines, ...listOf(schema.items ?? {})];
  return [...lines, keyTable(schema.properties ?? {}, schema.required)];
}

/** A union's member is told by its `type`, or by the one key that it needs. */
function variantSection(variant: JsonSchema): string[] {
  const { type, ...rest } = variant.properties ?? {};
  const title = type?.const === undefined ? valueText(variant) : `\`type: ${String(type.const)}\``;
  const lines = [`### ${title}`, ''];
  if (variant.description !== undefined) lines.push(variant.description, '');
  if (Object.keys(rest).length > 0) lines.push(keyTable(rest, variant.required), '');
  return lines;
}

function listOf(item: JsonSchema): string[] {
  const members = item.anyOf ?? [item];
  const rows = members.flatMap((member) =>
    member.properties === undefined ? [] : keyRows(member.properties, member.required, ''),
  );
  const texts = members.filter(({ properties }) => properties === undefined).map(valueText);
  const intro = texts.length > 0 ? `A list of ${texts.join(', ')}, or of maps with:` : 'A list of maps with:';
  return [intro, '', table(rows)];
}

function keyTable(keys: Keys, required: readonly string[] | undefined): string {
  return table(keyRows(keys, required, ''));
}

function table(rows: readonly string[]): string {
  return ['| key | value | default | |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function keyRows(keys: Keys, required: readonly string[] = [], prefix: string): string[] {
  return Object.entries(keys).flatMap(([key, schema]) => {
    const name = `${prefix}${key}`;
    const isNeeded = required.includes(key);
    const standard = isNeeded ? 'needed' : schema.default === undefined ? '' : code(schema.default);
    const cells = [`\`${name}\``, valueText(schema), standard, schema.description ?? ''];
    const row = `| ${cells.map(cell).join(' | ')} |`.replaceAll('|  |', '| |');
    return schema.properties === undefined ? [row] : [row, ...keyRows(schema.properties, schema.required, `${name}.`)];
  });
}

/** What may stand behind the key, in a few words. */
function valueText(schema: JsonSchema): string {
  const [whole] = schema.allOf ?? [];
  const reference = (whole ?? schema).$ref?.split('/').at(-1);
  if (reference !== undefined) {
    return reference.startsWith('__') ? 'anything' : `[${reference}](#${reference.toLowerCase()})`;
  }
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(code).join(', ');
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants !== undefined) return [...new Set(variants.map(valueText))].join(' or ');
  return `${typeOf(schema)}${examplesOf(schema)}`;
}

function typeOf(schema: JsonSchema): string {
  const { type, items, additionalProperties } = schema;
  if (Array.isArray(type)) return type.includes('null') ? 'text or null' : 'text';
  if (type === 'array') return `list of ${valueText(items ?? {})}`;
  if (type === 'object') {
    return typeof additionalProperties === 'object' ? `map of names to ${valueText(additionalProperties)}` : 'map';
  }
  if (type === 'boolean') return '`true`, `false`';
  if (type === 'integer' || type === 'number')
    return `${type === 'integer' ? 'whole number' : 'number'}${rangeOf(schema)}`;
  return type === 'string' ? 'text' : 'anything';
}

function rangeOf({ minimum, exclusiveMinimum, maximum }: JsonSchema): string {
  const from = exclusiveMinimum === 0 ? ' over 0' : minimum === undefined ? '' : ` from ${minimum}`;
  return maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? from : `${from} to ${maximum}`;
}

function examplesOf({ examples = [] }: JsonSchema): string {
  return examples.length === 0 ? '' : `, such as ${examples.map(code).join(', ')}`;
}

function code(value: unknown): string {
  return `\`${typeof value === 'string' && value !== '' ? value : JSON.stringify(value)}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function pick(keys: Keys, isWanted: (key: string) => boolean): Keys {
  return Object.fromEntries(Object.entries(keys).filter(([key]) => isWanted(key)));
}
