// The command line program from its sources: arguments as for `tidegate`.
import { register } from 'node:module';

register('../../engine/child/typescript-hooks.mjs', import.meta.url);
await import('../../../src/cli/main.ts');
