//! The mail to members about published expenses.

use futures::future::BoxFuture;
use jiff::civil::Date;
use yui_db::Tx;

use super::queries;
use crate::{
    core::{
        mail::{Letter, MailFrame, Sender, mail_kinds},
        scope::SystemScope,
    },
    features::imports::{Batch, News, Reader},
    ui::format::month_long,
};

mail_kinds! {
    /// Expenses were published.
    EXPENSES_PUBLISHED = "expenses_published" / "医療費情報の公開のお知らせ";
}

/// The mail of a publication.
#[derive(Debug)]
pub(super) struct ExpenseNews;

impl News for ExpenseNews {
    fn wish(&self) -> &'static str {
        "expenses"
    }

    fn readers<'a>(
        &'a self,
        tx: &'a mut Tx,
        scope: &'a SystemScope,
        batch_id: i64,
        (after, most): (i64, i64),
        today: Date,
    ) -> BoxFuture<'a, anyhow::Result<Vec<Reader>>> {
        Box::pin(async move { Ok(queries::readers(tx, scope, batch_id, (after, most), today).await?) })
    }

    fn letter(&self, frame: &MailFrame, batch: &Batch) -> Letter {
        let lang = frame.lang;
        let letter = Letter::new(frame, Sender::Info, EXPENSES_PUBLISHED, lang.t("医療費情報を公開しました"))
            .p(lang.tf("{0}の加入者ポータルで、新しい医療費情報をご覧いただけます。", [&frame.society]));
        let letter = match batch.months {
            Some((first, last)) if first == last => letter.p(lang.tf("診療年月：{0}", [month_long(lang, first)])),
            Some((first, last)) => {
                letter.p(lang.tf("診療年月：{0}から{1}まで", [month_long(lang, first), month_long(lang, last)]))
            }
            None => letter,
        };
        letter
            .button(lang.t("医療費情報を見る"), frame.url("/expenses"))
            .fine(lang.t("金額や受診の内容は、メールには書かれていません。ログインしてご覧ください。"))
    }
}
