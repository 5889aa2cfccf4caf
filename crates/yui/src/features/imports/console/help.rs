//! 取込ファイルの作り方: how a file is made from a spreadsheet, for staff who have nothing else. The columns are those of the
//! readers, and each written form and message here is one that they read or return.

use askama::Template;
use axum::extract::State;
use kenpo_formats::csv_table::Column;

use super::download::example;
use crate::{
    core::{app::App, error::AppError, role::Right, scope::StaffScope},
    features::{imports::kind::named, societies},
    ui::{Page, PageContext},
};

#[derive(Template)]
#[template(path = "features/imports/console/help.html")]
pub(crate) struct ImportHelpPage {
    page: Page,
    register: Guide,
    expenses: Guide,
    forms: &'static [WrittenForm],
    messages: &'static [Message],
    /// The largest file, in words.
    limit: String,
    may_import: bool,
}

/// The instructions for one kind of file.
struct Guide {
    word: &'static str,
    label: &'static str,
    columns: &'static [Column],
    header: Vec<String>,
    /// Rows that can be imported as they are.
    examples: Vec<Vec<String>>,
}

impl Guide {
    fn of(kind: &str, insurer_number: Option<&String>) -> Self {
        let kind = named(kind);
        let mut rows = example(kind, insurer_number);
        let header = if rows.is_empty() { Vec::new() } else { rows.remove(0) };
        Self { word: kind.as_str(), label: kind.label(), columns: kind.columns(), header, examples: rows }
    }
}

/// The outcome of reading a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CellOutcome {
    /// It is read.
    Read,
    /// It is read, and listed for staff to look at.
    Noted,
    /// Its row is refused.
    Refused,
}

impl CellOutcome {
    fn label(self) -> &'static str {
        match self {
            Self::Read => "そのまま使えます",
            Self::Noted => "取り込み、「確かめたい行」に出します",
            Self::Refused => "この行は取り込みません",
        }
    }
}

/// A form in which spreadsheets write a cell.
struct WrittenForm {
    kind: &'static str,
    column: &'static str,
    written: &'static str,
    outcome: CellOutcome,
    /// The value that it is read as, or the advice to staff.
    words: &'static str,
}

const fn form(
    kind: &'static str,
    column: &'static str,
    written: &'static str,
    outcome: CellOutcome,
    words: &'static str,
) -> WrittenForm {
    WrittenForm { kind, column, written, outcome, words }
}

impl WrittenForm {
    /// Returns the label of the kind of file.
    fn kind_label(&self) -> &'static str {
        named(self.kind).label()
    }
}

const REGISTER: &str = "register";
const EXPENSES: &str = "expenses";

const FORMS: &[WrittenForm] = &[
    form(REGISTER, "保険者番号", "6139018", CellOutcome::Noted, "消えた先頭の0を補って、06139018と読みます。"),
    form(REGISTER, "枝番", "0", CellOutcome::Read, "00と読みます。"),
    form(
        REGISTER,
        "番号",
        "3.02E+03",
        CellOutcome::Refused,
        "もとの値が失われています。列の書式を「文字列」にして、値を入れ直します。",
    ),
    form(REGISTER, "氏名", "#N/A", CellOutcome::Refused, "計算の誤りです。元の表で直し、「値」として貼り付けます。"),
    form(REGISTER, "氏名", "=B2", CellOutcome::Refused, "計算式の文字です。「値」として貼り付けます。"),
    form(REGISTER, "カナ氏名", "ﾃｽﾄ ﾀﾛｳ", CellOutcome::Read, "全角のカタカナにします。"),
    form(REGISTER, "カナ氏名", "テスト 太郎", CellOutcome::Refused, "カタカナだけにします。"),
    form(REGISTER, "生年月日", "1985/4/1", CellOutcome::Read, "1985年4月1日と読みます。"),
    form(REGISTER, "生年月日", "昭和60年4月1日", CellOutcome::Read, "1985年4月1日と読みます。"),
    form(REGISTER, "生年月日", "S60.4.1", CellOutcome::Read, "1985年4月1日と読みます。"),
    form(REGISTER, "生年月日", "31138", CellOutcome::Noted, "Excelの日付の通し番号です。1985年4月1日と読みます。"),
    form(REGISTER, "資格取得日", "2025-02-30", CellOutcome::Refused, "ない日付です。正しい日付にします。"),
    form(REGISTER, "資格喪失日", "9999-12-31", CellOutcome::Read, "喪失日なし（資格がある）と読みます。"),
    form(EXPENSES, "診療年月", "2025/1/1", CellOutcome::Read, "2025年1月と読みます。"),
    form(EXPENSES, "診療年月", "令和7年1月", CellOutcome::Read, "2025年1月と読みます。"),
    form(EXPENSES, "診療年月", "Jan-25", CellOutcome::Noted, "2025年1月と読みます。"),
    form(
        EXPENSES,
        "医療費総額",
        "12,340",
        CellOutcome::Read,
        "12340円と読みます。「円」や「¥」が付いていてもかまいません。",
    ),
    form(EXPENSES, "公費負担額", " - ", CellOutcome::Read, "0円と読みます。"),
    form(EXPENSES, "公費負担額", "", CellOutcome::Refused, "ないときも「0」と書きます。"),
    form(EXPENSES, "日数", "2日", CellOutcome::Read, "2日と読みます。"),
];

/// A message of a check.
struct Message {
    /// The words that it always contains.
    said: &'static str,
    meaning: &'static str,
    remedy: &'static str,
}

const MESSAGES: &[Message] = &[
    Message {
        said: "知らない列があります",
        meaning: "見出しに、表にない名前があります。",
        remedy: "見出しを上の表の名前に直すか、その列を消します。",
    },
    Message {
        said: "必要な列がありません",
        meaning: "必ず要る列の見出しがありません。",
        remedy: "その列を加えます。値がない列（記号など）も、見出しは残します。",
    },
    Message {
        said: "行目にあるようです",
        meaning: "見出しの上に、題名や説明の行があります。",
        remedy: "見出しより上の行を消して、見出しを1行目にします。",
    },
    Message {
        said: "列の数が見出しと違います",
        meaning: "セルの中に改行やカンマが入っている行です。",
        remedy: "その行のセルから改行やカンマを消します。ほかの行は読まれています。",
    },
    Message {
        said: "内訳の合計",
        meaning: "医療費総額が、保険者・公費・自己負担の合計と違います。",
        remedy: "4つの金額を元の資料と見比べて直します。",
    },
    Message {
        said: "この組合のものではありません",
        meaning: "保険者番号が、この組合の番号と違います。",
        remedy: "番号を確かめます。ほかの組合の行なら、ファイルから除きます。",
    },
    Message {
        said: "世帯は台帳にありません",
        meaning: "その記号・番号の世帯が、加入者台帳にまだありません。",
        remedy: "先に加入者台帳を取り込んでから、医療費を取り込みます。番号の書き誤りでないかも確かめます。",
    },
    Message {
        said: "枝番・生年月日・氏名の合う人がいません",
        meaning: "世帯はありますが、だれの医療費か決められません。",
        remedy: "枝番と生年月日を台帳と見比べて直します。",
    },
    Message {
        said: "未来です", meaning: "診療年月が、今月より後になっています。", remedy: "年月を確かめて直します。"
    },
];

const TITLE: &str = "取込ファイルの作り方";

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
) -> Result<ImportHelpPage, AppError> {
    let numbers = societies::insurer_numbers(&app, &staff).await?;
    let limit = format!("{} MB", app.config.files.limit >> 20);
    Ok(page(&context, numbers.first(), limit, staff.role.has(Right::Data)))
}

fn page(context: &PageContext, insurer_number: Option<&String>, limit: String, may_import: bool) -> ImportHelpPage {
    ImportHelpPage {
        page: context.console(TITLE),
        register: Guide::of(REGISTER, insurer_number),
        expenses: Guide::of(EXPENSES, insurer_number),
        forms: FORMS,
        messages: MESSAGES,
        limit,
        may_import,
    }
}

crate::ui::console_pages! {
    ImportHelpPage => |context| page(context, None, "1024 MB".to_owned(), true),
}

#[cfg(test)]
mod tests {
    use kenpo_formats::{expense_csv::ExpenseCsv, register_csv::RegisterCsv};

    use super::*;

    /// Returns the outcome of the first example row with this cell.
    fn outcome(form: &WrittenForm) -> CellOutcome {
        let mut rows = example(named(form.kind), None);
        let at = rows[0].iter().position(|name| name == form.column).unwrap();
        rows.truncate(2);
        rows[1][at] = format!("\"{}\"", form.written);
        let text: String = rows.iter().map(|cells| format!("{}\r\n", cells.join(","))).collect();
        let notices = match form.kind {
            "register" => RegisterCsv::open(text.as_bytes()).ok().unwrap().next().unwrap().map(|row| row.notices.len()),
            _ => ExpenseCsv::open(text.as_bytes()).ok().unwrap().next().unwrap().map(|row| row.notices.len()),
        };
        match notices {
            Ok(0) => CellOutcome::Read,
            Ok(_) => CellOutcome::Noted,
            Err(_) => CellOutcome::Refused,
        }
    }

    #[test]
    fn each_form_becomes_what_the_page_says() {
        for form in FORMS {
            assert_eq!(outcome(form), form.outcome, "{} {}", form.column, form.written);
        }
    }
}
