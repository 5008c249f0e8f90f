import { readArrayLiteral } from '../plan/array-literal.js';
import type { Evaluated, Evaluation } from '../plan/evaluation.js';
import { textBindTail } from '../wire/write.js';
import type { EngineLink } from './engine-link.js';
import { ownQueries } from './engine-requests.js';

/** Parameters of one Bind message are counted in 16 bits. */
const MOST_AT_ONCE = 1000;

/** Evaluates expressions in the client's session and transaction: with its time zone, settings, `now()` and user. */
export async function evaluateInSession(
  link: EngineLink,
  evaluations: readonly Evaluation[],
): Promise<(Evaluated | null)[]> {
  const asked = evaluations.slice(0, MOST_AT_ONCE);
  const calls = asked.map((_, index) => `tidegate.evaluate($${3 * index + 1}, $${3 * index + 2}, $${3 * index + 3})`);
  const parameters = asked.flatMap(({ sql, functions, castTo }) => [sql, arrayText(functions), castTo]);
  const [rows] = await ownQueries(link, [
    { sql: `SELECT ${calls.join(', ')}`, parameterOids: [], bindTail: textBindTail(parameters) },
  ]);
  return rows![0]!.map(readEvaluated);
}

function arrayText(names: readonly string[]): string {
  return `{${names.map((name) => `"${name.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
}

function readEvaluated(answer: string | null): Evaluated | null {
  const [typeName, text, castText] = (answer === null ? null : readArrayLiteral(answer)) ?? [];
  return typeName == null || text == null ? null : { typeName, text, castText: castText ?? null };
}
