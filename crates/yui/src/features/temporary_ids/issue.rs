//! Temporary IDs and passwords on paper, as a CSV for the printing house.
//!
//! A pair must not be lost, whatever is killed when: an account whose password nobody knows could not be told from one
//! whose paper is on its way. So a pair is first kept sealed, in the transaction that makes it valid (`issued_pairs`); then
//! all kept pairs are written out, in one go; and only when they have safely arrived are they forgotten. Killed in between,
//! the next run writes the same pairs again, beside those it makes itself: two files may then hold one pair, and both are
//! right.

use std::io;

use anyhow::{Context, bail};
use jiff::{Timestamp, ToSpan, civil::Date};
use kenpo_formats::text::harmless_cell;
use yui_auth::{
    code::{temporary_password, temporary_user_id},
    password::Password,
    seal,
};
use yui_db::Tx;
use zeroize::Zeroizing;

use super::queries::{self, PairRow};
use crate::{
    core::{
        app::App,
        audit,
        clock::{end_of, last_day},
        scope::SystemScope,
        society::{InSociety, ids_take},
    },
    features::{
        account::{
            queries::{self as accounts, EventRecord, NewMigratedAccount},
            rules,
            staff::{ACCOUNT_PAIR_REISSUED, subject},
            waiting::{hashed, take_back_of},
        },
        terms,
    },
};

audit::acts! {
    /// Pairs were made and written out for the printing house, passwords and all.
    PAIRS_ISSUED = "temporary_ids.issued" / "仮ID・仮パスワードを発行し、一覧を書き出し";
}

/// The accounts that get temporary credentials.
#[derive(Clone, Copy, Debug)]
pub enum Recipients<'a> {
    /// Insured persons, covered today, without an account; and users of the older system without an address and
    /// therefore without a link.
    WithoutPair,
    /// Insured persons, covered today, whose first login expired before they finished enrolment.
    Expired,
    /// Everybody who got temporary credentials in this run and is not enrolled: its paper was lost.
    Run(i64),
    /// The account with this user ID, whose paper was lost: the old pair is invalid at once.
    Account(&'a str),
}

/// The number of pairs that are made in one transaction.
const CHUNK: usize = 200;

/// Makes the pairs, has `deliver` store them safely as one CSV, and forgets the passwords; returns the number of pairs.
/// An error of `deliver` keeps them for the next run.
///
/// # Errors
/// If the user ID is unknown or enrolled, no sealing key is configured, the database fails or `deliver` does.
pub async fn issue(
    app: &App,
    scope: &SystemScope,
    whom: Recipients<'_>,
    deliver: impl FnOnce(&[u8]) -> io::Result<()>,
) -> anyhow::Result<usize> {
    let only = make(app, scope, whom).await?;
    let mut pairs = queries::pairs(&app.db, scope, NO_RUN).await?;
    pairs.retain(|pair| only.is_none_or(|only| only == pair.account_id));
    let csv = csv(app, scope, &pairs)?;
    // What cannot be written down is not handed out.
    audit::seen(app, scope, PAIRS_ISSUED, None, &format!("{}件", pairs.len())).await?;
    deliver(csv.as_bytes()).context("the pairs were not written; they are kept, and the next run writes them")?;
    let mut tx = app.db.begin().await?;
    for pair in &pairs {
        queries::pair_forget(&mut tx, scope, pair).await?;
    }
    tx.commit().await?;
    Ok(pairs.len())
}

/// The run number of pairs that are in no run.
pub(crate) const NO_RUN: i64 = 0;

/// Makes the pairs, which wait to be written out; returns the account, if it is one.
///
/// # Errors
/// If the user ID is unknown or enrolled, no sealing key is configured, or the database fails. The pairs made until
/// then are kept, and not made again.
pub async fn make(app: &App, scope: &SystemScope, whom: Recipients<'_>) -> anyhow::Result<Option<i64>> {
    let today = app.clock.today();
    let ends_at = end_of(today.checked_add(i32::from(scope.society().policy.temporary_days).days())?)?;
    match whom {
        Recipients::WithoutPair => {
            for some in queries::insured_without_account(&app.db, scope, today).await?.chunks(CHUNK) {
                new_accounts(app, scope, some, ends_at).await?;
            }
            let without_way = queries::without_way(&app.db, scope, today).await?;
            reissue_all(app, scope, &without_way, ends_at).await?;
            Ok(None)
        }
        Recipients::Expired => {
            let expired = queries::expired(&app.db, scope, today, app.clock.now()).await?;
            reissue_all(app, scope, &expired, ends_at).await?;
            Ok(None)
        }
        Recipients::Run(run_id) => {
            let again = queries::of_run(&app.db, scope, run_id).await?;
            reissue_all(app, scope, &again, ends_at).await?;
            Ok(None)
        }
        Recipients::Account(user_id) => {
            let user_id = rules::folded(user_id);
            let account = queries::temporary(&app.db, scope, &user_id).await?;
            let account =
                account.with_context(|| format!("{user_id:?} is no user ID of an account that waits for enrolment"))?;
            reissue_all(app, scope, &[account], ends_at).await?;
            Ok(Some(account))
        }
    }
}

/// Gives persons (member and household) an account with a pair.
async fn new_accounts(
    app: &App,
    scope: &SystemScope,
    persons: &[(i64, i64)],
    ends_at: Timestamp,
) -> anyhow::Result<()> {
    let passwords = passwords(app, persons.len())?;
    let hashes = hashed(app, &passwords).await?;
    let user_ids: Vec<_> =
        persons.iter().map(|_| Ok(temporary_user_id(app.random.bytes()?))).collect::<anyhow::Result<_>>()?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let first = ids_take(&mut tx, scope, "account", i64::try_from(persons.len())?).await?;
    let accounts: Vec<_> = (first..)
        .zip(persons)
        .zip(user_ids.iter().zip(&hashes))
        .map(|((account_id, (member_id, household_id)), (user_id, password_hash))| NewMigratedAccount {
            account_id,
            member_id: *member_id,
            household_id: *household_id,
            user_id,
            password_hash,
            email: None,
            ends_at,
            origin: "new",
            batch_id: None,
            first_way: "pair",
        })
        .collect();
    accounts::accounts_insert(&mut tx, scope, &accounts, now).await.context("somebody else is making accounts")?;
    for (account, password) in accounts.iter().zip(&passwords) {
        keep(app, &mut tx, scope, account.account_id, password).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Gives accounts that wait for enrolment another pair.
async fn reissue_all(app: &App, scope: &SystemScope, accounts: &[i64], ends_at: Timestamp) -> anyhow::Result<()> {
    for some in accounts.chunks(CHUNK) {
        let passwords = passwords(app, some.len())?;
        let hashes = hashed(app, &passwords).await?;
        let mut tx = app.db.begin().await?;
        for ((account_id, password), hash) in some.iter().copied().zip(&passwords).zip(&hashes) {
            if !reissue_in(app, &mut tx, scope, account_id, (password, hash), ends_at).await? {
                bail!("an account was enrolled just now: run this again");
            }
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Gives an account that waits for enrolment another pair, which waits to be written out with the next ones; the old
/// pair is invalid at once. Returns false, and changes nothing, if the account does not wait. `recorded` writes the
/// audit entry, as the last thing in the transaction.
///
/// # Errors
/// Where no sealing key is configured or the database fails.
pub(crate) async fn reissue(
    app: &App,
    scope: &SystemScope,
    account_id: i64,
    recorded: impl AsyncFnOnce(&mut Tx) -> anyhow::Result<()>,
) -> anyhow::Result<bool> {
    let ends_at = end_of(app.clock.today().checked_add(i32::from(scope.society().policy.temporary_days).days())?)?;
    let passwords = passwords(app, 1)?;
    let hashes = hashed(app, &passwords).await?;
    let (Some(password), Some(hash)) = (passwords.first(), hashes.first()) else { bail!("no password was made") };
    let mut tx = app.db.begin().await?;
    if !reissue_in(app, &mut tx, scope, account_id, (password, hash), ends_at).await? {
        return Ok(false);
    }
    recorded(&mut tx).await?;
    tx.commit().await?;
    app.mail.wake();
    Ok(true)
}

/// Replaces the old pair by a new one; returns false if the account does not wait for enrolment. The results of a first
/// login with the old pair are undone: the new paper begins a new enrolment.
async fn reissue_in(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    account_id: i64,
    (password, hash): (&Password, &str),
    ends_at: Timestamp,
) -> anyhow::Result<bool> {
    let now = app.clock.now();
    if !queries::pair_set(tx, scope, account_id, hash, (now, ends_at)).await? {
        return Ok(false);
    }
    take_back_of(tx, scope, account_id, now).await?;
    accounts::links_delete(tx, scope, account_id, "email").await?;
    accounts::logins_delete_of(tx, scope, account_id, &[0; 32]).await?;
    terms::forget(tx, scope, account_id).await?;
    keep(app, tx, scope, account_id, password).await?;
    Ok(true)
}

fn passwords(app: &App, count: usize) -> anyhow::Result<Vec<Password>> {
    (0..count).map(|_| Ok(Password::new(temporary_password(app.random.bytes()?).to_string()))).collect()
}

/// A pair in clear, for paper.
pub(crate) struct OpenPair<'a> {
    pub(crate) row: &'a PairRow,
    pub(crate) password: Zeroizing<String>,
    /// The last day on which it can be used.
    pub(crate) until: Date,
}

/// Unseals a pair.
pub(crate) fn opened<'a>(app: &App, scope: &SystemScope, row: &'a PairRow) -> anyhow::Result<OpenPair<'a>> {
    let (society, account) = (scope.society_id().to_string(), row.account_id.to_string());
    let password = app.keys()?.open(&context(&society, &account), &row.sealed_password)?;
    let password = Zeroizing::new(std::str::from_utf8(&password)?.to_owned());
    Ok(OpenPair { row, password, until: last_day(row.ends_at) })
}

fn context<'a>(society: &'a str, row: &'a str) -> seal::Context<'a> {
    seal::Context { society, table: "issued_pairs", column: "sealed_password", row }
}

/// Keeps a pair until it is written out, and records the event.
async fn keep(app: &App, tx: &mut Tx, scope: &SystemScope, account_id: i64, password: &Password) -> anyhow::Result<()> {
    let (society, row) = (scope.society_id().to_string(), account_id.to_string());
    let sealed = app.keys()?.seal(&context(&society, &row), app.random.bytes()?, password.expose().as_bytes())?;
    queries::pair_keep(tx, scope, account_id, &sealed).await?;
    let event = EventRecord { account_id, kind: "pair_issued", detail: None, actor: "staff", address: None };
    Ok(accounts::event_insert(tx, scope, &event, app.clock.now()).await?)
}

const HEADER: &str = "保険者番号,記号,番号,氏名,仮ユーザID,仮パスワード,有効期限,ログイン画面の住所";

/// Returns the pairs as the printing house gets them: UTF-8 with a byte order mark, CRLF, and only the columns that the
/// paper needs.
pub(crate) fn csv(app: &App, scope: &SystemScope, pairs: &[PairRow]) -> anyhow::Result<Zeroizing<String>> {
    let login = format!("{}/login", app.portal_address(scope.society()));
    let mut csv = Zeroizing::new(String::with_capacity(HEADER.len() + 200 * pairs.len()));
    csv.push_str(&format!("\u{feff}{HEADER}\r\n"));
    for row in pairs {
        let OpenPair { row, password, until } = opened(app, scope, row)?;
        let until = until.to_string();
        let cells =
            [&row.insurer_number, &row.symbol, &row.number, &row.name, &row.user_id, &*password, &until, &login];
        for (place, cell) in cells.into_iter().enumerate() {
            if place > 0 {
                csv.push(',');
            }
            cell_push(&mut csv, cell);
        }
        csv.push_str("\r\n");
    }
    Ok(csv)
}

/// Writes a cell in the form of RFC 4180, harmless if a spreadsheet would take it for a formula.
fn cell_push(csv: &mut String, cell: &str) {
    let cell = harmless_cell(cell);
    if cell.contains(['"', ',', '\r', '\n']) {
        csv.push('"');
        csv.push_str(&cell.replace('"', "\"\""));
        csv.push('"');
    } else {
        csv.push_str(&cell);
    }
}

/// Gives an account that waits for enrolment another temporary ID's password, which goes out with the next pairs that
/// are written out; credentials posted before are invalid. Returns false if the account does not wait.
///
/// # Errors
/// As [`unlock_of`], and if no sealing key is configured.
pub async fn pair_reissue(app: &App, scope: &SystemScope, account_id: i64, reason: &str) -> anyhow::Result<bool> {
    let (subject, _) = subject(app, scope, account_id).await?;
    let recorded =
        async |tx: &mut Tx| audit::record(app, tx, scope, ACCOUNT_PAIR_REISSUED, Some(&subject), reason).await;
    reissue(app, scope, account_id, recorded).await
}

#[cfg(test)]
mod tests {
    use super::cell_push;

    #[test]
    fn a_cell_with_a_comma_or_a_quote_is_quoted() {
        let mut csv = String::new();
        for cell in ["見本 一郎", "a,b", "\"x\"", "=HYPERLINK(A1)", "＝1"] {
            cell_push(&mut csv, cell);
            csv.push('|');
        }
        assert_eq!(csv, "見本 一郎|\"a,b\"|\"\"\"x\"\"\"|'=HYPERLINK(A1)|'＝1|");
    }
}
