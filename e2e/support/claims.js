import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { registerCsv } from './csv.js';

const folder = process.env.YUI_TEST_SHARED || path.resolve('../../shared');

/** The sample of real form, which lies beside the checkout and never in it: its path, or nothing where it is not there. */
export async function samplePath() {
  const file = path.join(folder, 'data/claims/RECEIPTC_GAIRAI_SAMPLE.UKE');
  return readFile(file).then(
    () => file,
    () => null,
  );
}

const narrow = (text) => text.normalize('NFKC').trim();

/** The claims of a medical claim file: who, which insurer, how many points. */
export async function claimsOf(file) {
  const text = new TextDecoder('shift_jis').decode(await readFile(file));
  const claims = [];
  for (const fields of text.split('\r\n').map((line) => line.split(','))) {
    const claim = claims.at(-1);
    switch (fields[0]) {
      case 'RE':
        claims.push({
          kind: fields[2],
          month: fields[3],
          name: fields[4].trim(),
          kana: (fields[36] || fields[4]).trim(),
          sex: fields[5] === '1' ? '男' : '女',
          birthDate: fields[6].replace(/(....)(..)(..)/, '$1-$2-$3'),
          branch: '',
          publicExpense: false,
        });
        break;
      case 'HO':
        Object.assign(claim, {
          insurer: fields[1].trim(),
          symbol: narrow(fields[2]),
          number: narrow(fields[3]),
          points: Number(fields[5]),
        });
        break;
      case 'KO':
        claim.publicExpense = true;
        break;
      case 'SN':
        if (fields[2] === '01') claim.branch = fields[6].trim();
        break;
    }
  }
  return claims;
}

/** The register of everybody whom these claims of one insurer mean; the first of a household is its insured person. */
export function registerOf(claims, insurer) {
  const people = new Map();
  const households = new Set();
  for (const claim of claims.filter((claim) => claim.insurer === insurer)) {
    const household = `${claim.symbol}/${claim.number}`;
    const person = `${household}/${claim.name}/${claim.birthDate}/${claim.sex}`;
    if (people.has(person)) continue;
    people.set(person, { ...claim, relationship: households.has(household) ? '家族' : '本人', from: claim.birthDate });
    households.add(household);
  }
  return registerCsv(insurer, [...people.values()]);
}

/** A claim file of our own: an insured person's claim, one of another insurer's, and one at public expense only. */
export function inventedClaims(insurer) {
  const records = [
    'IR,1,13,1,1234567,,見本診療所,202501,00,0312345678',
    'RE,1,1112,202412,テスト　タロウ,1,19790822,,,,,,,K1,,,,,,,,,,,,,,,,,,,,,,,テストタロウ,',
    `HO,${insurer},８００,１２３４,2,1000,,,,,,,,,`,
    'RE,2,1112,202412,レイジ　タロウ,1,19800101,,,,,,,K2,,,,,,,,,,,,,,,,,,,,,,,レイジタロウ,',
    'HO,06139018,１,１,1,500,,,,,,,,,',
    'RE,3,1212,202412,レイジ　ハナコ,2,20000101,,,,,,,K3,,,,,,,,,,,,,,,,,,,,,,,レイジハナコ,',
    'KO,12143210,0000000,,1,300,0,,,,,',
    'GO,3,1800,00',
  ];
  return `${records.join('\r\n')}\r\n`;
}
