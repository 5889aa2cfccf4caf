//! The people behind accounts, and of what they want mail.

use yui_db::{Db, DbError, Tx, statements};

use crate::{core::society::InSociety, ui::Lang};

statements! {
    fn person(society_id: i64, account_id: i64) -> PersonRow = "
        SELECT a.user_id, a.email, a.lang, m.name, m.birth_date, m.email AS register_email,
            (SELECT MAX(c.symbol || ' ' || c.number) FROM coverages c
                WHERE c.society_id = a.society_id AND c.member_id = a.member_id) AS holder,
            EXISTS (SELECT 1 FROM factors f
                WHERE f.society_id = a.society_id AND f.account_id = a.account_id AND f.kind = 'passkey') AS has_passkey
        FROM accounts a
        JOIN members m ON m.society_id = a.society_id AND m.member_id = a.member_id
        WHERE a.society_id = $1 AND a.account_id = $2";
    fn forgetful(society_id: i64, email: &str) -> ForgetfulRow = "
        SELECT a.account_id, a.user_id, a.lang, m.birth_date
        FROM accounts a
        JOIN members m ON m.society_id = a.society_id AND m.member_id = a.member_id
        WHERE a.society_id = $1 AND a.email = $2 AND a.state = 'enrolled'";
    fn wish_set(society_id: i64, account_id: i64, kind: &str, wanted: bool) = "
        INSERT INTO mail_wishes (society_id, account_id, kind, wanted) VALUES ($1, $2, $3, $4)
        ON CONFLICT (society_id, account_id, kind) DO UPDATE SET wanted = excluded.wanted";
    fn wishes(society_id: i64, account_id: i64) -> MailPreferenceRow =
        "SELECT kind, wanted FROM mail_wishes WHERE society_id = $1 AND account_id = $2 ORDER BY kind";
}

/// The person behind an account, as far as letters and checks need.
#[derive(Clone)]
pub(crate) struct AccountPerson {
    pub(crate) user_id: String,
    pub(crate) email: Option<String>,
    pub(crate) lang: Lang,
    pub(crate) name: String,
    pub(crate) birth_date: jiff::civil::Date,
    /// 記号・番号, separated by a space.
    pub(crate) holder: String,
    /// The address that the register has.
    pub(crate) register_email: Option<String>,
    /// Whether one of the account's factors is a passkey.
    pub(crate) has_passkey: bool,
}

#[derive(yui_db::Row)]
struct PersonRow {
    user_id: String,
    email: Option<String>,
    lang: String,
    name: String,
    birth_date: jiff::civil::Date,
    register_email: Option<String>,
    holder: Option<String>,
    has_passkey: bool,
}

impl From<PersonRow> for AccountPerson {
    fn from(row: PersonRow) -> Self {
        Self {
            user_id: row.user_id,
            email: row.email,
            lang: Lang::parse(&row.lang).unwrap_or_default(),
            name: row.name,
            birth_date: row.birth_date,
            holder: row.holder.unwrap_or_default(),
            register_email: row.register_email,
            has_passkey: row.has_passkey,
        }
    }
}

/// Returns the person behind the account.
pub(crate) async fn person(db: &Db, scope: &impl InSociety, account_id: i64) -> Result<AccountPerson, DbError> {
    db.one(Sql::person(scope.society_id(), account_id)).await.map(AccountPerson::from)
}

/// Returns the person behind the account, as the transaction sees them.
pub(crate) async fn person_in(tx: &mut Tx, scope: &impl InSociety, account_id: i64) -> Result<AccountPerson, DbError> {
    tx.one(Sql::person(scope.society_id(), account_id)).await.map(AccountPerson::from)
}

#[derive(yui_db::Row)]
struct ForgetfulRow {
    account_id: i64,
    user_id: String,
    lang: String,
    birth_date: jiff::civil::Date,
}

/// Somebody who forgot the user ID.
pub(crate) struct Forgetful {
    pub(crate) account_id: i64,
    pub(crate) user_id: String,
    pub(crate) lang: Lang,
    pub(crate) birth_date: jiff::civil::Date,
}

/// Returns whose address this is.
pub(crate) async fn forgetful_in(
    tx: &mut Tx,
    scope: &impl InSociety,
    email: &str,
) -> Result<Option<Forgetful>, DbError> {
    let row: Option<ForgetfulRow> = tx.optional(Sql::forgetful(scope.society_id(), email)).await?;
    Ok(row.map(|row| Forgetful {
        account_id: row.account_id,
        user_id: row.user_id,
        lang: Lang::parse(&row.lang).unwrap_or_default(),
        birth_date: row.birth_date,
    }))
}

/// Keeps whether mail about this kind of news is wanted.
pub(crate) async fn wish_set(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    kind: &str,
    wanted: bool,
) -> Result<(), DbError> {
    tx.execute(Sql::wish_set(scope.society_id(), account_id, kind, wanted)).await.map(drop)
}

#[derive(yui_db::Row)]
struct MailPreferenceRow {
    kind: String,
    wanted: bool,
}

/// Returns of which kinds of news the member has said whether mail is wanted.
pub(crate) async fn wishes(db: &Db, scope: &impl InSociety, account_id: i64) -> Result<Vec<(String, bool)>, DbError> {
    let rows: Vec<MailPreferenceRow> = db.all(Sql::wishes(scope.society_id(), account_id)).await?;
    Ok(rows.into_iter().map(|row| (row.kind, row.wanted)).collect())
}
