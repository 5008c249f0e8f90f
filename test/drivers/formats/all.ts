import type { Format } from './format.js';
import { jsonFormat } from './json.js';

/** Every format there is a driver for. */
export const FORMATS: readonly Format[] = [jsonFormat];
