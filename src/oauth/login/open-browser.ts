import { spawn } from 'node:child_process';

/** Opens the system's browser; false where there is none. The address is checked to be http(s) by whoever made it. */
export function openBrowser(url: URL): Promise<boolean> {
  const [command, args] = browserCommand(url.href);
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY && !process.env.BROWSER) {
    return Promise.resolve(false);
  }
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('spawn', () => resolve(true));
    child.unref();
  });
}

function browserCommand(address: string): [string, string[]] {
  switch (process.platform) {
    case 'darwin':
      return ['open', [address]];
    case 'win32':
      // "start" would read & and ^ as its own.
      return ['rundll32', ['url.dll,FileProtocolHandler', address]];
    default:
      return ['xdg-open', [address]];
  }
}
