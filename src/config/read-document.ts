import { readFileSync, statSync } from 'node:fs';
import { type Document, LineCounter, parseDocument } from 'yaml';
import { convertDocument, type InterpolationContext } from './convert-document.js';
import { type ProblemList, wholeFile } from './problem.js';
import { SourceTree } from './source-tree.js';
import { describeSyntaxError } from './yaml-problems.js';

const MAX_BYTES = 4 * 1024 * 1024;
/** Deeper than any configuration, and far from what a recursive parser's stack can hold. */
const MAX_BRACKETS = 200;

/** Reads a configuration file (YAML 1.2 or JSON); null when it cannot be read at all, with the problems added. */
export function readDocument(file: string, context: InterpolationContext, problems: ProblemList): SourceTree | null {
  const text = readText(file, problems);
  return text === null ? null : parseText(text, file, context, problems);
}

function parseText(
  text: string,
  file: string,
  context: InterpolationContext,
  problems: ProblemList,
): SourceTree | null {
  const lineCounter = new LineCounter();
  const locate = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  if (isNestedTooDeeply(text)) {
    problems.add(wholeFile(file), 'the file is nested too deeply', 'Configuration needs no more than a few levels.');
    return null;
  }
  let document: Document.Parsed;
  try {
    // `uniqueKeys` is off because the converter's message names both places.
    document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false, version: '1.2' });
  } catch (error) {
    // The parser recurses per level; a file that is all indentation runs out of stack.
    if (!(error instanceof RangeError)) throw error;
    problems.add(wholeFile(file), 'the file is nested too deeply', 'Configuration needs no more than a few levels.');
    return null;
  }
  // After the first syntax error the parser guesses, so only that one is worth showing.
  const [first] = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0]);
  if (first !== undefined) {
    const { message, hint } = describeSyntaxError(first);
    problems.add(locate(first.pos[0]), message, hint);
    return null;
  }
  const root = convertDocument(document, locate, context, problems);
  return root === null ? null : new SourceTree(file, root);
}

function readText(file: string, problems: ProblemList): string | null {
  try {
    const stat = statSync(file);
    if (!stat.isFile()) {
      problems.add(wholeFile(file), 'this is not a file', 'Name a YAML or JSON file.');
      return null;
    }
    if (stat.size > MAX_BYTES) {
      problems.add(wholeFile(file), 'the file is larger than 4 MiB', 'Split it into several DSN files.');
      return null;
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
      problems.add(wholeFile(file), 'the file is not valid UTF-8', 'Save it with the encoding UTF-8.');
    } else if (code === 'ENOENT' || code === 'ENOTDIR') {
      problems.add(
        wholeFile(file),
        'there is no such file',
        'Check the name; it is relative to the working directory.',
      );
    } else {
      problems.add(
        wholeFile(file),
        `the file cannot be read (${code ?? 'unknown reason'})`,
        'Let the user that runs the gateway read it.',
      );
    }
    return null;
  }
}

/** Counts brackets without understanding quotes: it may only err on files with hundreds of brackets left open. */
function isNestedTooDeeply(text: string): boolean {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x5b || code === 0x7b) {
      if (++depth > MAX_BRACKETS) return true;
    } else if (code === 0x5d || code === 0x7d) depth = Math.max(0, depth - 1);
  }
  return false;
}
