/** A package as package-lock.json lists it, as far as is looked at here. */
export interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly cpu?: readonly string[];
  readonly os?: readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export type LockedPackages = Readonly<Record<string, LockedPackage>>;

/** An optional package that another names and the lock file leaves out. */
export interface MissingPackage {
  readonly name: string;
  readonly version: string;
  readonly isDev: boolean;
}

/**
 * Optional packages without an entry. `npm ci` refuses a lock file for one of them, although it is of another platform;
 * `npm install` writes such a lock file where the registry does not have the package.
 */
export function findMissing(packages: LockedPackages): MissingPackage[] {
  const missing = new Map<string, MissingPackage>();
  for (const [path, owner] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(owner.optionalDependencies ?? {})) {
      if (`node_modules/${name}` in packages || `${path}/node_modules/${name}` in packages) continue;
      missing.set(name, { name, version: version.replace(/^[\^~]/, ''), isDev: owner.dev === true });
    }
  }
  return [...missing.values()];
}

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];

/**
 * The entry that npm would have written, from the platform that the package's name ends in, so that it is passed over
 * everywhere else. Null when the name says no platform: then it cannot be left out safely.
 */
export function entryFor({ name, version, isDev }: MissingPackage): LockedPackage | null {
  const words = name.split('/').at(-1)!.split('-');
  const os = SYSTEMS.filter((system) => words.includes(system));
  const cpu = PROCESSORS.filter((processor) => words.includes(processor));
  if (os.length === 0 && cpu.length === 0) return null;
  const libc = words.some((word) => word.startsWith('musl')) ? ['musl'] : words.includes('gnu') ? ['glibc'] : [];
  return {
    version,
    ...(cpu.length > 0 ? { cpu } : {}),
    ...(isDev ? { dev: true } : {}),
    ...(libc.length > 0 ? { libc } : {}),
    optional: true,
    ...(os.length > 0 ? { os } : {}),
  };
}
