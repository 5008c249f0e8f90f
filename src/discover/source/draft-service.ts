import type { Sample } from '../sample/sampler.js';
import { credentials, hostName } from './draft-source.js';
import type { ProbeTarget } from './probe-table.js';
import type { DsnDraft } from './write-dsn.js';

/** Whether a sample is an OData service's `$metadata`, or the list of its sets. */
export function isServiceDescription({ text }: Sample): boolean {
  return (
    /<(?:\w+:)?Edmx[\s>]/.test(text.slice(0, 2000)) ||
    /"@odata\.context"\s*:\s*"[^"]*\$metadata"/.test(text.slice(0, 2000))
  );
}

/** The DSN of an OData service: its tables are read from the service itself. */
export function draftService(target: ProbeTarget, name: string | null): DsnDraft {
  const remarks: string[] = [];
  const { auth, headers } = credentials(target, remarks);
  const url = (target.url ?? 'https://example.com/odata').replace(/\/(?:\$metadata)?$/, '');
  if (target.url === null) remarks.push('Set "url" to the address of the service.');
  return {
    remarks,
    document: {
      dsn: name ?? hostName(new URL(url)),
      type: 'odata',
      url,
      ...(auth === null ? {} : { auth }),
      ...(Object.keys(headers).length === 0 ? {} : { headers }),
    },
  };
}
