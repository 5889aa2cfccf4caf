//! Column profiles (列の対応): the layout of a kind's tables in another program, as a society has defined it once.

use jiff::Timestamp;
use kenpo_formats::csv_table::{Layout, first_line, is_own_header};

use super::{Kind, Source, acting, acts, format::Format, queries, used_profile::UsedProfile};
use crate::core::{
    app::App,
    audit,
    scope::SystemScope,
    society::{InSociety, ids_take},
};

/// The layout of a kind's tables in another program.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its number within the society; 0 before it is kept.
    pub profile_id: i64,
    /// The kind of its files.
    pub kind: Kind,
    /// Its name for staff.
    pub name: String,
    /// The header of its files.
    pub header: Vec<String>,
    /// The assignment of their columns to ours.
    pub layout: Layout,
    /// The time and author of the last change.
    pub changed: (Timestamp, String),
}

impl From<&Profile> for UsedProfile {
    fn from(profile: &Profile) -> Self {
        Self { name: profile.name.clone(), layout: profile.layout.clone() }
    }
}

/// Returns the society's profiles, by kind and name.
///
/// # Errors
/// Where the database does not answer.
pub async fn profiles(app: &App, scope: &impl InSociety) -> Result<Vec<Profile>, yui_db::DbError> {
    queries::profile_list(&app.db, scope).await
}

/// Keeps a profile, a new one or a changed one; returns its number.
///
/// # Errors
/// Where the database does not answer.
pub async fn profile_save(app: &App, scope: &SystemScope, profile: &Profile) -> anyhow::Result<i64> {
    let mut tx = app.db.begin().await?;
    let profile_id = match profile.profile_id {
        0 => ids_take(&mut tx, scope, "column_profile", 1).await?,
        known => known,
    };
    let kept = Profile { profile_id, changed: (app.clock.now(), acting::name(scope).to_owned()), ..profile.clone() };
    queries::profile_save(&mut tx, scope, &kept).await?;
    let pairs = kept.layout.columns.iter().map(|(ours, theirs)| format!("{ours}={theirs}"));
    let constants = kept.layout.constants.iter().map(|(ours, value)| format!("{ours}=「{value}」"));
    let detail = pairs.chain(constants).collect::<Vec<_>>().join("、");
    audit::record(app, &mut tx, scope, acts::PROFILE_SAVED, Some(&acts::profile(&kept)), &detail).await?;
    tx.commit().await?;
    Ok(profile_id)
}

/// Deletes a profile. Files that came before are still read by it.
///
/// # Errors
/// Where the database does not answer.
pub async fn profile_delete(app: &App, scope: &SystemScope, profile: &Profile) -> anyhow::Result<()> {
    let mut tx = app.db.begin().await?;
    queries::profile_delete(&mut tx, scope, profile.profile_id).await?;
    let detail = profile.kind.label();
    audit::record(app, &mut tx, scope, acts::PROFILE_DELETED, Some(&acts::profile(profile)), detail).await?;
    tx.commit().await?;
    Ok(())
}

/// Returns the profile of this kind that the header of a source's files fits, the one with the most columns if several
/// do; none if the header is our own. Blocks.
pub fn fitting<'p>(profiles: &'p [Profile], kind: Kind, source: &Source) -> Option<&'p Profile> {
    let headers = source.files().into_iter().filter(|file| file.format == Format::Csv).filter_map(|file| {
        // The check of the upload reports a read error.
        first_line(file.open().ok()?).ok()
    });
    let mut others = headers.filter(|header| !is_own_header(header, kind.columns()));
    let header = others.next()?;
    let fitting =
        profiles.iter().filter(|profile| profile.kind.as_str() == kind.as_str() && profile.layout.fits(&header));
    fitting.max_by_key(|profile| profile.layout.columns.len())
}
