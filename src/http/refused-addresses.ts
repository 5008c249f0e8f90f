import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns';
import { BlockList, isIP } from 'node:net';

/**
 * Link-local addresses (RFC 3927, RFC 4291 section 2.5.6), where clouds keep the metadata and credentials of the machine, and
 * the few such services that live elsewhere: Alibaba Cloud's, Azure's, AWS's and Google's over IPv6.
 */
const REFUSED = new BlockList();
REFUSED.addSubnet('169.254.0.0', 16, 'ipv4');
REFUSED.addSubnet('fe80::', 10, 'ipv6');
REFUSED.addAddress('100.100.100.200', 'ipv4');
REFUSED.addAddress('168.63.129.16', 'ipv4');
REFUSED.addAddress('fd00:ec2::254', 'ipv6');
REFUSED.addAddress('fd20:ce::254', 'ipv6');
// The IPv4 ones as gateways between the two write them: IPv4-compatible, NAT64 (RFC 6052) and 6to4 (RFC 3056).
for (const prefix of ['::', '64:ff9b::']) {
  REFUSED.addSubnet(`${prefix}a9fe:0`, 112, 'ipv6');
  REFUSED.addAddress(`${prefix}6464:64c8`, 'ipv6');
  REFUSED.addAddress(`${prefix}a83f:8110`, 'ipv6');
}
REFUSED.addSubnet('2002:a9fe::', 32, 'ipv6');

/** No connection was made, because its address is one that only the machine itself should ask. */
export class RefusedAddress extends Error {
  readonly code = 'TIDEGATE_REFUSED_ADDRESS';
}

/** Whether this text is an address that is refused; a name is not, whatever it stands for. */
export function isRefusedAddress(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  const family = isIP(address);
  return family !== 0 && REFUSED.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

type LookupCallback = (error: Error | null, address: string | LookupAddress[], family?: number) => void;
export type Lookup = (host: string, options: LookupOptions, callback: LookupCallback) => void;

/** A lookup that refuses a name which stands for such an address, also when it does so among others. */
export function refusingLookup(lookup: Lookup = systemLookup as Lookup): Lookup {
  return (host, options, callback) => {
    lookup(host, options, (error, found, family) => {
      const addresses = typeof found === 'string' ? [found] : (found ?? []).map(({ address }) => address);
      if (error === null && addresses.some(isRefusedAddress)) callback(new RefusedAddress(), []);
      else callback(error, found, family);
    });
  };
}
