import { createPrivateKey, X509Certificate } from 'node:crypto';
import { Secret } from '../../core/secret.js';
import type { ClientTlsModel, TransportModel } from '../model.js';
import { parseProxyUrl } from '../proxy-url.js';
import { secretFileReader } from '../secret-file.js';
import type { SourcePath } from '../source-tree.js';
import { type BuildContext, isDamaged, type TableSettings } from './context.js';

const MIN_VERSIONS = { '1.2': 'TLSv1.2', '1.3': 'TLSv1.3' } as const;

/** Proxy and TLS of a table's requests; certificates and keys are read here, so that a wrong one shows at the start. */
export function buildTransport(settings: TableSettings, context: BuildContext): TransportModel {
  return {
    proxy: buildProxy(settings, context),
    tls: buildTls(settings, context),
    httpVersion: settings.value('http_version', 'auto'),
  };
}

function buildProxy(settings: TableSettings, { tree, problems }: BuildContext): TransportModel['proxy'] {
  const proxy = settings.get('proxy');
  if (proxy === null || proxy.value === 'none') return proxy === null ? null : 'none';
  if (parseProxyUrl(proxy.value) === null) {
    const hint = 'Write http://host:port or https://host:port, with user:password@ before the host if it wants them.';
    problems.add(tree.at(proxy.path), '"proxy" is not the URL of a proxy', hint);
  }
  return new Secret(proxy.value);
}

function buildTls(settings: TableSettings, context: BuildContext): ClientTlsModel {
  const { tree, problems } = context;
  const tls = settings.get('tls');
  if (tls === null) return { ca: null, cert: null, key: null, passphrase: null, minVersion: null, isInsecure: false };
  const at = (key: string): SourcePath => [...tls.path, key];
  const { cert, key, passphrase, min_version: minVersion, insecure } = tls.value;
  if ((cert === undefined) !== (key === undefined) && !isDamaged(context, tls.path)) {
    const [given, missing] = cert === undefined ? ['key', 'cert'] : ['cert', 'key'];
    problems.add(tree.keyAt(at(given)), `"${given}" needs "${missing}"`, `Add "${missing}", or remove "${given}".`);
  }
  const secret = passphrase === undefined ? null : new Secret(passphrase);
  const keyText = readPem(at('key'), context, (pem) =>
    createPrivateKey({ key: pem, passphrase: secret?.reveal() ?? '' }),
  );
  return {
    ca: readPem(at('ca'), context, (pem) => new X509Certificate(pem)),
    cert: readPem(at('cert'), context, (pem) => new X509Certificate(pem)),
    key: keyText === null ? null : new Secret(keyText),
    passphrase: secret,
    minVersion: minVersion === undefined ? null : MIN_VERSIONS[minVersion],
    isInsecure: insecure,
  };
}

/** The PEM text that stands at the path or in the file it names; null where there is none, or with a problem. */
function readPem(path: SourcePath, context: BuildContext, parse: (pem: string) => unknown): string | null {
  const { tree, problems, folders } = context;
  if (tree.node(path) === undefined || isDamaged(context, path)) return null;
  const key = String(path.at(-1));
  let pem = tree.text(path);
  if (!pem.includes('-----BEGIN ')) {
    const read = secretFileReader(folders)(pem);
    if ('problem' in read) {
      problems.add(tree.at(path), `"${key}": ${read.problem}`, read.hint);
      return null;
    }
    pem = read.text;
  }
  try {
    parse(pem);
    return pem;
  } catch {
    const what = key === 'key' ? 'a private key in PEM form' : 'a certificate in PEM form';
    const hint = key === 'key' ? 'Check the file; an encrypted key needs "passphrase".' : 'Check the file.';
    problems.add(tree.at(path), `"${key}" does not hold ${what}`, hint);
    return null;
  }
}
