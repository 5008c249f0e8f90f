/** One link of a Link header. */
export interface WebLink {
  readonly target: string;
  /** Parameters by lower-case name; the first of a name counts (RFC 8288, section 3.3). */
  readonly parameters: ReadonlyMap<string, string>;
}

const LINK = /\s*<([^>]*)>/y;
const PARAMETER = /\s*;\s*([^\s=;,"]+)\s*(?:=\s*(?:"((?:[^"\\]|\\[\s\S])*)"|([^\s;,"]*)))?/y;
const SEPARATOR = /\s*(?:;\s*)*,?/y;

/** Reads the links of a Link header (RFC 8288); what follows something that is no link is left out. */
export function parseLinkHeader(header: string): readonly WebLink[] {
  const links: WebLink[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(header);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  for (;;) {
    // Empty list elements are allowed.
    while (match(/\s*,/y) !== null);
    const target = match(LINK);
    if (target === null) return links;
    const parameters = new Map<string, string>();
    for (let found = match(PARAMETER); found !== null; found = match(PARAMETER)) {
      const name = found[1]!.toLowerCase();
      const value = found[2]?.replace(/\\([\s\S])/g, '$1') ?? found[3] ?? '';
      if (!parameters.has(name)) parameters.set(name, value);
    }
    match(SEPARATOR);
    links.push({ target: target[1]!.trim(), parameters });
  }
}

/** The target of the first link whose relation types have `next` among them; null when there is none. */
export function nextLink(header: string | null): string | null {
  if (header === null) return null;
  const link = parseLinkHeader(header).find(({ parameters }) =>
    (parameters.get('rel') ?? '').toLowerCase().split(/\s+/).includes('next'),
  );
  return link === undefined || link.target === '' ? null : link.target;
}
