import { type ConfiguredText, Secret } from '../../core/secret.js';
import { parseDuration } from '../duration.js';
import type { JwtModel } from '../model.js';
import type { JwtInput } from '../schema/jwt.js';
import { type BuildContext, isDamaged, type Placed } from './context.js';
import { checkHeaderName } from './value-place.js';

const ENCODINGS: Readonly<Record<'base64' | 'hex', RegExp>> = {
  base64: /^[A-Za-z0-9+/_-]+={0,2}$/,
  hex: /^(?:[0-9A-Fa-f]{2})+$/,
};

/** Makes the model of `auth: { type: jwt }`. */
export function buildJwt({ value: auth, path }: Placed<JwtInput>, context: BuildContext): JwtModel {
  const { tree, problems } = context;
  const at = (key: string) => [...path, key];
  const text = (key: 'issuer' | 'subject'): ConfiguredText | null =>
    auth[key] === undefined ? null : tree.configuredText(at(key));
  checkHeaderName(at('header'), auth.header, context);
  const [wanted, other] = auth.algorithm.startsWith('HS')
    ? (['secret', 'private_key'] as const)
    : (['private_key', 'secret'] as const);
  if (auth[wanted] === undefined && !isDamaged(context, at(wanted))) {
    problems.add(tree.keyAt(path), `missing key "${wanted}" in "auth": ${auth.algorithm} needs it`, `Add "${wanted}".`);
  }
  if (auth[other] !== undefined) {
    problems.add(tree.keyAt(at(other)), `${auth.algorithm} takes no "${other}"`, `Remove it, or use "${wanted}".`);
  }
  return {
    type: 'jwt',
    algorithm: auth.algorithm,
    key: wanted === 'secret' ? readSecret(auth, at('secret'), context) : new Secret(auth.private_key ?? ''),
    keyId: auth.key_id ?? null,
    issuer: text('issuer'),
    subject: text('subject'),
    audience: auth.audience ?? null,
    lifetimeMs: parseDuration(auth.lifetime)!,
    claims: new Map(Object.keys(auth.claims).map((name) => [name, readClaim([...at('claims'), name], context)])),
    header: auth.header,
    prefix: auth.prefix,
    tokenQuery: auth.query ?? null,
  };
}

/** A number or boolean stays one where it stands in the file itself. */
function readClaim(path: Placed<unknown>['path'], { tree }: BuildContext): ConfiguredText | number | boolean {
  const value = tree.node(path)?.value;
  return typeof value === 'number' || typeof value === 'boolean' ? value : tree.configuredText(path);
}

function readSecret(auth: JwtInput, path: Placed<unknown>['path'], { tree, problems }: BuildContext): Secret {
  const text = auth.secret ?? '';
  const encoding = auth.secret_encoding;
  if (encoding === 'text') return new Secret(Buffer.from(text, 'utf8').toString('latin1'));
  if (auth.secret !== undefined && !ENCODINGS[encoding].test(text.trim())) {
    problems.add(tree.at(path), `"secret" is not ${encoding}`, 'Correct secret_encoding, or the secret.');
  }
  return new Secret(Buffer.from(text.trim(), encoding).toString('latin1'));
}
