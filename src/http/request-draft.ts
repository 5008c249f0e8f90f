/** A query parameter or form field, encoded; `name` is decoded, to find it again. */
export interface EncodedPair {
  readonly name: string;
  readonly text: string;
  readonly isSecret: boolean;
}

/** A header by its name as configured. */
export interface DraftHeader {
  readonly name: string;
  readonly value: string;
  readonly isSecret: boolean;
}

export type DraftBody =
  | { readonly type: 'json'; readonly document: unknown }
  | { readonly type: 'form'; readonly fields: readonly EncodedPair[] }
  | {
      readonly type: 'text' | 'xml';
      readonly text: string;
      readonly isSecret: boolean;
      readonly values: ReadonlyMap<string, string>;
    };

/**
 * A request that values can still be placed in. Immutable: each step of a scan (filters, page, authentication) derives
 * the next draft, and `finishRequest` turns the last one into what is sent.
 */
export interface RequestDraft {
  readonly method: string;
  /** Scheme, host and port. */
  readonly origin: string;
  /** With `{name}` placeholders, unless `isPathLiteral`. */
  readonly path: string;
  /** True: a page link's path, where braces mean nothing. */
  readonly isPathLiteral: boolean;
  readonly isPathSecret: boolean;
  readonly pathValues: ReadonlyMap<string, { readonly value: string; readonly isSecret: boolean }>;
  readonly query: readonly EncodedPair[];
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, DraftHeader>;
  readonly body: DraftBody | null;
}

/** A request as it is sent. */
export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** The URL as it may be shown. */
  readonly shownUrl: string;
}
