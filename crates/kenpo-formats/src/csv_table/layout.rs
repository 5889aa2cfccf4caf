//! Layouts of other programs' tables: the assignment of their columns to ours.

use std::collections::BTreeMap;
use std::io::Read;

use serde::{Deserialize, Serialize};

use super::{Column, Records};
use crate::fault::Fault;
use crate::text::fold;

/// The layout of a table of ours in another program. Columns that it does not name are passed over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// The name of their column, by that of ours.
    pub columns: BTreeMap<String, String>,
    /// The constant value of a column of ours that they do not have, by its name.
    pub constants: BTreeMap<String, String>,
    /// The meanings of their values of a column of ours, by its name: ours by theirs.
    pub values: BTreeMap<String, BTreeMap<String, String>>,
}

impl Layout {
    /// Returns the index of the column that their header cell names.
    pub(super) fn index(&self, cell: &str, columns: &[Column]) -> Option<usize> {
        let name = bare(cell);
        let ours = self.columns.iter().find(|(_, theirs)| bare(theirs) == name).map(|(ours, _)| ours)?;
        columns.iter().position(|column| column.name == ours)
    }

    /// Returns the required columns that this layout does not cover.
    pub fn missing(&self, columns: &[Column]) -> Vec<&'static str> {
        let told = |name: &str| self.columns.contains_key(name) || self.constants.contains_key(name);
        columns.iter().filter(|column| column.required && !told(column.name)).map(|column| column.name).collect()
    }

    /// Returns whether a file with this header is laid out so: it has every column that is named here.
    pub fn fits(&self, header: &[String]) -> bool {
        let header: Vec<_> = header.iter().map(|cell| bare(cell)).collect();
        !self.columns.is_empty() && self.columns.values().all(|theirs| header.contains(&bare(theirs)))
    }

    /// Returns the meaning of their cell in a column of ours.
    pub(super) fn meaning(&self, ours: &str, cell: String) -> String {
        let Some(values) = self.values.get(ours) else { return cell };
        let written = fold(cell.trim());
        let meaning = values.iter().find(|(theirs, _)| fold(theirs.trim()) == written);
        meaning.map_or(cell, |(_, meaning)| meaning.clone())
    }

    /// Returns a layout for this header as far as the names allow.
    pub fn guessed(header: &[String], columns: &[Column]) -> Self {
        let mut layout = Self::default();
        for column in columns {
            let others =
                OTHER_NAMES.iter().find(|(ours, _)| *ours == column.name).map_or(&[][..], |(_, others)| *others);
            let theirs = [column.name].iter().chain(others).find_map(|name| {
                let is_free = |cell: &&String| !layout.columns.values().any(|taken| taken == *cell);
                header.iter().filter(is_free).find(|cell| bare(cell) == bare(name))
            });
            if let Some(theirs) = theirs {
                layout.columns.insert(column.name.to_owned(), theirs.clone());
            }
        }
        layout
    }
}

/// The names that other programs give to our columns, unless they name another column of ours.
const OTHER_NAMES: &[(&str, &[&str])] = &[
    ("請求番号", &["レセプト番号", "レセ番号", "明細番号"]),
    ("記号", &["被保険者証記号", "保険証記号", "被保険者記号", "証記号"]),
    ("番号", &["被保険者証番号", "保険証番号", "被保険者番号", "証番号"]),
    ("個人コード", &["個人番号", "個人ID", "社員番号"]),
    ("氏名", &["氏名漢字", "漢字氏名", "受診者氏名", "患者氏名", "受診者名"]),
    ("カナ氏名", &["氏名カナ", "氏名(カナ)", "フリガナ", "受診者カナ", "カナ"]),
    ("性別", &["性別区分", "性別コード"]),
    ("続柄", &["本人家族区分", "本家区分", "続柄区分"]),
    ("資格取得日", &["取得日", "取得年月日", "資格取得年月日"]),
    ("資格喪失日", &["喪失日", "喪失年月日", "資格喪失年月日"]),
    ("メールアドレス", &["メール", "Eメール", "email"]),
    ("診療年月", &["受診年月", "診療月", "受診月"]),
    ("医療機関コード", &["医療機関番号"]),
    ("医療機関名", &["医療機関名称", "医療機関", "病院名"]),
    ("診療区分", &["診療種別", "区分", "診療種別区分"]),
    ("日数", &["診療日数", "実日数", "日数(回数)"]),
    ("医療費総額", &["総医療費", "医療費", "費用額", "総額"]),
    ("保険者負担額", &["保険給付額", "給付額", "組合負担額", "健保負担額"]),
    ("公費負担額", &["公費", "公費額"]),
    ("自己負担額", &["一部負担金", "患者負担額", "窓口負担額", "本人負担額"]),
    ("備考", &["摘要"]),
];

/// Returns the name of a column in the form for comparing names.
fn bare(name: &str) -> String {
    fold(name).chars().filter(|character| !character.is_whitespace()).collect()
}

/// Returns the cells of the first line of a CSV, whatever separates them.
///
/// # Errors
///
/// An empty or unreadable file.
pub fn first_line(source: impl Read) -> Result<Vec<String>, Fault> {
    let mut records = Records::open(source)?;
    let separator = match records.peek_line() {
        Some(Ok(line)) => {
            let count = |separator: &char| line.text.matches(*separator).count();
            // Of equal ones the last: a comma in doubt.
            [';', '\t', ','].into_iter().max_by_key(count).unwrap_or(',')
        }
        _ => ',',
    };
    records.separate_by(separator);
    let first = records.next().unwrap_or_else(|| Err(Fault::new(1, "", "ファイルが空です。")))?;
    let cells = first.cells.into_iter().map(|cell| cell.trim_matches(['\u{feff}', ' ', '\u{3000}']).to_owned());
    Ok(cells.collect())
}
