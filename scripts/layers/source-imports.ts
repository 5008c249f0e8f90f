import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import ts from 'typescript';

/** One import of a file of the project by another. Paths are relative to the project's root, with `/`. */
export interface SourceImport {
  readonly from: string;
  /** The TypeScript file behind a `.js` specifier where there is one, else the path as it resolves. */
  readonly to: string;
  /** 1-based line of the specifier. */
  readonly line: number;
  /** The import is erased by the compiler: `import type`, `export type … from`, `import('…').T`. */
  readonly isTypeOnly: boolean;
}

/** The project's folders that hold TypeScript. */
export const SOURCE_FOLDERS = ['src', 'drivers', 'demo', 'bench', 'test', 'scripts'] as const;

/** Every TypeScript file below the source folders of `root`, sorted. */
export function listSourceFiles(root: string): readonly string[] {
  return SOURCE_FOLDERS.filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /\.[cm]?tsx?$/.test(entry.name) && !entry.parentPath.includes('node_modules'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

/** The relative imports of one file, in the order they stand: packages and Node's own modules have no layer. */
export function readImports(root: string, file: string): readonly SourceImport[] {
  const text = readFileSync(join(root, file), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const imports: SourceImport[] = [];
  const add = (specifier: ts.Node | undefined, isTypeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier) || !/^\.\.?(\/|$)/.test(specifier.text)) return;
    const line = source.getLineAndCharacterOfPosition(specifier.getStart(source)).line + 1;
    imports.push({ from: file, to: resolve(root, file, specifier.text), line, isTypeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      // `import { type A }` keeps the module loaded at run time (verbatimModuleSyntax); only `import type` is erased.
      add(node.moduleSpecifier, node.importClause?.isTypeOnly === true);
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, node.isTypeOnly);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, true);
    } else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
      add(node.moduleReference.expression, node.isTypeOnly);
    } else if (ts.isCallExpression(node) && isModuleCall(node.expression)) {
      add(node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return imports;
}

function isModuleCall(callee: ts.Expression): boolean {
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require');
}

function resolve(root: string, file: string, specifier: string): string {
  const path = posix.normalize(posix.join(dirname(file), specifier));
  const stem = path.replace(/\.([cm]?)jsx?$/, '.$1ts');
  const candidates = [stem, stem.replace(/ts$/, 'tsx'), `${path}.ts`, `${path}/index.ts`, path];
  return candidates.find((candidate) => existsSync(join(root, candidate))) ?? path;
}
