import { KEY_PROVIDERS, type KeyProvider } from '../providers/keys.js';
import type { SourcePath } from '../source-tree.js';
import type { BuildContext } from './context.js';

/** Adds a problem for a key that is not of its provider's form; the key itself is never shown. */
export function checkKey(provider: KeyProvider | undefined, path: SourcePath, context: BuildContext): void {
  if (provider === undefined || context.tree.isBroken(path)) return;
  const { form, what, hint } = KEY_PROVIDERS[provider];
  if (form.test(context.tree.text(path))) return;
  context.problems.add(context.tree.at(path), `"${path.at(-1)}" is not ${what}`, hint);
}
