import { parseDuration } from '../duration.js';
import type { BodyModel, SessionModel } from '../model.js';
import type { SessionInput } from '../schema/oauth.js';
import { jsonValue } from './body.js';
import type { BuildContext, Placed } from './context.js';
import { buildMetadata } from './metadata.js';
import { checkHeaders, readTexts } from './request-texts.js';
import { checkUrl } from './url.js';
import { checkHeaderName } from './value-place.js';

const KINDS = ['json', 'form', 'text'] as const;

/** Makes the model of `auth: { type: session }`. */
export function buildSession({ value: auth, path }: Placed<SessionInput>, context: BuildContext): SessionModel {
  const { tree, problems } = context;
  const login = [...path, 'login'];
  checkUrl([...login, 'url'], context);
  checkHeaders([...login, 'headers'], context);
  checkHeaderName([...path, 'header'], auth.header, context);
  if ((auth.token_field === undefined) === (auth.token_header === undefined)) {
    problems.add(
      tree.keyAt(path),
      '"auth" must say once where the token of the login is',
      'Keep one of "token_field" and "token_header".',
    );
  }
  return {
    type: 'session',
    login: {
      method: auth.login.method,
      url: tree.configuredText([...login, 'url']),
      headers: readTexts([...login, 'headers'], context),
      body: auth.login.body === undefined ? null : readBody([...login, 'body'], context),
    },
    tokenField: auth.token_field ?? null,
    tokenHeader: auth.token_header ?? null,
    expiresInField: auth.expires_in_field ?? null,
    metadata: buildMetadata(auth.metadata, undefined, [...path, 'metadata'], context),
    renewBeforeMs: parseDuration(auth.renew_before)!,
    header: auth.header,
    prefix: auth.prefix,
    tokenQuery: auth.query ?? null,
  };
}

function readBody(path: Placed<unknown>['path'], context: BuildContext): BodyModel | null {
  const { tree, problems } = context;
  const [kind, other] = KINDS.filter((name) => tree.node([...path, name]) !== undefined);
  if (kind === undefined || other !== undefined) {
    const message = kind === undefined ? '"body" is empty' : `"body" has more than one kind: ${kind}, ${other}`;
    problems.add(tree.keyAt(path), message, 'Keep one of json, form and text.');
    return null;
  }
  const place = [...path, kind];
  switch (kind) {
    case 'json':
      return { type: 'json', value: jsonValue(tree.node(place)!, context) };
    case 'form':
      return { type: 'form', fields: readTexts(place, context) };
    case 'text':
      return { type: 'text', text: tree.configuredText(place) };
  }
}
