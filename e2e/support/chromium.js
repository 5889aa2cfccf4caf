import { existsSync } from 'node:fs';

/**
 * The browser: `CHROMIUM`, or Debian's own Chromium without windows, which needs half the processor's time for the same
 * pages; where that is not installed, Chromium as it comes with windows.
 */
const headless = '/usr/bin/chromium-headless-shell';
const executablePath = process.env.CHROMIUM || (existsSync(headless) ? headless : '/usr/bin/chromium');

/** How Chromium is started: as root in a container too, with nothing that looks for the network. */
export const launch = {
  executablePath,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
  // Its own parts, the month field among them, in Japanese.
  env: { ...process.env, LANGUAGE: 'ja' },
};
