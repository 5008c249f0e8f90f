import { z } from 'zod';
import { filledText } from './values.js';

/** The keys that say which header carries a token, and with what before it. */
export const tokenHeader = {
  header: filledText.default('Authorization').describe('Header that carries the token.'),
  prefix: z.string().default('Bearer').describe('Text before the token; "" for none.'),
};
