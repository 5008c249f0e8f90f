/** By byte: 1 for white space, 2 for what ends a name. */
export const CLASS = new Uint8Array(256);
for (const byte of Buffer.from(' \t\n\r')) CLASS[byte] = 1;
for (const byte of Buffer.from('\0></=<"\'&')) CLASS[byte] = 2;

/** Longest reference: a longer one is none, or is cut off. */
export const MAX_REFERENCE = 70;
