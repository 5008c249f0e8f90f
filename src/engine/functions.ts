import { FUNCTION_SCHEMA } from './names.js';

/** The policy that every virtual table carries; its name is what `\d` shows. */
export const GUARD_POLICY = 'rows come through Tidegate';

/**
 * The functions that every session may call.
 *
 * `raise` raises exactly the error it is given: Tidegate's own errors are raised in the client's engine session, so that
 * the transaction's state is always the engine's. VOLATILE keeps the planner from calling it early.
 *
 * `evaluate` gives an expression's type, its value as text, and that cast to another type, each as the client's own session
 * and transaction have them: EXPLAIN leaves \`now() - interval '7 days'\` as it stands. NULL where that fails or could have a
 * side effect or another outcome a moment later, or is none of a single value; the statement itself then decides, and raises what there is to raise.
 *
 * `guard` is the condition of every virtual table's policy. It never returns. Being STABLE and free of columns it can be
 * a One-Time Filter, which is what makes it fire on a table without rows (see `virtualTableDdl`); a tiny cost makes
 * it the first condition where it is checked row by row.
 */
export const FUNCTIONS_SQL = `
CREATE OR REPLACE FUNCTION ${FUNCTION_SCHEMA}.raise(sqlstate text, message text, detail text DEFAULT NULL, hint text DEFAULT NULL)
RETURNS void LANGUAGE plpgsql VOLATILE AS $body$
BEGIN
  IF $3 <> '' AND $4 <> '' THEN
    RAISE EXCEPTION USING ERRCODE = $1, MESSAGE = $2, DETAIL = $3, HINT = $4;
  ELSIF $3 <> '' THEN
    RAISE EXCEPTION USING ERRCODE = $1, MESSAGE = $2, DETAIL = $3;
  ELSIF $4 <> '' THEN
    RAISE EXCEPTION USING ERRCODE = $1, MESSAGE = $2, HINT = $4;
  END IF;
  RAISE EXCEPTION USING ERRCODE = $1, MESSAGE = $2;
END $body$;
CREATE OR REPLACE FUNCTION ${FUNCTION_SCHEMA}.evaluate(expression text, functions text[], cast_to text)
RETURNS text[] LANGUAGE plpgsql VOLATILE AS $body$
DECLARE
  answer text[];
BEGIN
  IF 'statement_timestamp' = ANY (functions)
    OR EXISTS (SELECT FROM pg_catalog.pg_proc WHERE proname = ANY (functions) AND (provolatile = 'v' OR proretset OR prokind <> 'f')) THEN
    RETURN NULL;
  END IF;
  EXECUTE format(
    'SELECT ARRAY[(SELECT typname::text FROM pg_catalog.pg_type WHERE oid = pg_catalog.pg_typeof(x)), x::text, %s] FROM (SELECT (%s) AS x) AS t',
    CASE WHEN cast_to = '' THEN 'NULL' ELSE format('x::%s::text', cast_to) END, expression) INTO answer;
  RETURN answer;
EXCEPTION WHEN OTHERS THEN
  RETURN NULL;
END $body$;
CREATE OR REPLACE FUNCTION ${FUNCTION_SCHEMA}.guard(name text)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE COST 0.0001 AS $body$
BEGIN
  RAISE EXCEPTION USING ERRCODE = '0A000',
    MESSAGE = format('virtual table "%s" cannot be read here', name),
    HINT = 'Name it in the statement itself: functions, DO blocks and temporary views do not reach its source.';
END $body$;
GRANT USAGE ON SCHEMA ${FUNCTION_SCHEMA} TO PUBLIC;
GRANT EXECUTE ON FUNCTION ${FUNCTION_SCHEMA}.raise(text, text, text, text), ${FUNCTION_SCHEMA}.guard(text),
  ${FUNCTION_SCHEMA}.evaluate(text, text[], text) TO PUBLIC;
`;
