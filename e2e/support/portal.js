import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

import * as OTPAuth from 'otpauth';

const run = promisify(execFile);

/** The program that is tested. */
export const program = path.resolve(process.env.YUI_BIN || '../target/debug/yui');

const server = process.env.YUI_TEST_POSTGRES;

/** Says what is missing before the first test rather than in each. */
export function checkSettings() {
  accessSync(program, constants.X_OK);
  if (!server) throw new Error('YUI_TEST_POSTGRES: the URL of a PostgreSQL server; `cargo xtask test` starts one');
}

/** Where the data that the portals of a run begin with is. */
function seededIn(engine) {
  const folder = path.join(process.env.YUI_TEST_RUN_FOLDER, `seeded-${engine}`);
  return { folder, database: engine === 'postgresql' ? `${process.env.YUI_TEST_RUN_NAME}_seeded` : undefined };
}

/** Has PostgreSQL do something; returns what it says. */
export async function databaseAct(sql) {
  return (await run('psql', ['-X', '-q', '-A', '-t', server, '-c', sql])).stdout;
}

/**
 * The day of every journey, whenever it is run: of a two-year society's window January 2025 is a part, and October 2021
 * of a five-year one's.
 */
export const TODAY = '2026-09-15T12:00:00+09:00';

/** When the data was made that the portals of a run begin with. */
const SEEDED = '2026-09-15T11:00:00+09:00';

/** Only what a program needs: `yui` refuses settings it does not know. */
const plainEnvironment = { PATH: process.env.PATH, HOME: process.env.HOME, TZ: 'Asia/Tokyo' };

/** A running demo with data of its own, on SQLite or on PostgreSQL, and the command line on the same data. */
export class Portal {
  /**
   * Starts one: `engine` is `sqlite` or `postgresql`; `settings` are added to its environment; its clock begins at `clock`,
   * or is the machine's where that is nothing. In a run its data is a copy of what the run made once.
   */
  static async start(engine, settings = {}, clock = TODAY) {
    const seeded = process.env.YUI_TEST_RUN_SEEDED ? seededIn(engine) : null;
    const folder = await mkdtemp(path.join(process.env.YUI_TEST_RUN_FOLDER || tmpdir(), `yui-e2e-${engine}-`));
    if (seeded) await cp(seeded.folder, folder, { recursive: true });
    Portal.#started += 1;
    const database = `${process.env.YUI_TEST_RUN_NAME}_${process.pid}_${Portal.#started}`;
    return Portal.#in(engine, folder, { database, template: seeded?.database, settings, clock });
  }

  /** Makes the data that the portals of a run begin with. */
  static async seed(engine) {
    const { folder, database } = seededIn(engine);
    await mkdir(folder);
    const portal = await Portal.#in(engine, folder, { database, settings: {}, clock: SEEDED });
    await portal.#end();
  }

  static #started = 0;

  static async #in(engine, folder, { database, template, settings, clock }) {
    const portal = new Portal();
    portal.engine = engine;
    portal.folder = folder;
    portal.settings = settings;
    portal.clock = clock;
    portal.lastSteps = new Map();
    portal.readMails = new Set();
    try {
      if (engine === 'postgresql') {
        await databaseAct(`CREATE DATABASE ${database}${template ? ` TEMPLATE ${template}` : ''}`);
        portal.database = database;
        const url = new URL(server);
        url.pathname = `/${database}`;
        portal.databaseUrl = url.href;
      } else {
        portal.databaseUrl = `sqlite://${path.join(folder, 'yui.db')}`;
      }
      await portal.#serve();
      portal.keys = (await readFile(path.join(folder, 'keys'), 'utf8')).trim();
      portal.societies = JSON.parse((await portal.get('localhost', '/demo.json')).text).societies;
      return portal;
    } catch (error) {
      await portal.stop();
      throw error;
    }
  }

  async #serve(port = 0) {
    const clock = this.clock ? ['--clock', this.clock] : [];
    const where = ['--listen', `127.0.0.1:${port}`, '--data', this.folder];
    const child = spawn(program, ['demo', '--cheap-passwords', ...where, ...clock], {
      env: { ...plainEnvironment, YUI_DATABASE_URL: this.databaseUrl, YUI_LOG: 'warn', ...this.settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    this.killAtExit = () => child.kill('SIGKILL');
    process.once('exit', this.killAtExit);
    this.log = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (this.log += text));
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`yui demo ended with ${code}:\n${this.log}`);
    });
    const ready = (async () => {
      for await (const line of createInterface({ input: child.stdout })) {
        const address = /^ready: http:\/\/localhost:(\d+)\/$/.exec(line);
        if (address) return Number(address[1]);
      }
      return ended;
    })();
    this.port = await Promise.race([ready, ended]);
    ended.catch(() => {});
    child.stdout.resume();
  }

  /** Stops the portal by its own process id and removes what it had. */
  async stop() {
    await this.#end();
    if (this.database) await databaseAct(`DROP DATABASE IF EXISTS ${this.database} WITH (FORCE)`);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Kills the portal as a power cut would. */
  async kill() {
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
    process.removeListener('exit', this.killAtExit);
  }

  /** Starts the portal again on the data that a killed one left, at the same port. */
  async startAgain() {
    await this.#serve(this.port);
  }

  async #end() {
    if (this.child && this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      const impatient = setTimeout(() => this.child.kill('SIGKILL'), 5_000);
      await ended;
      clearTimeout(impatient);
    }
    if (this.killAtExit) process.removeListener('exit', this.killAtExit);
  }

  /** The address of a path at a host: `at('minato.localhost', '/expenses')`. */
  at(host, where = '/') {
    return `http://${host}:${this.port}${where}`;
  }

  /** A demo society by its key, with `at(path)` and `account(userId)`. */
  society(key) {
    const society = this.societies.find((society) => society.key === key);
    const account = (userId) => society.accounts.find((account) => account.user_id === userId);
    return {
      ...society,
      portal: this,
      at: (where) => this.at(society.host, where),
      account: (userId) => ({ ...account(userId), society: key, portal: this }),
    };
  }

  /** The code that an authenticator app with this key (base32) shows: one that this portal has not seen yet. */
  async appCode(key) {
    const totp = new OTPAuth.TOTP({ secret: OTPAuth.Secret.fromBase32(key.replaceAll(' ', '')) });
    const step = (now) => Math.floor(now / 30_000);
    let now = await this.advance(0);
    while (step(now) <= (this.lastSteps.get(key) ?? 0)) now = await this.advance(30 - (Math.floor(now / 1000) % 30));
    this.lastSteps.set(key, step(now));
    return totp.generate({ timestamp: now.getTime() });
  }

  /** The mails of a society to an address, newest first. */
  async mails(society, to) {
    return JSON.parse((await this.get('localhost', `/mailbox.json?${new URLSearchParams({ to, society })}`)).text);
  }

  /** Runs `yui` on the portal's data; returns what it printed. A failure is an exception with `stdout` and `stderr`. */
  async yui(args, input = '', settings = {}) {
    const data = { YUI_DATABASE_URL: this.databaseUrl, YUI_KEYS: this.keys };
    const env = { ...plainEnvironment, ...data, YUI_LOG: 'warn', ...settings };
    const running = run(program, args, { env, cwd: this.folder });
    // A command that reads nothing may have ended before.
    running.child.stdin.on('error', () => {}).end(input);
    return (await running).stdout;
  }

  /** Asks the portal for a path as a host of any name would be asked. */
  async get(host, where, headers = {}) {
    return this.#request('GET', host, where, headers);
  }

  /** Sends a form to the portal. */
  async post(host, where, form, headers = {}) {
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.#request('POST', host, where, { ...type, ...headers }, new URLSearchParams(form).toString());
  }

  async #request(method, host, where, headers, body = '') {
    const request = http.request({
      host: '127.0.0.1',
      port: this.port,
      method,
      path: where,
      agent: false,
      headers: { host: `${host}:${this.port}`, ...headers },
    });
    request.end(body);
    const [response] = await once(request, 'response');
    const chunks = await response.toArray();
    return { status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString('utf8') };
  }

  /** Moves the portal's clock; returns what it shows then. */
  async advance(seconds) {
    const answer = await this.post('localhost', '/demo/clock', { advance_seconds: String(Math.round(seconds)) });
    if (answer.status !== 200) throw new Error(`/demo/clock: ${answer.status} ${answer.text}`);
    return new Date(JSON.parse(answer.text).now);
  }

  /** Sets the portal's clock, as in `2026-09-15T12:00:00+09:00`. */
  async setClock(time) {
    const now = await this.advance(0);
    return this.advance((new Date(time) - now) / 1000);
  }
}
