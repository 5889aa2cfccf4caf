import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import { SMTPServer } from 'smtp-server';

const run = promisify(execFile);

/** Makes an authority of its own and a certificate by it for this machine; returns its files and contents. */
export async function certificate(folder, name) {
  const file = (ending) => path.join(folder, `${name}-${ending}`);
  const openssl = (...args) => run('openssl', args);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const [root, rootKey, own, ownKey, request] = ['root.pem', 'root.key', 'own.pem', 'own.key', 'own.csr'].map(file);
  await openssl('req', '-x509', ...key, '-days', '2', '-subj', `/CN=${name}`, '-keyout', rootKey, '-out', root);
  await openssl('req', ...key, '-subj', '/CN=localhost', '-keyout', ownKey, '-out', request);
  await writeFile(file('san'), 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n');
  const signing = ['-CA', root, '-CAkey', rootKey, '-CAcreateserial', '-days', '2', '-extfile', file('san')];
  await openssl('x509', '-req', '-in', request, ...signing, '-out', own);
  return { root, cert: await readFile(own), key: await readFile(ownKey) };
}

const failure = (code) => Object.assign(new Error('<refused@example.jp> said no'), { responseCode: code });

/**
 * A mail server on this machine: STARTTLS or, with `secure`, TLS from the first byte; then AUTH, then nothing less. What it does with a mail depends on the
 * recipient: `refused@` 550, `later@` 451 once, `slow@` no answer once, `cut@` breaks the connection in DATA once.
 */
export class MailServer {
  static async start({ cert, key, user, password, secure = false }) {
    const mail = new MailServer();
    mail.arrived = [];
    mail.attempts = [];
    mail.logins = 0;
    const first = (address) => mail.attempts.filter((attempt) => attempt === address).length === 1;
    const options = {
      cert,
      key,
      secure,
      onAuth(auth, session, answer) {
        mail.logins += 1;
        const right = session.secure && auth.username === user && auth.password === password;
        answer(right ? null : failure(535), right ? { user } : undefined);
      },
      onRcptTo({ address }, session, answer) {
        mail.attempts.push(address);
        if (address.startsWith('refused@')) return answer(failure(550));
        if (address.startsWith('later@') && first(address)) return answer(failure(451));
        return answer();
      },
      onData(stream, session, answer) {
        const { address } = session.envelope.rcptTo[0];
        if (address.startsWith('cut@') && first(address)) {
          for (const connection of mail.server.connections) {
            if (connection.id === session.id) connection._socket.destroy();
          }
          return;
        }
        stream.toArray().then((chunks) => {
          if (address.startsWith('slow@') && first(address)) return;
          mail.arrived.push({ envelope: session.envelope, secure: session.secure, raw: Buffer.concat(chunks).toString('latin1') });
          answer();
        });
      },
    };
    mail.server = new SMTPServer(options);
    // A conversation that ends badly is what some tests want.
    mail.server.on('error', () => {});
    mail.server.listen(0, '127.0.0.1');
    await once(mail.server.server, 'listening');
    mail.port = mail.server.server.address().port;
    return mail;
  }

  /** What arrived for an address. */
  to(address) {
    return this.arrived.filter(({ envelope }) => envelope.rcptTo.some((recipient) => recipient.address === address));
  }

  /** Shows another certificate from now on. */
  show({ cert, key }) {
    this.server.updateSecureContext({ cert, key });
  }

  async stop() {
    for (const connection of this.server.connections) connection._socket.destroy();
    await new Promise((done) => this.server.close(done));
  }
}

const words = (text) =>
  text
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?utf-8\?b\?([^?]*)\?=/gi, (_, bytes) => Buffer.from(bytes, 'base64').toString('utf8'));

/** A part of a mail: its headers by name in small letters, and its body or its parts. */
export function parsed(raw) {
  const [head, ...rest] = raw.split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  const lines = head.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), words(line.slice(line.indexOf(':') + 1).trim())]),
  );
  const boundary = /boundary="?([^";]+)"?/.exec(headers['content-type'])?.[1];
  if (boundary) {
    const parts = body.split(`--${boundary}`).slice(1, -1);
    return { headers, raw, parts: parts.map((part) => parsed(part.replace(/^\r\n/, '').replace(/\r\n$/, ''))) };
  }
  const decoders = {
    base64: () => Buffer.from(body, 'base64'),
    'quoted-printable': () => {
      const bytes = body.replaceAll('=\r\n', '').replaceAll(/=([0-9A-F]{2})/g, (_, code) => String.fromCharCode(parseInt(code, 16)));
      return Buffer.from(bytes, 'latin1');
    },
  };
  return { headers, raw, text: decoders[headers['content-transfer-encoding']]().toString('utf8') };
}
