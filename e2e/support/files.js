import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { inflateRawSync } from 'node:zlib';

const run = promisify(execFile);

/** The text of a PDF, its columns side by side. */
export async function pdfText(file) {
  return (await run('pdftotext', ['-layout', file, '-'])).stdout;
}

/** What a PDF says of itself: `Tagged: yes`, `Pages: 1` … */
export async function pdfInfo(file) {
  const { stdout } = await run('pdfinfo', [file]);
  return Object.fromEntries(stdout.split('\n').map((line) => line.split(/:\s+/, 2)));
}

/** Asks xmlsec1 whether the signature of a tax file holds, trusting this certificate (PEM file). */
export async function signatureHolds(file, certificate) {
  const how = ['--verify', '--id-attr:id', 'FORM_ID', '--enabled-key-data', 'x509', '--trusted-pem', certificate];
  return run('xmlsec1', [...how, file]).then(
    () => true,
    (error) => {
      if (error.code === 'ENOENT') throw error;
      return false;
    },
  );
}

/** The texts of all elements of this name in an XML document without entities, whatever their prefix. */
export function elements(xml, name) {
  return [...xml.matchAll(new RegExp(`<(?:\\w+:)?${name}(?: [^>]*)?>([^<]*)</`, 'g'))].map((match) => match[1]);
}

/** The rows of a CSV file without line breaks in its cells. */
export function csvRows(text) {
  const cells = (line) => [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)];
  const plain = ([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare;
  return text.replace(/^\ufeff/, '').split(/\r?\n/).map((line) => cells(line).map(plain));
}

/** A file of a zip archive, as text. */
export async function unzipped(archive, name) {
  const bytes = await readFile(archive);
  const end = bytes.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => bytes.readUInt16LE(at + field));
    if (bytes.toString('utf8', at + 46, at + 46 + nameLength) === name) {
      const local = bytes.readUInt32LE(at + 42);
      const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
      const packed = bytes.subarray(start, start + bytes.readUInt32LE(at + 20));
      return (bytes.readUInt16LE(at + 10) === 0 ? packed : inflateRawSync(packed)).toString('utf8');
    }
    at += 46 + nameLength + extraLength + commentLength;
  }
  throw new Error(`${archive} has no ${name}`);
}

/** The rows of a spreadsheet's only sheet, as a list of `{ column letter: value }`. */
export async function sheetRows(xlsx) {
  const shared = [...(await unzipped(xlsx, 'xl/sharedStrings.xml')).matchAll(/<si>.*?<t[^>]*>([^<]*)<\/t>.*?<\/si>/gs)];
  const sheet = await unzipped(xlsx, 'xl/worksheets/sheet1.xml');
  return [...sheet.matchAll(/<row [^>]*>(.*?)<\/row>/gs)].map(([, row]) =>
    Object.fromEntries(
      [...row.matchAll(/<c r="([A-Z]+)\d+"([^>]*)>.*?<v>([^<]*)<\/v><\/c>/gs)].map(([, column, kind, value]) => [
        column,
        kind.includes('t="s"') ? shared[Number(value)][1] : value,
      ]),
    ),
  );
}
