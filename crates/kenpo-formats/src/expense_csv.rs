//! Medical expenses as a CSV: our own documented format, for what does not come as electronic claims.
//!
//! One row per person, month, provider and kind of care; a header row, columns in any order, UTF-8 or Shift_JIS.
//!
//! | column | required | value |
//! |---|---|---|
//! | 請求番号 | no | identifies the line over corrections |
//! | 取消 | no | 1 = withdrawn |
//! | 保険者番号 | yes | 8 digits with a valid check digit |
//! | 記号 | column yes, value may be empty | |
//! | 番号 | yes | |
//! | 枝番, 生年月日, 氏名, カナ氏名 | no, but one of them in every row | who of the household |
//! | 性別 | no | 男, 女, 1, 2 |
//! | 診療年月 | yes | 2025-01, 2025/1, 202501, 2025年1月 |
//! | 医療機関コード | no | kept as it is |
//! | 医療機関名 | column yes, value may be empty | a line without it cannot be used for the tax deduction |
//! | 診療区分 | yes | 入院, 通院, 歯科, 歯科入院, 薬局 or 調剤, 訪問看護, 柔道整復 |
//! | 日数 | column yes, value may be empty | |
//! | 医療費総額, 保険者負担額, 公費負担額, 自己負担額 | yes | yen; the first is the sum of the others |
//! | 備考 | no | |

use crate::care_kind::CareKind;
use crate::csv_table::{Column, CsvTable, Row};
use crate::fault::{Fault, quote};
use crate::insurer_number::InsurerNumber;
use crate::month::{TreatmentMonth, TreatmentMonthError};
use crate::register_csv::{Sex, branch, date, insurer_number, sex};
use crate::text::fold;
use crate::yen;
use jiff::civil::Date;
use std::io::Read;

const COLUMNS: &[Column] = &[
    Column::optional("請求番号"),
    Column::optional("取消"),
    Column::required("保険者番号"),
    Column::required("記号"),
    Column::required("番号"),
    Column::optional("枝番"),
    Column::optional("氏名"),
    Column::optional("カナ氏名"),
    Column::optional("生年月日"),
    Column::optional("性別"),
    Column::required("診療年月"),
    Column::optional("医療機関コード"),
    Column::required("医療機関名"),
    Column::required("診療区分"),
    Column::required("日数"),
    Column::required("医療費総額"),
    Column::required("保険者負担額"),
    Column::required("公費負担額"),
    Column::required("自己負担額"),
    Column::optional("備考"),
];

/// One line of expenses; the amounts are facts of the source, in yen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpenseRow {
    /// Line of the file, from 1.
    pub line: u64,
    /// 請求番号: identifies the line over corrections.
    pub claim_key: Option<String>,
    /// 取消: the line is withdrawn.
    pub cancelled: bool,
    /// 保険者番号
    pub insurer_number: InsurerNumber,
    /// 記号, may be empty.
    pub symbol: String,
    /// 番号
    pub number: String,
    /// 枝番, 2 digits.
    pub branch: Option<String>,
    /// 氏名
    pub name: Option<String>,
    /// カナ氏名, half-width kana made full-width.
    pub kana: Option<String>,
    /// 生年月日
    pub birth_date: Option<Date>,
    /// 性別
    pub sex: Option<Sex>,
    /// 診療年月
    pub treatment_month: TreatmentMonth,
    /// 医療機関コード
    pub provider_code: Option<String>,
    /// 医療機関名, may be empty.
    pub provider_name: String,
    /// 診療区分
    pub care_kind: CareKind,
    /// 日数
    pub days: Option<u32>,
    /// 医療費総額, yen.
    pub total: i64,
    /// 保険者負担額, yen.
    pub insurer: i64,
    /// 公費負担額, yen.
    pub public: i64,
    /// 自己負担額, yen.
    pub self_pay: i64,
    /// 備考, may be empty.
    pub note: String,
}

/// A file of expenses, row by row.
///
/// ```
/// use kenpo_formats::expense_csv::{ExpenseCsv, template};
///
/// let rows = ExpenseCsv::open(template().as_bytes()).map_err(|faults| faults[0].to_string())?;
/// assert_eq!(rows.filter_map(Result::ok).map(|row| row.self_pay).sum::<i64>(), 4_002);
/// # Ok::<(), String>(())
/// ```
pub struct ExpenseCsv<R>(CsvTable<R>);

impl<R: Read> ExpenseCsv<R> {
    /// Reads the header row.
    ///
    /// # Errors
    ///
    /// Unknown, missing and repeated columns; an empty or unreadable file.
    pub fn open(source: R) -> Result<Self, Vec<Fault>> {
        CsvTable::open(source, COLUMNS).map(Self)
    }
}

impl<R: Read> Iterator for ExpenseCsv<R> {
    /// A row, or all that is wrong with it.
    type Item = Result<ExpenseRow, Vec<Fault>>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.0.next()?.and_then(expense_row))
    }
}

/// Returns a file to fill in: the header and two invented rows.
pub fn template() -> &'static str {
    "請求番号,取消,保険者番号,記号,番号,枝番,氏名,カナ氏名,生年月日,性別,診療年月,医療機関コード,医療機関名,診療区分,日数,\
     医療費総額,保険者負担額,公費負担額,自己負担額,備考\r\n\
     E0001,,06139018,101,1,00,テスト 太郎,テスト タロウ,1985-04-01,男,2025-01,1319900013,見本クリニック,通院,2,\
     12340,8638,0,3702,\r\n\
     E0002,,06139018,101,1,01,テスト 花子,テスト ハナコ,1987-10-20,女,2025-01,1349900025,見本薬局,薬局,1,\
     12960,9072,3588,300,子ども医療費助成\r\n"
}

fn expense_row(mut row: Row) -> Result<ExpenseRow, Vec<Fault>> {
    let cancelled = row.optional("取消", |text| match fold(text).as_str() {
        "0" => Ok(false),
        "1" => Ok(true),
        _ => Err(format!("{}は使えません。取り消すときは1、そうでなければ空にしてください。", quote(text))),
    });
    let insurer_number = row.required("保険者番号", insurer_number);
    let number = row.required_text("番号");
    let branch = row.optional("枝番", branch);
    let birth_date = row.optional("生年月日", date);
    let sex = row.optional("性別", sex);
    let (name, kana) = (row.optional_text("氏名"), row.optional_text("カナ氏名").map(|kana| fold(&kana)));
    if ["枝番", "生年月日", "氏名", "カナ氏名"].iter().all(|column| row.text(column).is_empty()) {
        row.fault("枝番", "だれの医療費か決められません。枝番、生年月日、氏名、カナ氏名のどれかを入力してください。");
    }
    let treatment_month =
        row.required("診療年月", |text| text.parse().map_err(|error: TreatmentMonthError| error.to_string()));
    let care_kind = row.required("診療区分", |text| {
        let expected = "入院、通院、歯科、歯科入院、薬局、訪問看護、柔道整復のどれかで入力してください。";
        CareKind::from_written(text).ok_or_else(|| format!("{}は診療区分ではありません。{expected}", quote(text)))
    });
    let days = row.optional("日数", |text| match fold(text).parse::<u32>() {
        Ok(days) if days <= 366 => Ok(days),
        _ => Err(format!("{}は日数ではありません。0から366までの数字で入力してください。", quote(text))),
    });
    let total = row.required("医療費総額", yen::parse);
    let insurer = row.required("保険者負担額", yen::parse);
    let public = row.required("公費負担額", yen::parse);
    let self_pay = row.required("自己負担額", yen::parse);
    if let (Some(total), Some(insurer), Some(public), Some(self_pay)) = (total, insurer, public, self_pay)
        && total != insurer + public + self_pay
    {
        let sum = insurer + public + self_pay;
        let parts = format!("保険者負担額{insurer}+公費負担額{public}+自己負担額{self_pay}={sum}");
        row.fault("医療費総額", format!("{total}円ですが、内訳の合計({parts})と合いません。"));
    }
    let line = row.line();
    let (claim_key, provider_code) = (row.optional_text("請求番号"), row.optional_text("医療機関コード"));
    let [symbol, provider_name, note] = ["記号", "医療機関名", "備考"].map(|column| row.text(column).to_owned());
    let read = || {
        Some(ExpenseRow {
            line,
            claim_key,
            cancelled: cancelled.unwrap_or(false),
            insurer_number: insurer_number?,
            symbol,
            number: number?,
            branch,
            name,
            kana,
            birth_date,
            sex,
            treatment_month: treatment_month?,
            provider_code,
            provider_name,
            care_kind: care_kind?,
            days,
            total: total?,
            insurer: insurer?,
            public: public?,
            self_pay: self_pay?,
            note,
        })
    };
    let read = read();
    row.finish(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Result<ExpenseRow, Vec<Fault>>> {
        ExpenseCsv::open(text.as_bytes()).map_err(|faults| faults[0].to_string()).unwrap().collect()
    }

    const SHORT: &str =
        "保険者番号,記号,番号,枝番,診療年月,医療機関名,診療区分,日数,医療費総額,保険者負担額,公費負担額,自己負担額\n";

    #[test]
    fn the_template_reads() {
        let rows: Vec<_> = rows(template()).into_iter().map(Result::unwrap).collect();
        assert_eq!((rows[0].days, rows[0].care_kind), (Some(2), CareKind::Outpatient));
        assert_eq!((rows[1].public, rows[1].note.as_str()), (3588, "子ども医療費助成"));
        assert!(!rows[0].cancelled);
    }

    #[test]
    fn sums_must_agree() {
        let read = rows(&format!("{SHORT}06139018,1,1,00,2025-01,見本医院,通院,1,\"1,000\",700,0,299\n"));
        let faults = read[0].as_ref().unwrap_err();
        assert_eq!(faults[0].column, "医療費総額");
        assert!(faults[0].reason.contains("=999"), "{}", faults[0]);
    }

    #[test]
    fn somebody_must_be_meant() {
        let read = rows(&format!("{SHORT}06139018,1,1,,2025-01,,調剤,,1000,700,0,300\n"));
        assert_eq!(read[0].as_ref().unwrap_err()[0].column, "枝番");
        let read = rows(&format!("{SHORT}06139018,1,1,1,2025-01,,調剤,,1000,700,0,300\n"));
        let row = read[0].as_ref().unwrap();
        assert_eq!((row.branch.as_deref(), row.care_kind, row.days), (Some("01"), CareKind::Pharmacy, None));
    }

    #[test]
    fn every_mistake_of_a_row_is_told() {
        let read = rows(&format!("{SHORT}1,1,,x,2025-13,,散歩,-1,a,b,c,-5\n"));
        assert_eq!(read[0].as_ref().unwrap_err().len(), 10);
    }
}
