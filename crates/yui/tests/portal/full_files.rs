//! Full files (全件): who is missing, and previews that are out of date.

use portal_test::portal_test;
use yui::{
    core::{scope::SystemScope, society::Preset},
    features::imports::{self, UploadState},
};
use yui_db::Engine;

use crate::{
    register::{INSURER, households_of, register_both_ways, register_of},
    support::{Portal, state_of},
    uploads::uploaded_with,
};

/// Checks a file with everybody, whose missing members are to leave on 2026-10-01; returns the upload.
async fn whole(portal: &Portal, scope: &SystemScope, name: &str, rows: &[&str]) -> i64 {
    let answers = [("extent", "all"), ("as_of", "2026-10-01"), ("missing", "end")];
    let answers: imports::Answers = answers.map(|(name, answer)| (name.into(), answer.into())).into();
    let id = uploaded_with(&portal.app, scope, "register", name, register_of(rows).into(), answers).await;
    imports::work_due(&portal.app).await.unwrap();
    id
}

/// Has a checked upload imported; returns its state after that.
async fn applied(portal: &Portal, scope: &SystemScope, id: i64) -> UploadState {
    assert!(imports::apply_upload(&portal.app, scope, id, false, &imports::Answers::new()).await.unwrap());
    imports::work_due(&portal.app).await.unwrap();
    imports::upload_of(&portal.app, scope, id).await.unwrap().unwrap().state
}

const TWINS: [&str; 3] = [
    "1,00,,双子 親,フタゴ オヤ,男,1980-01-01,本人,2010-04-01,",
    "1,01,,双子 優,フタゴ ユウ,男,2015-05-05,家族,2015-05-05,",
    "1,02,,双子 勇,フタゴ イサム,男,2015-05-05,家族,2015-05-05,",
];

/// One twin's row does not stand for the other, but a row under another name stands for somebody without a twin.
#[portal_test]
async fn a_file_with_everybody_misses_one_twin_beside_the_other(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    let leaves = async |id: i64, many: usize| {
        let before = state_of(&portal).await.matches("|2026-10-01|").count();
        assert_eq!(applied(&portal, &scope, id).await, UploadState::Applied);
        assert_eq!(state_of(&portal).await.matches("|2026-10-01|").count(), before + many);
    };
    register_both_ways(&portal, &scope, "a.csv", &TWINS).await;
    let renamed = TWINS[1].replace("フタゴ ユウ", "フタゴ マサル");
    leaves(whole(&portal, &scope, "b.csv", &[TWINS[0], &renamed, TWINS[2]]).await, 0).await;
    leaves(whole(&portal, &scope, "c.csv", &[TWINS[0], TWINS[2]]).await, 1).await;
    let households = households_of(&portal).await;
    assert_eq!(households, ["双子 親,双子 優,双子 勇"], "nobody is there twice");
}

/// A person who joined after the preview of a file with everybody is never ended by it unseen: it is checked once more.
#[portal_test]
async fn a_file_with_everybody_is_checked_again_where_the_register_changed(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    let late = "5,00,,後日 五,ゴジツ ゴ,男,1991-05-05,本人,2026-09-01,";
    register_both_ways(&portal, &scope, "a.csv", &[TWINS[0]]).await;
    let id = whole(&portal, &scope, "b.csv", &[TWINS[0]]).await;
    register_both_ways(&portal, &scope, "c.csv", &[late]).await;
    let before = state_of(&portal).await;
    assert_eq!(applied(&portal, &scope, id).await, UploadState::Checked, "staff see the preview again");
    assert_eq!(state_of(&portal).await, before);
    assert_eq!(applied(&portal, &scope, id).await, UploadState::Applied, "what they saw now is done");
    assert!(state_of(&portal).await.contains("|2026-10-01|"));
}
