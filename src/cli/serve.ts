import { serve } from '../server/serve.js';

interface ServeFlags {
  readonly config?: string;
  readonly dsn?: string[];
  readonly listen?: string;
}

/** `tidegate serve`: runs until SIGTERM or SIGINT; SIGHUP reloads. */
export async function runServe(flags: ServeFlags): Promise<void> {
  const serving = await serve({
    configFile: flags.config ?? null,
    env: process.env,
    ...(flags.dsn === undefined ? {} : { dsnPaths: flags.dsn }),
    ...(flags.listen === undefined ? {} : { listen: flags.listen }),
  });
  process.on('SIGHUP', () => void serving.reload());
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
  await serving.close();
}
