import type { ColumnModel } from '../../src/config/model.js';
import { errors } from '../../src/core/errors.js';

/** Most names of a header that an error lists. */
const MAX_NAMES = 30;

/**
 * Where each column's field stands in the rows: 0-based, -1 for columns that do not come from records or stand beyond a row
 * that may be padded. `names`: the header's, null without one; `width`: fields of the header or first row.
 */
export function locateFields(
  columns: readonly ColumnModel[],
  names: readonly string[] | null,
  width: number,
  isPadded: boolean,
  where: string,
): Int32Array {
  const places = new Int32Array(columns.length).fill(-1);
  columns.forEach((column, c) => {
    if (column.from !== 'record') return;
    const { field } = column;
    if (names !== null) {
      const index = names.indexOf(field);
      if (index >= 0) {
        if (names.indexOf(field, index + 1) >= 0) throw ambiguous(column, where);
        places[c] = index;
        return;
      }
    }
    const number = /^[1-9]\d{0,5}$/.test(field) ? Number(field) : null;
    if (number === null) throw names === null ? noHeader(column) : missing(column, names, where);
    if (number > width && !isPadded) throw beyond(column, number, width, where);
    places[c] = number - 1;
  });
  return places;
}

function missing(column: ColumnModel, names: readonly string[], where: string): Error {
  const shown = names
    .slice(0, MAX_NAMES)
    .map((name) => JSON.stringify(name.slice(0, 60)))
    .join(', ');
  const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : '';
  return errors.apiError(`column "${column.name}": the page's header has no field "${column.field}"`, {
    detail: `${where}, header: ${shown}${more}`,
    hint: missingHint(column.field, names),
  });
}

/** Most headers without a field are read with the wrong delimiter, or have its name in other letters. */
function missingHint(field: string, names: readonly string[]): string {
  const [only] = names;
  const delimiter = names.length === 1 ? ['\t', ';', ',', '|'].find((mark) => only!.includes(mark)) : undefined;
  if (delimiter !== undefined)
    return `Set delimiter to ${JSON.stringify(delimiter)}: the header seems to be made of it.`;
  const alike = names.find((name) => name.trim().toLowerCase() === field.trim().toLowerCase());
  if (alike !== undefined)
    return `Set the column's field to ${JSON.stringify(alike)}: names are compared letter by letter.`;
  return "Set the column's field to one of the header's names or to a 1-based number, or check delimiter and skip_lines.";
}

function ambiguous(column: ColumnModel, where: string): Error {
  return errors.apiError(`column "${column.name}": the page's header has the field "${column.field}" twice`, {
    detail: where,
    hint: "Set the column's field to a 1-based number.",
  });
}

function beyond(column: ColumnModel, number: number, width: number, where: string): Error {
  return errors.apiError(`column "${column.name}": field ${number} is beyond the page's ${width} fields`, {
    detail: where,
    hint: "Correct the column's field, or check the delimiter.",
  });
}

function noHeader(column: ColumnModel): Error {
  return errors.configuration(
    `column "${column.name}": field "${column.field}" is a name, but the source has no header`,
    {
      hint: "Set the column's field to a 1-based number, or set header: true.",
    },
  );
}
