/** English month names in order. */
export const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
] as const;

/** English day names. */
export const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

/** 1 to 12 for a name's first three letters in any case, 0 for another word. */
export function monthNumber(abbreviation: string): number {
  const word = abbreviation.toLowerCase();
  return MONTHS.findIndex((name) => name.startsWith(word)) + 1;
}
