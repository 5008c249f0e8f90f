/** Whether a configured pattern can be used, before a page is there to try it on. */
export function isRegularExpression(pattern: string): boolean {
  try {
    new RegExp(pattern);
    return true;
  } catch {
    return false;
  }
}
