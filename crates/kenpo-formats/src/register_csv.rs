//! The register of members as a CSV: our own documented format.
//!
//! One row per person and span of membership, a header row, columns in any order, UTF-8 or Shift_JIS. Dates in any form of
//! [`crate::era::written_date`].
//!
//! | column | required | value |
//! |---|---|---|
//! | 保険者番号 | yes | 8 digits with a valid check digit |
//! | 記号 | column yes, value may be empty | as on the certificate |
//! | 番号 | yes | as on the certificate |
//! | 枝番 | no | 2 digits (one digit gets a 0 in front) |
//! | 個人コード | no | the society's own lasting key of the person |
//! | 氏名, カナ氏名 | yes | |
//! | 性別 | yes | 男, 女, 1, 2 |
//! | 生年月日 | yes | date |
//! | 続柄 | yes | 本人, 家族, 1, 2 |
//! | 資格取得日 | yes | date |
//! | 資格喪失日 | no | date, not before 資格取得日; 9999-12-31 or 2999-12-31 means none |
//! | メールアドレス | no | |
//!
//! A spreadsheet's errors, formulas and numbers in powers of ten (`#N/A`, `=A1`, `3.02E+03`), line breaks and kanji in kana are
//! faults of their row. What can be read but leaves room (an insurer number without its first zero, a count of days for a date)
//! is a notice, as are characters and lengths that other files cannot hold.

use crate::csv_table::{Column, CsvTable, Layout, Row};
use crate::email_address::is_email_address;
use crate::fault::{Fault, quote};
use crate::insurer_number::InsurerNumber;
use crate::text::{PERSON_NAME, fold, kana_fault, name_fault, visible};
use crate::written::{Written, code, date, insurer_number, number};
use jiff::civil::Date;
use std::io::Read;

pub use crate::person::{Relationship, Sex};

/// The columns of the file.
pub const COLUMNS: &[Column] = &[
    Column::required("保険者番号").holding("保険者番号の8桁の数字。先頭の0も書きます。"),
    Column::required("記号").holding("資格確認書や資格情報のお知らせのとおり。記号がない組合は空欄にします。"),
    Column::required("番号").holding("資格確認書や資格情報のお知らせのとおり。"),
    Column::optional("枝番").holding("2桁の数字（00、01など）。家族のだれかを見分けるのに使います。"),
    Column::optional("個人コード")
        .holding("組合のシステムで1人に1つずつ付けている番号。変わらない番号がある場合だけ書きます。"),
    Column::required("氏名").holding("姓と名の間は空白で区切ります。"),
    Column::required("カナ氏名").holding("カタカナ。全角でも半角でもかまいません。"),
    Column::required("性別").holding("「男」か「女」（「1」か「2」でもかまいません）。"),
    Column::required("生年月日").holding("「1985-04-01」のような日付。"),
    Column::required("続柄").holding("「本人」か「家族」（「1」か「2」でもかまいません）。"),
    Column::required("資格取得日").holding("資格のある最初の日。"),
    Column::optional("資格喪失日")
        .holding("資格がなくなった最初の日（退職した日の翌日など）。資格がある人は空欄にします。"),
    Column::optional("メールアドレス").holding("分かる場合だけ書きます。"),
];

/// One person in one span of membership.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterRow {
    /// Line of the file, from 1.
    pub line: u64,
    /// 保険者番号
    pub insurer_number: InsurerNumber,
    /// 記号, may be empty.
    pub symbol: String,
    /// 番号
    pub number: String,
    /// 枝番, 2 digits.
    pub branch: Option<String>,
    /// 個人コード: the society's own lasting key of the person.
    pub person_key: Option<String>,
    /// 氏名
    pub name: String,
    /// カナ氏名, half-width kana made full-width.
    pub kana: String,
    /// 性別
    pub sex: Sex,
    /// 生年月日
    pub birth_date: Date,
    /// 続柄
    pub relationship: Relationship,
    /// 資格取得日: the first day of membership.
    pub from: Date,
    /// 資格喪失日: the first day without membership.
    pub to: Option<Date>,
    /// メールアドレス, where mail can be sent to it.
    pub email: Option<String>,
    /// The notices: findings on the accepted row that staff should look at.
    pub notices: Vec<Fault>,
}

/// A register file, row by row.
///
/// ```
/// use kenpo_formats::register_csv::{RegisterCsv, template};
///
/// let rows = RegisterCsv::open(template().as_bytes()).map_err(|faults| faults[0].to_string())?;
/// assert_eq!(rows.filter_map(Result::ok).count(), 2);
/// # Ok::<(), String>(())
/// ```
pub struct RegisterCsv<R>(CsvTable<R>);

impl<R: Read> RegisterCsv<R> {
    /// Reads the header row.
    ///
    /// # Errors
    ///
    /// Unknown, missing and repeated columns; an empty or unreadable file.
    pub fn open(source: R) -> Result<Self, Vec<Fault>> {
        CsvTable::open(source, COLUMNS).map(Self)
    }

    /// Reads the header row of a file that may be laid out so.
    ///
    /// # Errors
    ///
    /// As [`CsvTable::open_as`].
    pub fn open_as(source: R, layout: Option<&Layout>) -> Result<Self, Vec<Fault>> {
        CsvTable::open_as(source, COLUMNS, layout).map(Self)
    }
}

impl<R: Read> Iterator for RegisterCsv<R> {
    /// A row, or all that is wrong with it.
    type Item = Result<RegisterRow, Vec<Fault>>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.0.next()?.and_then(register_row))
    }
}

/// Returns a file to fill in: the header and two invented rows.
pub fn template() -> &'static str {
    "保険者番号,記号,番号,枝番,個人コード,氏名,カナ氏名,性別,生年月日,続柄,資格取得日,資格喪失日,メールアドレス\r\n\
     06139018,101,1,00,K000001,テスト 太郎,テスト タロウ,男,1985-04-01,本人,2010-04-01,,taro@example.com\r\n\
     06139018,101,1,01,K000002,テスト 花子,テスト ハナコ,女,1987-10-20,家族,2012-06-01,,\r\n"
}

fn register_row(mut row: Row) -> Result<RegisterRow, Vec<Fault>> {
    let insurer_number = row.required_written("保険者番号", insurer_number);
    let symbol = row.optional_written("記号", number).unwrap_or_default();
    let number = row.required_written("番号", number);
    let branch = row.optional("枝番", branch);
    let person_key = row.optional("個人コード", code);
    let name = row.required("氏名", name);
    let kana = row.required("カナ氏名", kana);
    let sex = row.required("性別", sex);
    let birth_date = row.required_written("生年月日", date);
    let relationship = row.required("続柄", |text| {
        Relationship::parse(&fold(text))
            .ok_or_else(|| format!("{}は続柄ではありません。本人か家族(1か2)で入力してください。", quote(text)))
    });
    let from = row.required_written("資格取得日", date);
    let to = row.optional_written("資格喪失日", end_date).flatten();
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        row.fault("資格喪失日", format!("資格取得日({from})より前です。"));
    }
    if let (Some(birth), Some(from)) = (birth_date, from)
        && from < birth
    {
        row.fault("資格取得日", format!("生年月日({birth})より前です。"));
    }
    let mut unusable = false;
    let email = row.optional("メールアドレス", |text| {
        let address = fold(&visible(text));
        match address.split_once('@') {
            _ if is_email_address(&address) => Ok(Some(address)),
            // The person counts though their address does not.
            Some((local, host))
                if !local.is_empty() && host.contains('.') && !address.contains(char::is_whitespace) =>
            {
                unusable = true;
                Ok(None)
            }
            _ => Err(format!("{}はメールアドレスではありません。", quote(text))),
        }
    });
    if unusable {
        row.notice("メールアドレス", UNUSABLE);
    }
    if birth_date.is_some_and(|birth| birth < EARLIEST_BIRTH) {
        row.notice("生年月日", "1900年より前です。元号や西暦の書きまちがいでないか確認してください。");
    }
    row.name_notices("氏名", name.as_deref(), PERSON_NAME);
    row.name_notices("カナ氏名", kana.as_deref(), PERSON_NAME);
    let (line, notices) = (row.line(), row.take_notices());
    let read = || {
        Some(RegisterRow {
            line,
            insurer_number: insurer_number?,
            symbol,
            number: number?,
            branch,
            person_key,
            name: name?,
            kana: kana?,
            sex: sex?,
            birth_date: birth_date?,
            relationship: relationship?,
            from: from?,
            to,
            email: email.flatten(),
            notices,
        })
    };
    let read = read();
    row.finish(read)
}

/// The first birth date that staff are not asked to look at.
const EARLIEST_BIRTH: Date = Date::constant(1900, 1, 1);

const UNUSABLE: &str = "送信できない形のメールアドレスのため、登録しません（@の直前のドットや、続いたドットなど）。ほかの項目は取り込みます。";

/// Returns the name, unless a spreadsheet made it something else.
pub(crate) fn name(text: &str) -> Result<String, String> {
    name_fault(text).map_or_else(|| Ok(text.to_owned()), Err)
}

/// Returns the name in full-width kana.
pub(crate) fn kana(text: &str) -> Result<String, String> {
    let folded = fold(text);
    kana_fault(&folded).map_or(Ok(folded), Err)
}

pub(crate) fn branch(text: &str) -> Result<String, String> {
    let digits = fold(text);
    if !matches!(digits.len(), 1 | 2) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("{}は枝番ではありません。2桁の数字で入力してください。", quote(text)));
    }
    Ok(format!("{digits:0>2}"))
}

pub(crate) fn sex(text: &str) -> Result<Sex, String> {
    Sex::parse(&fold(text))
        .ok_or_else(|| format!("{}は性別ではありません。男か女(1か2)で入力してください。", quote(text)))
}

/// Returns the date, none for 9999-12-31 and 2999-12-31, by which many systems mean that there is none.
fn end_date(text: &str) -> Result<Written<Option<Date>>, String> {
    let digits: String = fold(text).chars().filter(char::is_ascii_digit).collect();
    if ["99991231", "29991231"].iter().any(|never| digits.starts_with(never)) {
        return Ok(Written::plain(None));
    }
    date(text).map(|Written { value, note }| Written { value: Some(value), note })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn rows(text: &str) -> Vec<Result<RegisterRow, Vec<Fault>>> {
        RegisterCsv::open(text.as_bytes()).map_err(|faults| faults[0].to_string()).unwrap().collect()
    }

    #[test]
    fn the_template_reads() {
        let rows: Vec<_> = rows(template()).into_iter().map(Result::unwrap).collect();
        assert_eq!(rows[0].branch.as_deref(), Some("00"));
        assert_eq!(rows[0].email.as_deref(), Some("taro@example.com"));
        assert_eq!((rows[1].line, rows[1].sex, rows[1].relationship), (3, Sex::Female, Relationship::Dependent));
        assert_eq!((rows[1].from, rows[1].to), (date(2012, 6, 1), None));
    }

    #[test]
    fn the_template_reads_in_shift_jis_too() {
        let (bytes, _, _) = encoding_rs::SHIFT_JIS.encode(template());
        assert_eq!(RegisterCsv::open(&bytes[..]).ok().unwrap().filter(Result::is_ok).count(), 2);
    }

    #[test]
    fn only_required_columns_and_old_forms() {
        let text = "保険者番号,記号,番号,氏名,カナ氏名,性別,生年月日,続柄,資格取得日\n\
                    ０６１３９０１８,,１２,テスト　太郎,ﾃｽﾄ ﾀﾛｳ,1,S60.4.1,１,令和元年5月1日\n";
        let row = rows(text).pop().unwrap().unwrap();
        assert_eq!((row.symbol.as_str(), row.kana.as_str(), row.birth_date), ("", "テスト タロウ", date(1985, 4, 1)));
        assert_eq!((row.branch, row.person_key, row.name.as_str()), (None, None, "テスト　太郎"));
    }

    #[test]
    fn a_last_day_of_all_means_that_there_is_none() {
        for (written, expected) in [
            ("9999-12-31", Some(None)),
            ("99991231", Some(None)),
            ("2999-12-31", Some(None)),
            ("９９９９／１２／３１", Some(None)),
            ("2024-01-01", Some(Some(date(2024, 1, 1)))),
            ("3000-01-01", None),
            ("9999-01-01", None),
        ] {
            let text = template().replace(",2010-04-01,,taro", &format!(",2010-04-01,{written},taro"));
            let first = rows(&text).swap_remove(0);
            assert_eq!(first.as_ref().ok().map(|row| row.to), expected, "{written}: {first:?}");
        }
    }

    #[test]
    fn an_address_that_no_mail_reaches_is_left_out_and_said() {
        for address in ["taro..x@mail.example", "taro.@mail.example"] {
            let row = rows(&template().replace("taro@example.com", address)).swap_remove(0).unwrap();
            assert_eq!((row.email, row.notices.len()), (None, 1), "{address}");
        }
        let row = rows(&template().replace("taro@example.com", "ｔａｒｏ＠example.com")).swap_remove(0).unwrap();
        assert_eq!((row.email.as_deref(), row.notices.len()), (Some("taro@example.com"), 0));
        let row = rows(&template().replace("テスト 太郎", "テスト \u{e000}郎")).swap_remove(0).unwrap();
        assert_eq!(row.notices[0].column, "氏名");
    }

    #[test]
    fn notices_say_whom_they_are_about() {
        let text = template().replace("テスト 太郎", "テスト\u{202e} \u{e000}郎").replace("1985-04-01", "1885-04-01");
        let row = rows(&text.replace("テスト タロウ", "テスト \u{202e}タロウ")).swap_remove(0).unwrap();
        assert_eq!((row.name.as_str(), row.kana.as_str()), ("テスト \u{e000}郎", "テスト タロウ"));
        let told: Vec<_> = row.notices.iter().map(|notice| (&*notice.numbers, notice.column.as_str())).collect();
        assert_eq!(told, [("101-1", "氏名"), ("101-1", "カナ氏名"), ("101-1", "生年月日"), ("101-1", "氏名")]);
    }

    #[test]
    fn every_mistake_of_a_row_is_told() {
        let text = template().lines().next().unwrap().to_owned()
            + "\n06139019,101,,100,,,,X,2025-02-30,子,2020-01-01,2019-12-31,a b@c.d\n";
        let faults = rows(&text).pop().unwrap().unwrap_err();
        let columns: Vec<_> = faults.iter().map(|fault| fault.column.as_str()).collect();
        let expected = [
            "保険者番号",
            "番号",
            "枝番",
            "氏名",
            "カナ氏名",
            "性別",
            "生年月日",
            "続柄",
            "資格喪失日",
            "メールアドレス",
        ];
        assert_eq!(columns, expected);
        assert!(faults.iter().all(|fault| fault.line == 2));
    }
}
