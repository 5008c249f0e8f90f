import { serve } from '../server/serve.js';

interface ServeFlags {
  readonly config?: string;
  readonly dsn?: string[];
  readonly listen?: string;
}

/** `tidegate serve`: runs until SIGTERM or SIGINT; SIGHUP reloads. */
export async function runServe(flags: ServeFlags): Promise<void> {
  let end: (error?: Error) => void = () => {};
  const ended = new Promise<void>((resolve, reject) => {
    end = (error) => (error === undefined ? resolve() : reject(error));
  });
  const serving = await serve({
    onCrash: end,
    configFile: flags.config ?? null,
    env: process.env,
    ...(flags.dsn === undefined ? {} : { dsnPaths: flags.dsn }),
    ...(flags.listen === undefined ? {} : { listen: flags.listen }),
  });
  process.on('SIGHUP', () => void serving.reload());
  process.once('SIGTERM', () => end());
  process.once('SIGINT', () => end());
  try {
    await ended;
  } finally {
    await serving.close();
  }
}
