/**
 * Runs one command after the other in one process, for tests that need not see each of them start and end: the command's
 * file is read anew each time, what it imports is not.
 */
const realOut = process.stdout.write.bind(process.stdout);
const usual = { ...process.env };
let count = 0;

process.on('message', async ({ command, cwd, args, env }) => {
  let out = '';
  let error = '';
  process.stdout.write = (text) => {
    out += text;
    return true;
  };
  process.stderr.write = (text) => {
    error += text;
    return true;
  };
  process.chdir(cwd);
  process.argv = [process.execPath, command, ...args];
  for (const name of Object.keys(process.env)) if (!(name in usual)) delete process.env[name];
  Object.assign(process.env, usual, env);
  process.exitCode = undefined;
  try {
    await import(`file://${command}?${count++}`);
  } catch (failure) {
    error += String(failure?.stack ?? failure);
    process.exitCode = 70;
  }
  const code = Number(process.exitCode ?? 0);
  process.exitCode = undefined;
  process.stdout.write = realOut;
  process.send({ code, out, error });
});
process.on('disconnect', () => process.exit(0));
