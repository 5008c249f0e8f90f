/** Writes a line to the standard output of a command. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
