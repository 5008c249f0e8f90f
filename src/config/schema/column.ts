import { z } from 'zod';
import { parseSqlType, SCALAR_TYPES } from '../../core/sql-type.js';
import { configuredText, filledText } from './values.js';

/** Type names to suggest, as users write them. */
export const TYPE_NAMES: readonly string[] = [
  ...Object.keys(SCALAR_TYPES).filter((name) => name !== 'double'),
  'double precision',
];

const columnType = z
  .string()
  .refine((text) => parseSqlType(text) !== null, { error: 'unknown column type' })
  .meta({
    description: 'SQL type; "[]" at its end makes an array.',
    examples: [...TYPE_NAMES, 'varchar(40)', 'numeric(12,2)', 'text[]'],
  });

const booleanTexts = z.union([configuredText, z.array(configuredText).min(1)]);

const booleanValues = z
  .strictObject({
    true: booleanTexts.describe('Text that means true, or several.'),
    false: booleanTexts.describe('Text that means false, or several.'),
  })
  .meta({
    id: 'BooleanValues',
    description: 'boolean: the texts that the API writes instead of true and false; filters send the first of each.',
    examples: [{ true: ['Y', 'yes', 1], false: ['N', 'no', 0] }],
  });

const columnDetails = z
  .strictObject({
    type: columnType,
    description: z.string().describe('Shown by clients as the comment of the column.').optional(),
    field: z
      .union([filledText, z.int().positive()])
      .describe(
        "Where the value is in a record: JSONPath, XML path, CSV header or number. The column's name by default.",
      )
      .optional(),
    from: z
      .enum(['record', 'filter', 'header', 'page_url', 'page_number'])
      .default('record')
      .describe('What the value comes from.'),
    api_name: filledText.describe('Name by which the API knows the field.').optional(),
    include: filledText
      .describe('What the API has to be asked for to send the field; how, says "include" of the table.')
      .meta({ examples: ['customer'] })
      .optional(),
    format: filledText
      .describe(
        'How dates and times are written: rfc3339, unix, unix_ms, rfc2822 or a pattern. Of bytea: base64 or hex.',
      )
      .meta({ examples: ['rfc3339', 'unix', 'unix_ms', 'rfc2822', 'dd/MM/yyyy HH:mm', 'base64'] })
      .optional(),
    timezone: filledText.default('UTC').describe('Zone of times that are written without one.'),
    decimal: z
      .string()
      .refine((text) => /^[^\s\da-z+-]$/i.test(text), {
        error: 'expected one character that is no letter, digit or sign',
      })
      .describe('Decimal separator, such as ",".')
      .optional(),
    values: booleanValues.optional(),
    null_values: z.array(z.string()).describe('Texts that mean NULL.').optional(),
    default: configuredText.describe('Value where the field is missing.').optional(),
    on_error: z.enum(['fail', 'set_null']).default('fail').describe('What a value of the wrong type does.'),
    not_null: z.boolean().default(false).describe('The column never is NULL.'),
    references: filledText
      .describe('Key that the column points to.')
      .meta({ examples: ['shop.customers(id)'] })
      .optional(),
  })
  .meta({ id: 'Column' });

/** A column: its type, or everything about it. */
export const columnSchema = z.union([columnType, columnDetails]);

/** Valid long form of a column. */
export type ColumnInput = z.output<typeof columnDetails>;
