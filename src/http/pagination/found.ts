/** What a pattern finds in a text: its first group, or all that it matches where it has none; null for nothing. */
export function found(pattern: RegExp, text: string): string | null {
  const match = pattern.exec(text);
  return match === null ? null : (match[1] ?? match[0]);
}
