import { errors } from '../core/errors.js';

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another program',
  EACCES: 'may not be used by this user',
  EADDRNOTAVAIL: 'is not an address of this machine',
};

/** F0000 for an address that cannot be listened on; `setting` says where another one can be chosen. */
export function listenError(error: NodeJS.ErrnoException, host: string, port: number, setting: string): Error {
  const reason = REASONS[error.code ?? ''];
  if (reason === undefined) return error;
  return errors.configuration(`${host}:${port} ${reason}`, {
    hint: `Choose another address with ${setting}.`,
    cause: error,
  });
}
