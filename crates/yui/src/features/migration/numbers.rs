//! The guessable first password: symbol, number and birth date. The older way, on a society's express wish; the
//! account is locked after fewer wrong tries than others, and while there is one such account in the society, every wrong
//! password counts twice against the network it came from (account/login.rs).

use jiff::civil::Date;
use kenpo_formats::text::fold;
use yui_auth::password::Password;

use super::queries;
use crate::{
    core::{app::App, scope::SystemScope},
    features::account::waiting::hashed,
};

/// How many are hashed between two transactions.
const CHUNK: i64 = 200;

/// Makes the passwords that are not made yet: outside of any transaction, so that members can log in meanwhile.
pub(crate) async fn passwords_make(app: &App, scope: &SystemScope) -> anyhow::Result<()> {
    loop {
        let rows = queries::numbers_pending(&app.db, scope, CHUNK).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let passwords: Vec<_> =
            rows.iter().map(|row| Password::new(password(&row.symbol, &row.number, row.birth_date))).collect();
        let hashes = hashed(app, &passwords).await?;
        let mut tx = app.db.begin().await?;
        for (row, hash) in rows.iter().zip(&hashes) {
            queries::numbers_set(&mut tx, scope, row.account_id, hash, app.clock.now()).await?;
        }
        tx.commit().await?;
    }
}

/// Returns 記号＋番号＋生年月日: half width, without spaces; an empty symbol is left out.
fn password(symbol: &str, number: &str, born: Date) -> String {
    let numbers: String = fold(symbol).chars().chain(fold(number).chars()).filter(|c| !c.is_whitespace()).collect();
    format!("{numbers}{:04}{:02}{:02}", born.year(), born.month(), born.day())
}

#[cfg(test)]
mod tests {
    use super::password;

    #[test]
    fn symbol_number_and_birth_date_follow_each_other() {
        let born = jiff::civil::date(2001, 1, 1);
        assert_eq!(password("800", "1234", born), "800123420010101");
        assert_eq!(password("８００", "１２ ３４", born), "800123420010101");
        assert_eq!(password("", "1234", born), "123420010101");
    }
}
