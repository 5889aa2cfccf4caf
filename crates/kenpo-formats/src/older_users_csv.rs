//! The users of an older portal as a CSV: our own documented format.
//!
//! One row per user, a header row, columns in any order, UTF-8 or Shift_JIS.
//!
//! | column | required | value |
//! |---|---|---|
//! | ユーザID | yes | as the older system has it |
//! | 保険者番号 | yes | 8 digits with a valid check digit |
//! | 記号 | column yes, value may be empty | as on the certificate |
//! | 番号 | yes | as on the certificate |
//! | 枝番 | no | 2 digits (one digit gets a 0 in front) |
//! | メールアドレス | no | |
//! | ログイン済み | yes | 1, はい or 有: has logged in; 0, いいえ or 無: never has |

use crate::csv_table::{Column, CsvTable, Row};
use crate::fault::{Fault, quote};
use crate::insurer_number::InsurerNumber;
use crate::register_csv::branch;
use crate::text::fold;
use crate::written::{code, insurer_number};
use std::io::Read;

/// The columns of the file.
pub const COLUMNS: &[Column] = &[
    Column::required("ユーザID").holding("前のシステムで使っていたユーザID。"),
    Column::required("保険者番号").holding("保険者番号の8桁の数字。先頭の0も書きます。"),
    Column::required("記号").holding("資格確認書や資格情報のお知らせのとおり。記号がない組合は空欄にします。"),
    Column::required("番号").holding("資格確認書や資格情報のお知らせのとおり。"),
    Column::optional("枝番").holding("2桁の数字（00、01など）。"),
    Column::optional("メールアドレス").holding("前のシステムに登録されているアドレス。"),
    Column::required("ログイン済み").holding("ログインしたことがあれば「1」、なければ「0」。"),
];

/// One user of the older portal. The rules for user ID and address are the new portal's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OlderUserRow {
    /// Line of the file, from 1.
    pub line: u64,
    /// ユーザID, as it stands in the file.
    pub user_id: String,
    /// 保険者番号
    pub insurer_number: InsurerNumber,
    /// 記号, may be empty.
    pub symbol: String,
    /// 番号
    pub number: String,
    /// 枝番, 2 digits.
    pub branch: Option<String>,
    /// メールアドレス, as it stands in the file.
    pub email: Option<String>,
    /// ログイン済み: whether the user has ever logged in.
    pub logged_in: bool,
    /// The notices: findings on the accepted row that staff should look at.
    pub notices: Vec<Fault>,
}

/// A file of older users, row by row.
///
/// ```
/// use kenpo_formats::older_users_csv::{OlderUsersCsv, template};
///
/// let rows = OlderUsersCsv::open(template().as_bytes()).map_err(|faults| faults[0].to_string())?;
/// assert_eq!(rows.filter_map(Result::ok).filter(|row| row.logged_in).count(), 1);
/// # Ok::<(), String>(())
/// ```
pub struct OlderUsersCsv<R>(CsvTable<R>);

impl<R: Read> OlderUsersCsv<R> {
    /// Reads the header row.
    ///
    /// # Errors
    ///
    /// Unknown, missing and repeated columns; an empty or unreadable file.
    pub fn open(source: R) -> Result<Self, Vec<Fault>> {
        CsvTable::open(source, COLUMNS).map(Self)
    }
}

impl<R: Read> Iterator for OlderUsersCsv<R> {
    /// A row, or all that is wrong with it.
    type Item = Result<OlderUserRow, Vec<Fault>>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.0.next()?.and_then(older_user_row))
    }
}

/// Returns a file to fill in: the header and two invented rows.
pub fn template() -> &'static str {
    "ユーザID,保険者番号,記号,番号,枝番,メールアドレス,ログイン済み\r\n\
     test-taro,06139018,101,1,00,taro@example.com,1\r\n\
     kari000002,06139018,101,2,00,,0\r\n"
}

fn older_user_row(mut row: Row) -> Result<OlderUserRow, Vec<Fault>> {
    let user_id = row.required_text("ユーザID");
    let insurer_number = row.required_written("保険者番号", insurer_number);
    let number = row.required("番号", code);
    let branch = row.optional("枝番", branch);
    let logged_in = row.required("ログイン済み", |text| match fold(text).as_str() {
        "1" | "はい" | "有" => Ok(true),
        "0" | "いいえ" | "無" => Ok(false),
        _ => Err(format!("{}は読み取れません。1か0(はい・いいえ、有・無)で入力してください。", quote(text))),
    });
    let notices = row.take_notices();
    let (line, symbol, email) = (row.line(), row.text("記号").to_owned(), row.optional_text("メールアドレス"));
    let read = || {
        Some(OlderUserRow {
            line,
            user_id: user_id?,
            insurer_number: insurer_number?,
            symbol,
            number: number?,
            branch,
            email,
            logged_in: logged_in?,
            notices,
        })
    };
    let read = read();
    row.finish(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_words_for_yes_and_no_are_read_in_any_width_and_encoding() {
        let rows: String = ["1", "１", "はい", "有", "0", "いいえ", "無"]
            .iter()
            .map(|word| format!("id-{word},06139018,,1,{word}\n"))
            .collect();
        let text = format!("ユーザID,保険者番号,記号,番号,ログイン済み\n{rows}");
        let (sjis, _, _) = encoding_rs::SHIFT_JIS.encode(&text);
        for bytes in [text.as_bytes(), &sjis] {
            let read = OlderUsersCsv::open(bytes).ok().unwrap().map(|row| row.unwrap().logged_in);
            assert_eq!(read.collect::<Vec<_>>(), [true, true, true, true, false, false, false]);
        }
    }

    #[test]
    fn every_mistake_of_a_row_is_told() {
        let text = format!("{}\n,06139019,1,,xx,,maybe\n", template().lines().next().unwrap());
        let faults = OlderUsersCsv::open(text.as_bytes()).ok().unwrap().next().unwrap().unwrap_err();
        let columns: Vec<_> = faults.iter().map(|fault| (fault.line, fault.column.as_str())).collect();
        assert_eq!(columns, [(2, "ユーザID"), (2, "保険者番号"), (2, "番号"), (2, "枝番"), (2, "ログイン済み")]);
    }
}
