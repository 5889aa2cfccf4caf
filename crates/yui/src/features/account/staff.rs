//! What staff do to an account: unlock it, initialise its factors. By the command line for now.

use super::{
    happened::{Happened, happened},
    queries,
    settings::sign_out_everywhere,
    throttle::PASSWORDS_OF_USER_ID,
};
use crate::{app::App, scope::SystemScope};

/// Lets the owner of a locked account try passwords again.
///
/// # Errors
/// Where the society has no account with this user ID.
pub async fn unlock(app: &App, scope: &SystemScope, user_id: &str) -> anyhow::Result<()> {
    let user_id = user_id.to_lowercase();
    let mut tx = app.db.begin().await?;
    let Some(account_id) = queries::account_unlock(&mut tx, scope, &user_id).await? else {
        anyhow::bail!("there is no account with the user ID {user_id:?}");
    };
    PASSWORDS_OF_USER_ID.of(&user_id).forget(&mut tx, scope).await?;
    happened(app, &mut tx, scope, None, account_id, Happened::Unlocked).await?;
    tx.commit().await?;
    app.mail.wake();
    Ok(())
}

/// 初期化: removes all factors of the account, whose owner staff have made sure of, and ends its sessions. The next login
/// registers anew.
///
/// # Errors
/// As [`unlock`].
pub async fn reset_factor(app: &App, scope: &SystemScope, user_id: &str) -> anyhow::Result<()> {
    let user_id = user_id.to_lowercase();
    let Some(account_id) = queries::account_id(&app.db, scope, &user_id).await? else {
        anyhow::bail!("there is no account with the user ID {user_id:?}");
    };
    let mut tx = app.db.begin().await?;
    queries::factors_delete(&mut tx, scope, account_id, None).await?;
    queries::chosen_factor_set(&mut tx, scope, account_id, None).await?;
    sign_out_everywhere(&mut tx, scope, account_id, &[0; 32], &[0; 32]).await?;
    happened(app, &mut tx, scope, None, account_id, Happened::FactorsReset).await?;
    tx.commit().await?;
    app.mail.wake();
    Ok(())
}
