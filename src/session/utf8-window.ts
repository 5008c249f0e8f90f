import { frontend } from '../wire/write.js';
import type { EngineLink } from './engine-link.js';

/** Name of the statement and the portal that switch the encoding. */
const OWN = 'tidegate_encoding';

const SAVED = 'tidegate.saved_encoding';
const CURRENT = "pg_catalog.current_setting('client_encoding')";
const TO_UTF8 = `SELECT pg_catalog.set_config('${SAVED}', ${CURRENT}, true), pg_catalog.set_config('client_encoding', 'UTF8', true)`;
const BACK = `SELECT pg_catalog.set_config('client_encoding', pg_catalog.current_setting('${SAVED}'), true)`;

/**
 * Sends requests of the gateway's own in UTF-8, whatever the client's encoding is: texts, parameters and answers. Where
 * the requests fail the transaction fails too, and the engine puts the client's encoding back by itself.
 */
export function inUtf8<T>(link: EngineLink, send: () => T): T {
  if (link.isClientUtf8()) return send();
  run(link, TO_UTF8);
  const answer = send();
  run(link, BACK);
  return answer;
}

function run(link: EngineLink, sql: string): void {
  const answers = [
    link.ask(frontend.close('statement', OWN), 'close'),
    link.ask(frontend.parse(OWN, sql), 'parse'),
    link.ask(frontend.bindText(OWN, OWN), 'bind'),
    link.ask(frontend.execute(OWN), 'execute'),
    link.ask(frontend.close('portal', OWN), 'close'),
  ];
  // What fails has a request of the gateway's own beside it that says so.
  for (const answer of answers) answer.catch(() => {});
}
