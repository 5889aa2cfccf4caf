//! The creation of a society.

use anyhow::{Context, bail};
use kenpo_formats::InsurerNumber;

use super::queries;
use crate::{
    core::{app::App, audit, scope::SystemScope, society::Policy},
    features::terms,
};

/// A new society.
#[derive(Debug)]
pub struct NewSociety {
    /// Its short name: lower-case letters and digits.
    pub key: String,
    /// The host name its members will type.
    pub host: String,
    /// Its full name.
    pub name: String,
    /// Its insurer numbers, one or two.
    pub insurer_numbers: Vec<InsurerNumber>,
    /// Its policy.
    pub policy: Policy,
}

/// Creates the society; returns its id.
///
/// # Errors
/// If key, host or an insurer number is taken or has the wrong form: the message says which.
pub async fn create(app: &App, new: &NewSociety) -> anyhow::Result<i64> {
    let plain = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if !plain(&new.key) {
        bail!("key {:?}: lower-case letters and digits only", new.key);
    }
    if new.host.is_empty() || new.host.contains([':', '/', ' ']) || new.host.to_lowercase() != new.host {
        bail!("host {:?}: a host name in lower case without port, as in portal.example.jp", new.host);
    }
    if new.insurer_numbers.is_empty() {
        bail!("a society has at least one insurer number");
    }
    let insurer_numbers: Vec<_> = new.insurer_numbers.iter().map(|number| number.as_str().to_owned()).collect();
    let society = queries::NewSocietyRow {
        key: &new.key,
        host: &new.host,
        name: &new.name,
        insurer_numbers: &insurer_numbers,
        policy: &new.policy,
    };
    let mut tx = app.db.begin().await?;
    let id = queries::society_insert(&mut tx, &society, app.clock.now()).await.context("the society was not made")?;
    terms::begin(&mut tx, id, app.clock.now()).await?;
    tx.commit().await?;
    app.societies.forget();
    // Its log begins with this: one that begins otherwise was emptied, or is of a society made before there were logs.
    if app.keys.is_some() {
        let scope = SystemScope::of_society(app, &new.key).await?;
        audit::seen(app, &scope, audit::CREATED, None, &new.name).await?;
    }
    Ok(id)
}
