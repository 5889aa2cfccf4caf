//! The contents of the postcards.

use std::{fs::File, io::BufWriter};

use anyhow::Context;
use yui_print::postcards::{Postcard, PostcardSheet, Written, write};

use crate::{
    core::{
        app::App,
        scope::SystemScope,
        society::{EmailRule, EnrolmentFlow, InSociety, Policy, PostcardLines, Service, Society},
    },
    features::temporary_ids::{
        issue::{OpenPair, opened},
        queries::PairRow,
    },
};

/// Returns the parts that are the same on all cards of a society with this policy.
pub(crate) fn sheet(app: &App, society: &Society, policy: &Policy) -> PostcardSheet {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let service = |service: &Service| match service {
        Service::Expenses => "ご家族の医療費を、月ごと・年ごとに見られます。",
        Service::Deduction => "医療費控除に使うデータをダウンロードできます。",
    };
    let mut preparations = texts(&["このハガキ"]);
    if policy.email != EmailRule::Optional {
        preparations.push("ふだん使っているメールアドレス".to_owned());
    }
    if !policy.factors.is_empty() {
        preparations.push("スマートフォン（本人確認の登録に使います）".to_owned());
    }
    let steps = match policy.enrolment {
        EnrolmentFlow::Renewed => texts(&[
            "二次元コードまたは下のURLから、ログイン画面を開きます。",
            "仮ユーザIDと仮パスワードでログインします。",
            "生年月日を入力し、利用規約に同意します。",
            "メールアドレスを入力し、届いたメールのリンクを開きます。",
            "ご自分のユーザIDとパスワードを決めます。",
            "二要素認証を登録すると完了です。",
        ]),
        EnrolmentFlow::Classic => texts(&[
            "二次元コードまたは下のURLから、ログイン画面を開きます。",
            "仮ユーザIDと仮パスワードでログインします。",
            "保険者番号と生年月日を入力し、利用規約に同意します。",
            "ご自分のユーザIDとパスワードを決めると完了です。",
        ]),
    };
    let PostcardLines { sender, postage, mut inquiry } = policy.postcards.clone();
    if inquiry.is_empty() {
        inquiry.extend(policy.senders.reply_to.clone());
    }
    PostcardSheet {
        society_name: society.name.clone(),
        sender,
        postage,
        login_url: format!("{}/login", app.portal_address(society)),
        services: policy.services.iter().map(|one| service(one).to_owned()).collect(),
        preparations,
        steps,
        inquiry,
        issued: app.clock.today(),
        sample: false,
    }
}

/// Returns the key by which the printing house knows a card: it means nothing to anybody else.
pub(crate) fn key(row: &PairRow) -> String {
    format!("{:08}", row.account_id)
}

/// Writes the postcards into a file that nobody else sees and that is gone when it is closed.
///
/// # Errors
/// If there are no fonts, or the file cannot be written; [`yui_print::PrintError::Misfits`] if a line has no room.
pub(crate) async fn written(app: &App, scope: &SystemScope, pairs: Vec<PairRow>) -> anyhow::Result<(File, Written)> {
    let fonts = app.fonts.clone().context("no fonts")?;
    let (app, scope) = (app.clone(), scope.clone());
    let sheet = sheet(&app, scope.society(), &scope.society().policy);
    tokio::task::spawn_blocking(move || {
        let file = tempfile::tempfile()?;
        let mut failed = None;
        let cards = pairs.iter().map_while(|row| match opened(&app, &scope, row) {
            Ok(OpenPair { row, password, until }) => Some(Postcard {
                name: row.name.clone(),
                address: None,
                key: key(row),
                user_id: row.user_id.clone(),
                password: password.to_string(),
                expires: until,
            }),
            Err(error) => {
                failed = Some(error);
                None
            }
        });
        let written = write(&fonts, &sheet, cards, BufWriter::new(file.try_clone()?))?;
        failed.map_or(Ok((file, written)), Err)
    })
    .await?
}
