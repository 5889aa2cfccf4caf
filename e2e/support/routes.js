import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { program } from './portal.js';

/** The paths that can be opened, each once, in order, as the program's router has them: `/assets/{name}`. */
export async function pageRoutes() {
  const { stdout } = await promisify(execFile)(program, ['routes', '--demo', '--json'], { maxBuffer: 8 << 20 });
  const paths = JSON.parse(stdout).filter(({ method }) => method === 'GET').map(({ path }) => path);
  return [...new Set(paths)].sort();
}
