//! The SQL of column profiles.

use yui_db::{Db, DbError, Tx, statements};

use crate::{
    core::{scope::SystemScope, society::InSociety},
    features::imports::{Profile, kind_of},
};

statements! {
    fn profile_list(society_id: i64) -> ProfileRow = "
        SELECT profile_id, kind, name, header, layout, changed_by, changed_at FROM column_profiles
        WHERE society_id = $1
        ORDER BY kind, name, profile_id";
    fn profile_save(
        society_id: i64,
        profile_id: i64,
        kind: &str,
        name: &str,
        header: &str,
        layout: &str,
        by: &str,
        at: jiff::Timestamp,
    ) = "
        INSERT INTO column_profiles (society_id, profile_id, kind, name, header, layout, changed_by, changed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (society_id, profile_id) DO UPDATE
        SET name = excluded.name, header = excluded.header, layout = excluded.layout, changed_by = excluded.changed_by,
            changed_at = excluded.changed_at";
    fn profile_delete(society_id: i64, profile_id: i64) =
        "DELETE FROM column_profiles WHERE society_id = $1 AND profile_id = $2";
}

#[derive(yui_db::Row)]
struct ProfileRow {
    profile_id: i64,
    kind: String,
    name: String,
    header: String,
    layout: String,
    changed_by: String,
    changed_at: jiff::Timestamp,
}

impl ProfileRow {
    fn profile(self) -> Option<Profile> {
        Some(Profile {
            profile_id: self.profile_id,
            kind: kind_of(&self.kind)?,
            name: self.name,
            header: serde_json::from_str(&self.header).ok()?,
            layout: serde_json::from_str(&self.layout).ok()?,
            changed: (self.changed_at, self.changed_by),
        })
    }
}

/// Returns the society's profiles, by kind and name.
pub(in super::super) async fn profile_list(db: &Db, scope: &impl InSociety) -> Result<Vec<Profile>, DbError> {
    let rows: Vec<ProfileRow> = db.all(Sql::profile_list(scope.society_id())).await?;
    Ok(rows.into_iter().filter_map(ProfileRow::profile).collect())
}

/// Inserts a profile, or changes the one of its number.
pub(in super::super) async fn profile_save(tx: &mut Tx, scope: &SystemScope, profile: &Profile) -> Result<(), DbError> {
    let (at, by) = &profile.changed;
    tx.execute(Sql::profile_save(
        scope.society_id(),
        profile.profile_id,
        profile.kind.as_str(),
        &profile.name,
        &serde_json::json!(profile.header).to_string(),
        &serde_json::json!(profile.layout).to_string(),
        by,
        *at,
    ))
    .await
    .map(drop)
}

/// Deletes a profile.
pub(in super::super) async fn profile_delete(tx: &mut Tx, scope: &SystemScope, profile_id: i64) -> Result<(), DbError> {
    tx.execute(Sql::profile_delete(scope.society_id(), profile_id)).await.map(drop)
}
