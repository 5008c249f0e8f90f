// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the interpolations that DSN files hold.

/**
 * What a text became. `${auth:NAME}` is left in it: what a login tells is known when a request is made. `problem` never
 * holds a value, only what the file itself says.
 */
export type Interpolated =
  | { readonly text: string; readonly kind: 'none' | 'env' | 'file'; readonly authNames: readonly string[] }
  | { readonly problem: string; readonly hint: string };

/** Reads a `${file:…}`; a problem when there is no such file or it may not be read. */
export type FileReader = (
  path: string,
) => { readonly text: string } | { readonly problem: string; readonly hint: string };

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Whether a text holds something that would be replaced. */
export function hasInterpolation(text: string): boolean {
  return /\$\{(env|file):/.test(text);
}

/**
 * Replaces `${env:NAME}`, `${env:NAME:-default}` (used when unset or empty, as in a shell) and `${file:path}`; `$${` stands
 * for `${`. Replaced text is not looked at again.
 */
export function interpolate(written: string, env: NodeJS.ProcessEnv, readFile: FileReader): Interpolated {
  let text = '';
  let kind: 'none' | 'env' | 'file' = 'none';
  const authNames: string[] = [];
  let position = 0;
  for (;;) {
    const start = written.indexOf('${', position);
    if (start < 0) return { text: text + written.slice(position), kind, authNames };
    if (start > position && written[start - 1] === '$') {
      text += `${written.slice(position, start - 1)}\${`;
      position = start + 2;
      continue;
    }
    const end = written.indexOf('}', start);
    if (end < 0) {
      return {
        problem: 'an interpolation "${" is not closed',
        hint: 'Add the "}", or write "$${" for the characters "${".',
      };
    }
    text += written.slice(position, start);
    const result = resolve(written.slice(start + 2, end), env, readFile);
    if ('problem' in result) return result;
    text += result.text;
    if (result.kind === 'auth') authNames.push(result.name);
    else if (kind !== 'file') kind = result.kind;
    position = end + 1;
  }
}

function resolve(
  expression: string,
  env: NodeJS.ProcessEnv,
  readFile: FileReader,
):
  | { readonly text: string; readonly kind: 'env' | 'file' }
  | { readonly text: string; readonly kind: 'auth'; readonly name: string }
  | { readonly problem: string; readonly hint: string } {
  if (expression.startsWith('env:')) {
    const [name, fallback] = splitDefault(expression.slice('env:'.length));
    if (!VARIABLE.test(name)) {
      return {
        problem: 'the name of the environment variable is not valid',
        hint: 'Write ${env:NAME} or ${env:NAME:-default}; a name is made of letters, digits and "_".',
      };
    }
    const value = env[name];
    if (value !== undefined && (value !== '' || fallback === null)) return { text: value, kind: 'env' };
    if (fallback !== null) return { text: fallback, kind: 'env' };
    return {
      problem: `the environment variable "${name}" is not set`,
      hint: `Set ${name}, or give a default with \${env:${name}:-default}.`,
    };
  }
  if (expression.startsWith('file:')) {
    const result = readFile(expression.slice('file:'.length));
    return 'problem' in result ? result : { text: result.text, kind: 'file' };
  }
  if (expression.startsWith('auth:')) {
    const name = expression.slice('auth:'.length);
    if (VARIABLE.test(name)) return { text: `\${${expression}}`, kind: 'auth', name };
    return {
      problem: 'the name in "${auth:…}" is not valid',
      hint: 'Write ${auth:NAME} with a field of "metadata"; a name is made of letters, digits and "_".',
    };
  }
  return {
    problem: 'unknown interpolation',
    hint: 'Write ${env:NAME}, ${env:NAME:-default}, ${file:path} or ${auth:NAME}; "$${" stands for the characters "${".',
  };
}

function splitDefault(text: string): [string, string | null] {
  const at = text.indexOf(':-');
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 2)];
}
