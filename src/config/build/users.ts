import { Secret } from '../../core/secret.js';
import { checkIdentifier } from '../identifiers.js';
import type { UserModel } from '../model.js';
import { didYouMean } from '../nearest.js';
import type { GatewayInput } from '../schema/gateway.js';
import type { BuildContext } from './context.js';

/** Who may use a gateway without configured users: anyone on this machine, as one user who sees everything. */
const DEFAULT_USER: UserModel = { name: 'tidegate', password: null, dsns: 'all', isAdmin: true };
const VERIFIER = /^SCRAM-SHA-256\$\d{1,9}:[A-Za-z0-9+/]+={0,2}\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=$/;

/**
 * Makes the users; without any, the trusted one of a loopback gateway.
 * @param dsns the names of all DSNs; null when a file could not be read, so that none can be called unknown
 */
export function buildUsers(
  input: GatewayInput,
  dsns: readonly string[] | null,
  context: BuildContext,
): readonly UserModel[] {
  const { tree, problems } = context;
  for (const name of tree.keys(['users'])) checkIdentifier(name, 'user', tree.keyAt(['users', name]), problems);
  const users = Object.entries(input.users ?? {}).map(([name, user]): UserModel => {
    const path = ['users', name];
    if (user.password.startsWith('SCRAM-SHA-256$') && !VERIFIER.test(user.password)) {
      const hint = 'Copy it whole from pg_authid.rolpassword, or give the password itself.';
      problems.add(
        tree.at([...path, 'password']),
        `the SCRAM-SHA-256 verifier of user "${name}" is not complete`,
        hint,
      );
    }
    if (dsns !== null && user.dsns !== 'all') {
      user.dsns.forEach((dsn, index) => {
        if (dsns.includes(dsn)) return;
        const at = tree.at([...path, 'dsns', index]);
        const shown = tree.written([...path, 'dsns', index]);
        const hint = dsns.length === 0 ? 'There are no DSNs.' : `The DSNs are ${dsns.join(', ')}.`;
        problems.add(at, `user "${name}" may read an unknown DSN "${shown}"${didYouMean(shown, dsns)}`, hint);
      });
    }
    return { name, password: new Secret(user.password), dsns: user.dsns, isAdmin: user.admin };
  });
  return tree.keys(['users']).length === 0 ? [DEFAULT_USER] : users;
}
