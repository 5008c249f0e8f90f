/**
 * Thrown inside the translator where a text is no T-SQL query, or means something that PostgreSQL cannot say;
 * `translateTsql` answers null then. Never seen outside this folder.
 */
export class Untranslatable extends Error {
  override readonly name = 'Untranslatable';
}

/** Gives the translation up; the reason is for whoever debugs it. */
export function giveUp(reason: string): never {
  throw new Untranslatable(reason);
}
