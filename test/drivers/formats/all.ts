import { csvFormat } from './csv.js';
import type { Format } from './format.js';
import { jsonFormat } from './json.js';
import { xmlFormat } from './xml.js';

/** Every format there is a driver for. */
export const FORMATS: readonly Format[] = [jsonFormat, csvFormat, xmlFormat];
