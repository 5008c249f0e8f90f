import type { ErrorCode, YAMLError } from 'yaml';

interface Description {
  readonly message: string;
  readonly hint?: string;
}

/**
 * What is wrong with a file's syntax. The parser's own messages quote the text they stumbled over, which can be a
 * password that starts with `*` or `!`, so none of them is ever shown.
 */
export function describeSyntaxError({ code, message }: Pick<YAMLError, 'code' | 'message'>): Description {
  // The one code stands for two mistakes.
  if (code === 'BAD_INDENT' && message.startsWith('Flow ')) {
    return { message: 'a "{" or "[" above is not closed, or what it holds is not indented', hint: bracketHint };
  }
  return DESCRIPTIONS[code] ?? { message: 'this is not valid YAML here' };
}

const quoteHint = 'Put a text that starts with a special character in quotes.';
const indentHint = 'Indent with spaces, by the same number for all keys of one map.';
const bracketHint = 'Close every "{", "[" and quotation mark, and separate entries with ",".';

const DESCRIPTIONS: Partial<Record<ErrorCode, Description>> = {
  ALIAS_PROPS: { message: 'an alias cannot have an anchor or a tag', hint: quoteHint },
  BAD_ALIAS: { message: 'this alias has no anchor before it', hint: quoteHint },
  BAD_COLLECTION_TYPE: { message: 'the tag does not fit the value', hint: quoteHint },
  BAD_DIRECTIVE: { message: 'unknown YAML directive', hint: 'Remove the line that starts with "%".' },
  BAD_DQ_ESCAPE: {
    message: 'unknown escape in a double-quoted text',
    hint: 'Write "\\\\" for a backslash, or use single quotes.',
  },
  BAD_INDENT: { message: 'the indentation does not fit the lines above', hint: indentHint },
  BAD_PROP_ORDER: { message: 'an anchor or tag is in the wrong place', hint: quoteHint },
  BAD_SCALAR_START: { message: 'a text cannot start with this character', hint: quoteHint },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'a map cannot start inside another value',
    hint: 'Put a text that holds ": " in quotes.',
  },
  BLOCK_IN_FLOW: { message: 'an indented block cannot stand inside "{ }" or "[ ]"', hint: bracketHint },
  KEY_OVER_1024_CHARS: { message: 'a key is longer than 1024 characters' },
  MISSING_CHAR: { message: 'a character is missing here', hint: bracketHint },
  MULTILINE_IMPLICIT_KEY: { message: 'a key must stand on one line', hint: 'Put ":" and a space after each key.' },
  MULTIPLE_ANCHORS: { message: 'a value can have one anchor only', hint: quoteHint },
  MULTIPLE_DOCS: {
    message: 'the file holds more than one document',
    hint: 'Put each document into a file of its own; "---" starts a new one.',
  },
  MULTIPLE_TAGS: { message: 'a value can have one tag only', hint: quoteHint },
  NON_STRING_KEY: { message: 'a key must be a text' },
  RESOURCE_EXHAUSTION: { message: 'the file is nested too deeply' },
  TAB_AS_INDENT: { message: 'a tab cannot be used for indentation', hint: indentHint },
  TAG_RESOLVE_FAILED: { message: 'unknown tag', hint: quoteHint },
  UNEXPECTED_TOKEN: { message: 'this text is not expected here', hint: bracketHint },
};
