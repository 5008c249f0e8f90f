import { errors } from '../core/errors.js';
import { Secret } from '../core/secret.js';

/** The variable that holds the passphrase where nobody can type it. */
const VARIABLE = 'TIDEGATE_PASSPHRASE';
const SHORTEST = 12;

/**
 * The passphrase of an export: from the environment, else typed without an echo, twice where it is a new one. It is never
 * an argument, for other users see those. Throws F0000.
 */
export async function askPassphrase(isNew: boolean): Promise<Secret> {
  const given = process.env[VARIABLE];
  const text = given ?? (await ask('Passphrase: '));
  if (text === '') throw errors.configuration('there is no passphrase', { hint: `Type one, or set ${VARIABLE}.` });
  if (isNew && text.length < SHORTEST) {
    throw errors.configuration(`a passphrase of ${text.length} characters does not protect tokens`, {
      hint: `Use ${SHORTEST} characters or more, such as a few words.`,
    });
  }
  if (isNew && given === undefined && (await ask('The same again: ')) !== text) {
    throw errors.configuration('the two passphrases differ', { hint: 'Run the command again.' });
  }
  return new Secret(text);
}

async function ask(prompt: string): Promise<string> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) {
    throw errors.configuration('nobody can be asked for the passphrase here', { hint: `Set ${VARIABLE}.` });
  }
  stderr.write(prompt);
  stdin.setRawMode(true).setEncoding('utf8').resume();
  try {
    return await readHidden(stdin);
  } finally {
    stdin.setRawMode(false).pause();
    stderr.write('\n');
  }
}

/** What is typed until the line ends; nothing of it is shown. */
function readHidden(input: NodeJS.ReadStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const read = (typed: string): void => {
      for (const character of typed) {
        const isEnd = '\r\n\u0004'.includes(character);
        if (isEnd || character === '\u0003') {
          input.off('data', read);
          if (isEnd) resolve(text);
          else reject(errors.canceled('the command was cancelled'));
          break;
        }
        text = '\u007f\b'.includes(character) ? text.slice(0, -1) : text + character;
      }
    };
    input.on('data', read);
  });
}
