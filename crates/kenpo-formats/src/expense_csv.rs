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
//! | 診療年月 | yes | any form of [`crate::era::written_month`]; what a spreadsheet makes of a month (Jan-25, 45658) is noted |
//! | 医療機関コード | no | kept as it is |
//! | 医療機関名 | column yes, value may be empty | a line without it cannot be used for the tax deduction |
//! | 診療区分 | yes | a word of [`CareKind::from_written`] |
//! | 日数 | column yes, value may be empty | 2, 2日 |
//! | 医療費総額, 保険者負担額, 公費負担額, 自己負担額 | yes | yen; the first is the sum of the others |
//! | 備考 | no | may have line breaks |
//!
//! A row with a negative amount is an adjustment. Either none of the four is above 0 (something was billed less), or 医療費総額 is 0
//! and the others say who pays more and who less (高額療養費, 付加給付 paid to the member). Any other mixture of signs is a slip
//! and a fault.

use crate::amounts::Amounts;
use crate::care_kind::CareKind;
use crate::csv_table::{Column, CsvTable, Layout, Row};
use crate::fault::{Fault, quote};
use crate::insurer_number::InsurerNumber;
use crate::month::TreatmentMonth;
use crate::register_csv::{Sex, branch, kana, name, sex};
use crate::text::{PERSON_NAME, PROVIDER_NAME, fold};
use crate::written::{code, date, insurer_number, month, number};
use crate::yen;
use jiff::civil::Date;
use std::io::Read;

/// The columns of the file.
pub const COLUMNS: &[Column] = &[
    Column::optional("請求番号").holding("請求ごとに1つの番号。あとで訂正や取消をするときに、同じ請求だと分かります。"),
    Column::optional("取消").holding("前に取り込んだ請求を取り消すときは「1」。ふだんは空欄にします。"),
    Column::required("保険者番号").holding("保険者番号の8桁の数字。先頭の0も書きます。"),
    Column::required("記号").holding("資格確認書や資格情報のお知らせのとおり。記号がない組合は空欄にします。"),
    Column::required("番号").holding("資格確認書や資格情報のお知らせのとおり。"),
    Column::optional("枝番").holding("2桁の数字（00、01など）。枝番、生年月日、氏名、カナ氏名のどれか1つは必要です。"),
    Column::optional("氏名").holding("受診した人の氏名。"),
    Column::optional("カナ氏名").holding("受診した人のカタカナの氏名。"),
    Column::optional("生年月日").holding("受診した人の生年月日。「1985-04-01」のような日付。"),
    Column::optional("性別").holding("「男」か「女」（「1」か「2」でもかまいません）。"),
    Column::required("診療年月").holding("診療を受けた月。「2025-01」のような年月。"),
    Column::optional("医療機関コード").holding("分かる場合だけ書きます。"),
    Column::required("医療機関名").holding("分からない場合は空欄にします。空欄の行は、医療費控除の明細に使えません。"),
    Column::required("診療区分").holding("入院、通院、歯科入院、歯科、薬局、訪問看護、柔道整復、はり・きゅう、あん摩・マッサージ、治療用装具、療養費、海外療養費のどれか。"),
    Column::required("日数").holding("受診した日数。薬局は処方せんを受け付けた回数。分からない場合は空欄にします。"),
    Column::required("医療費総額").holding("円。ほかの3つの金額の合計と同じにします。"),
    Column::required("保険者負担額").holding("円。組合が負担した額。ないときは「0」と書きます。"),
    Column::required("公費負担額").holding("円。国や自治体が負担した額。ないときは「0」と書きます。"),
    Column::required("自己負担額").holding("円。本人が負担した額。ないときは「0」と書きます。"),
    Column::optional("備考").with_lines().holding("加入者の明細に表示されます。"),
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
    /// 医療費総額, yen; the sum of the other three.
    pub total: i64,
    /// 保険者負担額, yen.
    pub insurer: i64,
    /// 公費負担額, yen.
    pub public: i64,
    /// 自己負担額, yen.
    pub self_pay: i64,
    /// Whether the row adjusts what other rows say: only then amounts are negative.
    pub adjustment: bool,
    /// 備考, may be empty.
    pub note: String,
    /// The notices: findings on the accepted row that staff should look at.
    pub notices: Vec<Fault>,
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

    /// Reads the header row of a file that may have this layout.
    ///
    /// # Errors
    ///
    /// As [`CsvTable::open_as`].
    pub fn open_as(source: R, layout: Option<&Layout>) -> Result<Self, Vec<Fault>> {
        CsvTable::open_as(source, COLUMNS, layout).map(Self)
    }
}

impl<R: Read> Iterator for ExpenseCsv<R> {
    /// A row, or all its mistakes.
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
    let claim_key = row.optional("請求番号", code);
    let insurer_number = row.required_written("保険者番号", insurer_number);
    let symbol = row.optional_written("記号", number).unwrap_or_default();
    let number = row.required_written("番号", number);
    let branch = row.optional("枝番", branch);
    let birth_date = row.optional_written("生年月日", date);
    let sex = row.optional("性別", sex);
    let (person, kana) = (row.optional("氏名", name), row.optional("カナ氏名", kana));
    if ["枝番", "生年月日", "氏名", "カナ氏名"].iter().all(|column| row.text(column).is_empty()) {
        row.fault("枝番", "だれの医療費か決められません。枝番、生年月日、氏名、カナ氏名のどれかを入力してください。");
    }
    let treatment_month = row.required_written("診療年月", month);
    let provider_code = row.optional("医療機関コード", code);
    let provider_name = row.optional("医療機関名", name).unwrap_or_default();
    let care_kind = row.required("診療区分", |text| {
        let words = CareKind::ALL.map(CareKind::label).join("、");
        CareKind::from_written(text)
            .ok_or_else(|| format!("{}は診療区分ではありません。{words}のどれかで入力してください。", quote(text)))
    });
    let days = row.optional("日数", days).flatten();
    let amounts = amounts(&mut row);
    if let Some(days) = days.filter(|days| *days > MOST_DAYS) {
        row.notice("日数", format!("{days}日は、1か月の日数より多い値です。元の資料を確認してください。"));
    }
    row.name_notices("氏名", person.as_deref(), PERSON_NAME);
    row.name_notices("カナ氏名", kana.as_deref(), PERSON_NAME);
    row.name_notices("医療機関名", Some(&provider_name), PROVIDER_NAME);
    let (line, note, notices) = (row.line(), row.text("備考").to_owned(), row.take_notices());
    let read = || {
        let [total, insurer, public, self_pay] = amounts?;
        Some(ExpenseRow {
            line,
            claim_key,
            cancelled: cancelled.unwrap_or(false),
            insurer_number: insurer_number?,
            symbol,
            number: number?,
            branch,
            name: person,
            kana,
            birth_date,
            sex,
            treatment_month: treatment_month?,
            provider_code,
            provider_name,
            care_kind: care_kind?,
            days,
            total,
            insurer,
            public,
            self_pay,
            adjustment: [total, insurer, public, self_pay].iter().any(|amount| *amount < 0),
            note,
            notices,
        })
    };
    let read = read();
    row.finish(read)
}

/// The most days that a month has.
const MOST_DAYS: u32 = 31;

/// Returns the days of `2`, `2.0` or `2日`; none of a dash.
fn days(text: &str) -> Result<Option<u32>, String> {
    let folded = fold(text);
    let bare = folded.strip_suffix('日').unwrap_or(&folded).trim_end();
    let bare = bare.strip_suffix(".0").unwrap_or(bare);
    if matches!(bare, "-" | "ー" | "−" | "―") {
        return Ok(None);
    }
    let days = (bare.len() <= 3 && bare.bytes().all(|byte| byte.is_ascii_digit())).then(|| bare.parse().ok()).flatten();
    days.filter(|days| *days <= 366)
        .map(Some)
        .ok_or_else(|| format!("{}は日数ではありません。0から366までの数字で入力してください。", quote(text)))
}

/// Returns the four amounts of the row; faults name those that do not go together.
fn amounts(row: &mut Row) -> Option<[i64; 4]> {
    const COLUMNS: [&str; 4] = ["医療費総額", "保険者負担額", "公費負担額", "自己負担額"];
    let read = COLUMNS.map(|column| row.required(column, yen::parse));
    let [Some(total), Some(insurer), Some(public), Some(self_pay)] = read else { return None };
    let amounts = [total, insurer, public, self_pay];
    let sum = insurer + public + self_pay;
    if total != sum {
        let parts = format!("保険者負担額{insurer}+公費負担額{public}+自己負担額{self_pay}={sum}");
        row.fault("医療費総額", format!("{total}円ですが、内訳の合計({parts})と合いません。"));
        return None;
    }
    let negative = COLUMNS.iter().zip(amounts).find(|(_, amount)| *amount < 0);
    let Some((column, amount)) = negative else { return Some(amounts) };
    if Amounts::adjustment(total, insurer, public, self_pay).is_none() {
        row.fault(column, format!(
            "{amount}円は負の金額です。負の金額を使えるのは、四つの金額がどれも0以下の行(減額の調整)と、医療費総額が0円の行(高額療養費や付加給付の付け替え)だけです。"
        ));
        return None;
    }
    row.notice(column, "負の金額の行です。ほかの行の調整として取り込みます。");
    Some(amounts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staff_are_told_every_kind_of_care() {
        let column = COLUMNS.iter().find(|column| column.name == "診療区分").unwrap();
        assert_eq!(column.value, format!("{}のどれか。", CareKind::ALL.map(CareKind::label).join("、")));
        assert!(COLUMNS.iter().all(|column| !column.value.is_empty()));
    }

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
    fn more_days_than_a_month_has_are_told() {
        let notices = |days: &str| {
            let read = rows(&format!("{SHORT}06139018,1,1,00,2025-01,見本医院,通院,{days},1000,700,0,300\n"));
            read[0].as_ref().unwrap().notices.len()
        };
        assert_eq!((notices("31"), notices("32")), (0, 1));
    }

    #[test]
    fn every_mistake_of_a_row_is_told() {
        let read = rows(&format!("{SHORT}1,1,,x,2025-13,,散歩,-1,a,b,c,#N/A\n"));
        assert_eq!(read[0].as_ref().unwrap_err().len(), 10);
    }

    fn with_amounts(amounts: &str) -> Result<ExpenseRow, Vec<Fault>> {
        rows(&format!("{SHORT}06139018,1,1,00,2025-01,見本医院,通院,1日,{amounts}\n")).swap_remove(0)
    }

    #[test]
    fn amounts_as_spreadsheets_write_them() {
        for amounts in [
            "10000.0,7000.0,0.0,3000.0",
            "10000,7000,-,3000",
            "\" 10,000 \",\" 7,000 \", -   ,\" 3,000 \"",
            "10000,7000,ー,3000 ",
        ] {
            let row = with_amounts(amounts).unwrap();
            assert_eq!((row.total, row.public, row.days, row.adjustment), (10_000, 0, Some(1), false), "{amounts}");
            assert_eq!(row.notices, []);
        }
        for (amounts, column) in [
            ("10000,7000,,3000", "公費負担額"),
            ("1E+04,7000,0,3000", "医療費総額"),
            ("10000,7000,　,3000", "公費負担額"),
        ] {
            assert_eq!(with_amounts(amounts).unwrap_err()[0].column, column, "{amounts}");
        }
    }

    #[test]
    fn negative_amounts_are_adjustments_or_slips() {
        for amounts in ["△100,△70,0,△30", "(100),(70),-,(30)", "0,5000,0,-5000"] {
            let row = with_amounts(amounts).unwrap();
            assert!(row.adjustment && row.notices.len() == 1, "{amounts}");
            assert_eq!(row.total, row.insurer + row.public + row.self_pay);
        }
        for slip in ["10000,7000,3300,-300", "-100,70,0,-170"] {
            assert!(with_amounts(slip).unwrap_err()[0].reason.contains("負の金額"), "{slip}");
        }
    }

    #[test]
    fn a_template_that_went_through_a_spreadsheet() {
        let text = "請求番号,取消,保険者番号,記号,番号,枝番,氏名,カナ氏名,生年月日,性別,診療年月,医療機関コード,医療機関名,診療区分,日数,医療費総額,保険者負担額,公費負担額,自己負担額,備考\n\
            E1,,6139018,101,1,0,テスト 太郎,テスト タロウ,1985/4/1,男,Jan-25,1319900013,見本クリニック,はり・きゅう,2,100,70,0,30,\n\
            =\"E2\",,=\"06139018\",101,'01,0,テスト 太郎,テスト タロウ,31138,男,2025/4/1 0:00,1319900013,見本クリニック,通院,2,100,70,0,30,\"1行目\n2行目\"\n\
            E3,,06139018,1.01E+03,1,0,#REF!,テスト 太郎,1985/4/1,男,2025-01,1.32E+09,=A1,通院,2,100,70,0,30,\n";
        let read = rows(text);
        let first = read[0].as_ref().unwrap();
        assert_eq!((first.insurer_number.as_str(), first.treatment_month.number()), ("06139018", 202_501));
        assert_eq!(first.care_kind, CareKind::Acupuncture);
        assert_eq!(first.notices.iter().map(|notice| &*notice.column).collect::<Vec<_>>(), ["保険者番号", "診療年月"]);
        let second = read[1].as_ref().unwrap();
        assert_eq!(
            (second.claim_key.as_deref(), second.number.as_str(), second.note.as_str()),
            (Some("E2"), "01", "1行目\n2行目")
        );
        assert_eq!(second.treatment_month.number(), 202_504);
        let columns: Vec<_> = read[2].as_ref().unwrap_err().iter().map(|fault| &*fault.column).collect();
        assert_eq!(columns, ["記号", "氏名", "カナ氏名", "医療機関コード", "医療機関名"]);
    }

    #[test]
    fn names_that_are_none_or_too_long() {
        let read = rows(&format!(
            "{SHORT}06139018,1,1,00,2025-01,見\u{7}本,通院,1,100,70,0,30\n06139018,1,1,00,2025-01,{},通院,1,100,70,0,30\n",
            "医".repeat(61)
        ));
        let first = read[0].as_ref().unwrap();
        assert_eq!(first.provider_name, "見本");
        assert!(first.notices[0].reason.contains("制御文字を除いて"), "{:?}", first.notices);
        let notices = &read[1].as_ref().unwrap().notices;
        assert!(notices[0].column == "医療機関名" && notices[0].reason.contains("61文字"), "{notices:?}");
    }
}
