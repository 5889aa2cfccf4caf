//! Invented registers and expenses, the same every time.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::Path;

use anyhow::Result;

/// The society's insurer number.
pub(crate) const INSURER: &str = "06139018";

/// A register of so many households of one to four persons.
pub(crate) struct Register {
    pub(crate) households: u64,
}

const FAMILIES: [(&str, &str); 8] = [
    ("見本", "ミホン"),
    ("例示", "レイジ"),
    ("仮名", "カメイ"),
    ("架空", "カクウ"),
    ("試験", "シケン"),
    ("標本", "ヒョウホン"),
    ("模擬", "モギ"),
    ("練習", "レンシュウ"),
];
const GIVEN: [(&str, &str); 4] = [("一郎", "イチロウ"), ("花子", "ハナコ"), ("健太", "ケンタ"), ("桜", "サクラ")];
const PROVIDERS: [(&str, &str); 6] = [
    ("みほん内科クリニック", "通院"),
    ("れいじ整形外科", "通院"),
    ("さんぷる眼科", "通院"),
    ("けやき歯科医院", "歯科"),
    ("ひなた薬局", "薬局"),
    ("中央例示病院", "入院"),
];

impl Register {
    /// Symbol and number of a household.
    pub(crate) fn holder(household: u64) -> (String, String) {
        ((100 + household / 1000).to_string(), (1 + household % 1000).to_string())
    }

    fn persons(household: u64) -> u64 {
        if household == 0 { 2 } else { 1 + household % 4 }
    }

    /// Writes the register as the CSV that a society imports.
    pub(crate) fn write(&self, insurer: &str, path: &Path) -> Result<()> {
        let mut csv = BufWriter::new(File::create(path)?);
        write!(csv, "保険者番号,記号,番号,枝番,氏名,カナ氏名,性別,生年月日,続柄,資格取得日,資格喪失日\r\n")?;
        for household in 0..self.households {
            let (symbol, number) = Self::holder(household);
            let family = pick(&FAMILIES, household);
            for person in 0..Self::persons(household) {
                let given = pick(&GIVEN, person);
                let sex = if person % 2 == 0 { "男" } else { "女" };
                let relationship = if person == 0 { "本人" } else { "家族" };
                let born = 1960 + (household + 13 * person) % 50;
                write!(
                    csv,
                    "{insurer},{symbol},{number},{person:02},{} {},{} {},{sex},{born}-{:02}-15,{relationship},2015-04-01,\r\n",
                    family.0,
                    given.0,
                    family.1,
                    given.1,
                    1 + household % 12
                )?;
            }
        }
        Ok(csv.flush()?)
    }

    /// Writes the expenses of these numbers as the CSV that a society imports, all of 2025: the first 30 are the first
    /// household's, the rest spread over the others in no order.
    pub(crate) fn write_expenses(&self, rows: Range<u64>, path: &Path) -> Result<()> {
        let mut csv = BufWriter::new(File::create(path)?);
        write!(csv, "{EXPENSE_HEADER}\r\n")?;
        let (first, count) = (rows.start, rows.end - rows.start);
        for row in rows {
            write!(csv, "{}\r\n", self.expense(row, (first, count)))?;
        }
        Ok(csv.flush()?)
    }

    /// Writes the same expenses, of which every second row is wrong: each in one of [`WRONG`] ways, some in several columns at once.
    /// Every tenth of the others has something to look at.
    pub(crate) fn write_faulty_expenses(&self, rows: Range<u64>, path: &Path) -> Result<()> {
        let mut csv = BufWriter::new(File::create(path)?);
        write!(csv, "{EXPENSE_HEADER}\r\n")?;
        let (first, count) = (rows.start, rows.end - rows.start);
        for row in rows {
            let good = self.expense(row, (first, count));
            let line = if row % 2 == 1 { wrong(&good, mix(row) % WRONG) } else { doubtful(good, row % 20 == 0) };
            write!(csv, "{line}\r\n")?;
        }
        Ok(csv.flush()?)
    }

    /// Returns a row of a file with so many rows, the first of them with this number.
    fn expense(&self, row: u64, (first, count): (u64, u64)) -> String {
        let mixed = mix(row);
        let household = if row < 30 { 0 } else { 1 + mixed % (self.households - 1) };
        let (symbol, number) = Self::holder(household);
        let person = (mixed >> 20) % Self::persons(household);
        let month = if row < 30 { 1 + row * 12 / 30 } else { 1 + (row - first) * 12 / count };
        let (provider, kind) = pick(&PROVIDERS, mixed >> 24);
        let days = 1 + (mixed >> 32) % 5;
        let total = 10 * (200 + (mixed >> 36) % 4_000);
        let burden = total * 3 / 10;
        let public = if mixed >> 60 == 0 { burden - burden.min(500) } else { 0 };
        let note = if public > 0 { "こども医療費助成" } else { "" };
        format!(
            "B{row:08},{INSURER},{symbol},{number},{person:02},2025-{month:02},131{:07},{provider}{},{kind},{days},\
             {total},{},{public},{},{note}",
            (mixed >> 24) % 900,
            (mixed >> 24) % 900,
            total - burden,
            burden - public
        )
    }
}

const EXPENSE_HEADER: &str = "請求番号,保険者番号,記号,番号,枝番,診療年月,医療機関コード,医療機関名,診療区分,日数,\
    医療費総額,保険者負担額,公費負担額,自己負担額,備考";

/// In how many ways a row is made wrong.
const WRONG: u64 = 9;

/// Returns the row with a mistake of this kind.
fn wrong(good: &str, kind: u64) -> String {
    if kind == 0 {
        // Too few cells.
        return good.rsplitn(4, ',').last().unwrap_or_default().to_owned();
    }
    if kind == 1 {
        // A quote that does not close.
        return good.replacen(",131", ",\"131", 1);
    }
    let changes: &[(usize, &str)] = match kind {
        2 => &[(5, "2025-13"), (8, "そのほか"), (10, "abc"), (9, "いっかい")],
        3 => &[(10, "1")],
        4 => &[(1, "06149033")],
        5 => &[(2, "99999")],
        6 => &[(4, "99")],
        7 => &[(5, "2099-01")],
        _ => &[(3, "3.02E+03"), (7, "#N/A"), (13, "")],
    };
    with_cells(good, changes)
}

/// Returns the row, or the row with an insurer number without its zero, which is read and noted.
fn doubtful(good: String, noted: bool) -> String {
    if noted { with_cells(&good, &[(1, INSURER.trim_start_matches('0'))]) } else { good }
}

fn with_cells(row: &str, changes: &[(usize, &str)]) -> String {
    let mut cells: Vec<&str> = row.split(',').collect();
    for (at, value) in changes {
        if let Some(cell) = cells.get_mut(*at) {
            *cell = value;
        }
    }
    cells.join(",")
}

/// One of a list, by any number.
fn pick<T: Copy, const N: usize>(list: &[T; N], by: u64) -> T {
    list[usize::try_from(by % N as u64).unwrap_or_default()]
}

/// A number that looks like chance and is the same every time (splitmix64).
pub(crate) fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
