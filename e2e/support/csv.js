const lines = (rows) => rows.map((row) => `${row.join(',')}\r\n`).join('');

/** A register file of these people. */
export function registerCsv(insurer, people) {
  return lines([
    ['保険者番号', '記号', '番号', '枝番', '氏名', 'カナ氏名', '性別', '生年月日', '続柄', '資格取得日'],
    ...people.map((person) => [
      insurer,
      person.symbol,
      person.number,
      person.branch,
      person.name,
      person.kana,
      person.sex,
      person.birthDate,
      person.relationship,
      person.from,
    ]),
  ]);
}

/** The reference household of the specification. */
export const referenceHousehold = [
  { name: 'テスト タロウ', sex: '男', birthDate: '1979-08-22', branch: '00', relationship: '本人' },
  { name: 'テスト ハナコ', sex: '女', birthDate: '1981-03-03', branch: '01', relationship: '家族' },
].map((person) => ({ ...person, kana: person.name, symbol: '800', number: '1234', from: '2015-04-01' }));

/** Its three expenses of January 2025: branch number, provider, kind, then total = insurer + public + self-pay. */
export const referenceExpenses = [
  ['R0', '00', 'サンプルクリニック', '通院', [12960, 9072, 3588, 300]],
  ['R1', '00', 'サンプルクリニック薬局', '薬局', [2760, 1932, 828, 0]],
  ['R2', '01', 'サンプルクリニック', '歯科', [11400, 7980, 0, 3420]],
];

/** An expense file of such expenses of one month. */
export function expensesCsv(insurer, expenses, month = '2025-01') {
  return lines([
    [
      ...['請求番号', '保険者番号', '記号', '番号', '枝番', '診療年月', '医療機関名', '診療区分', '日数'],
      ...['医療費総額', '保険者負担額', '公費負担額', '自己負担額', '備考'],
    ],
    ...expenses.map(([claim, branch, provider, kind, amounts]) => [
      ...[claim, insurer, '800', '1234', branch, month, provider, kind, 1],
      ...amounts,
      '',
    ]),
  ]);
}

/** What the statement's table shows of them, and its last line. */
export const referenceRows = [
  ['2025/01', 'テスト タロウ', 'サンプルクリニック|通院／1日', '12,960', '9,072', '3,588', '300', ''],
  ['2025/01', 'テスト タロウ', 'サンプルクリニック薬局|薬局／1日', '2,760', '1,932', '828', '0', ''],
  ['2025/01', 'テスト ハナコ', 'サンプルクリニック|歯科／1日', '11,400', '7,980', '0', '3,420', ''],
];
export const referenceTotals = ['合計', '27,120', '18,984', '4,416', '3,720', ''];
