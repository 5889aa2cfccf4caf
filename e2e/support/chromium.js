/** How Chromium is started: Debian's own, as root in a container too, with nothing that looks for the network. */
export const launch = {
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
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
