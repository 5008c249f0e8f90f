import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `ca.pem`, and keys and certificates that it signed: `server` (localhost, 127.0.0.1, shop.example) and `client`. */
export interface Certificates {
  readonly pem: (name: string) => string;
  /** Encrypts a private key. */
  readonly lock: (name: string, lockedName: string, passphrase: string) => void;
  readonly remove: () => void;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Makes them with the openssl program, in a folder of their own. */
export function createCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-tls-'));
  const run = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  run('req', '-x509', ...NEW_KEY, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=Test authority');
  for (const [name, extension] of [
    ['server', 'subjectAltName=DNS:localhost,IP:127.0.0.1,DNS:shop.example'],
    ['client', 'extendedKeyUsage=clientAuth'],
  ] as const) {
    run('req', ...NEW_KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    writeFileSync(join(folder, `${name}.ext`), extension);
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', `${name}.ext`];
    run('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signed);
  }
  return {
    pem: (name) => readFileSync(join(folder, name), 'utf8'),
    lock: (name, lockedName, passphrase) =>
      run('ec', '-in', name, '-aes256', '-passout', `pass:${passphrase}`, '-out', lockedName),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
