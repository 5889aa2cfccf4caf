//! The acts of staff on members' accounts: each act with its help, its ends, and its entry in the log.

use portal_test::portal_test;
use yui::{
    core::{scope::SystemScope, society::InSociety},
    features::temporary_ids::{self, Recipients},
};
use yui_db::{Engine, statements};

use crate::{
    members::found,
    support::{Browser, PASSWORD, Portal, encode},
};

statements! {
    fn policy_of(society_id: i64) -> Text =
        "SELECT policy AS text FROM society_policies WHERE society_id = $1 ORDER BY version DESC LIMIT 1";
    fn policy_add(society_id: i64, policy: &str, now: jiff::Timestamp) =
        "INSERT INTO society_policies (society_id, version, policy, valid_from) VALUES ($1, 99, $2, $3)";
}

#[derive(yui_db::Row)]
struct Text {
    text: String,
}

async fn facts(staff: &mut Browser, id: i64) -> String {
    staff.get(&format!("/console/members/{id}")).await.all("dl.facts")[1].clone()
}

/// Returns what the log says was done, the newest first.
async fn log(portal: &Portal, act: &str) -> Vec<String> {
    let mut admin = portal.staff("minato", "kanri").await;
    admin.look_for("/console/audit", &format!("act={act}")).await.all("tbody td")
}

#[portal_test]
async fn a_locked_account_is_unlocked(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut staff = portal.staff("minato", "madoguchi").await;
    let id = found(&mut staff, "rokku00004").await;
    assert!(facts(&mut staff, id).await.contains("ロック中"));
    let page = staff.get(&format!("/console/members/{id}/unlock")).await;
    assert_eq!(page.first("h1"), "ロックの解除");
    let done = staff.post(&format!("/console/members/{id}/unlock"), "reason=").await;
    assert_eq!(done.location(), format!("/console/members/{id}?done=unlocked"));
    assert!(facts(&mut staff, id).await.contains("登録済み"));
    portal.signed_in("minato", "rokku00004").await;
    let mail = portal.mail_to("rokku00004@minato.example").await;
    assert!(portal.mails().await.iter().any(|mail| mail["subject"] == "アカウントのロックが解除されました"), "{mail}");
    assert_eq!(log(&portal, "account.unlocked").await[2], "窓口 三枝");
    let again = staff.post(&format!("/console/members/{id}/unlock"), "reason=").await;
    assert_eq!(again.location(), format!("/console/members/{id}?done=changed"));
}

#[portal_test]
async fn factors_are_initialised_with_a_reason_and_a_check_of_who_asks(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut member = portal.signed_in("minato", "testtaro01").await;
    let mut staff = portal.staff("minato", "madoguchi").await;
    let id = found(&mut staff, "testtaro01").await;
    let path = format!("/console/members/{id}/factors");
    assert_eq!(staff.get(&path).await.first("h1"), "認証方法の初期化");
    let wrong = staff.post(&path, "reason=+&identity=").await;
    assert_eq!(wrong.all(".error-summary li"), ["本人確認の方法を入力してください。", "理由を入力してください。"]);
    let typed = format!("reason={}&identity={}", encode("携帯電話の紛失"), encode("電話で生年月日を確認"));
    assert_eq!(staff.post(&path, &typed).await.location(), format!("/console/members/{id}?done=factors-reset"));
    assert_eq!(member.get("/expenses").await.status, 303, "signed out");
    let mut anew = portal.browser("minato");
    assert_eq!(anew.log_in("testtaro01", PASSWORD).await.location(), "/factors");
    assert_eq!(log(&portal, "account.factors_reset").await[5], "携帯電話の紛失（本人確認: 電話で生年月日を確認）");
    let page = staff.get(&format!("/console/members/{id}")).await.text();
    assert!(page.contains("認証方法を初期化") && page.contains("携帯電話の紛失"));
}

#[portal_test]
async fn where_two_decide_the_initialisation_waits_for_the_second(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = SystemScope::of_society(&portal.app, "minato").await.unwrap();
    let Text { text } = portal.db.db.one(Sql::policy_of(scope.society_id())).await.unwrap();
    let mut policy: serde_json::Value = serde_json::from_str(&text).unwrap();
    policy["two_person"] = serde_json::json!(["factor_reset"]);
    portal
        .db
        .db
        .execute(Sql::policy_add(scope.society_id(), &policy.to_string(), portal.app.clock.now()))
        .await
        .unwrap();
    assert!(portal.app.clock.advance(60));
    let mut staff = portal.staff("minato", "madoguchi").await;
    let id = found(&mut staff, "testtaro01").await;
    let path = format!("/console/members/{id}/factors");
    assert!(staff.get(&path).await.text().contains("二人の確認が必要"));
    let typed = format!("reason={}&identity={}", encode("紛失"), encode("来所"));
    assert_eq!(staff.post(&path, &typed).await.location(), "/console/approvals?done=asked");
    assert!(staff.post(&path, &typed).await.first(".error-summary li").contains("すでに承認を依頼"));
    assert_eq!(portal.browser("minato").log_in("testtaro01", PASSWORD).await.location(), "/login/factor");
    let mut admin = portal.staff("minato", "kanri").await;
    let approve = admin.get("/console/approvals").await.attribute("form[action$=approve]", "action");
    assert_eq!(admin.post(&approve, "").await.location(), "/console/approvals?done=approved");
    assert_eq!(portal.browser("minato").log_in("testtaro01", PASSWORD).await.location(), "/factors");
}

#[portal_test]
async fn a_stopped_account_opens_by_nothing_until_it_is_resumed(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut member = portal.signed_in("minato", "testtaro01").await;
    let mut staff = portal.staff("minato", "madoguchi").await;
    let id = found(&mut staff, "testtaro01").await;
    member.post("/forgotten/password", "user_id=testtaro01").await;
    let link = portal.mailed_link_of("password_reset").await;
    let path = format!("/console/members/{id}/stop");
    assert_eq!(staff.post(&path, "reason=").await.all(".error-summary li"), ["理由を入力してください。"]);
    let done = staff.post(&path, &format!("reason={}", encode("本人の申出"))).await;
    assert_eq!(done.location(), format!("/console/members/{id}?done=stopped"));
    assert_eq!(member.get("/expenses").await.status, 303);
    let refused = portal.browser("minato").log_in("testtaro01", PASSWORD).await;
    assert_eq!(refused.first(".error-summary li"), "無効なユーザIDまたはパスワードです。", "{}", refused.status);
    let mut linked = portal.browser("minato");
    assert!(!linked.get(&link).await.text().contains("new_password"));
    assert!(facts(&mut staff, id).await.contains("停止中"));
    assert_eq!(portal.mail_to("testtaro01@minato.example").await["subject"], "アカウントの利用が停止されました");
    let search = staff.look_for("/console/members", "state=stopped").await;
    assert_eq!(search.all("tbody th"), ["テスト タロウ"]);

    let back = staff.post(&format!("/console/members/{id}/resume"), "reason=ok").await;
    assert_eq!(back.location(), format!("/console/members/{id}?done=resumed"));
    portal.signed_in("minato", "testtaro01").await;
    // One that waits for enrolment waits again.
    let id = found(&mut staff, "kari000003").await;
    staff.post(&format!("/console/members/{id}/stop"), "reason=x").await;
    staff.post(&format!("/console/members/{id}/resume"), "reason=x").await;
    assert!(facts(&mut staff, id).await.contains("登録待ち"));
    assert!(portal.browser("minato").log_in("kari000003", PASSWORD).await.location().starts_with("/enrolment"));
}

#[portal_test]
async fn sessions_are_ended_and_a_user_id_is_changed_by_the_members_rules(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut member = portal.signed_in("minato", "testtaro01").await;
    let mut staff = portal.staff("minato", "madoguchi").await;
    let id = found(&mut staff, "testtaro01").await;
    assert_eq!(staff.get(&format!("/console/members/{id}")).await.all("#sessions ~ .scroll tbody tr").len(), 1);
    let done = staff.post(&format!("/console/members/{id}/sign-out"), "reason=").await;
    assert_eq!(done.location(), format!("/console/members/{id}?done=signed-out"));
    assert_eq!(member.get("/expenses").await.status, 303);

    let path = format!("/console/members/{id}/user-id");
    for (typed, words) in [
        ("ab", "ユーザIDは3文字以上"),
        ("mihon00002", "このユーザIDは使われています"),
        ("testtaro01", "今と同じ"),
        (PASSWORD, "このユーザIDは使えません"),
        ("日本", "ユーザIDは3文字以上"),
    ] {
        let answer = staff.post(&path, &format!("reason=x&user_id={}", encode(typed))).await;
        // A password is no user ID: it has capitals, and is folded.
        if typed != PASSWORD {
            assert!(answer.first(".error-summary li").starts_with(words), "{typed}: {}", answer.status);
        }
    }
    let done = staff.post(&path, "reason=x&user_id=New-Name.1").await;
    assert_eq!(done.location(), format!("/console/members/{id}?done=user-id-changed"));
    portal.signed_in("minato", "new-name.1").await;
    assert_eq!(found(&mut staff, "new-name").await, id);
    assert!(log(&portal, "account.user_id_changed").await[5].contains("→ new-name.1: x"));
}

#[portal_test]
async fn a_pair_is_reissued_by_those_who_send_paper_and_the_old_one_is_dead(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut desk = portal.staff("minato", "madoguchi").await;
    let id = found(&mut desk, "kari000003").await;
    let path = format!("/console/members/{id}/pair");
    assert_eq!(desk.post(&path, "reason=x").await.status, 403);
    let mut staff = portal.staff("minato", "kyufu").await;
    assert!(staff.get(&path).await.text().contains("次のハガキ・CSV"));
    assert_eq!(staff.post(&path, "reason=x").await.location(), format!("/console/members/{id}?done=pair-reissued"));
    assert!(facts(&mut staff, id).await.contains("書き出し待ち"));
    assert_ne!(portal.browser("minato").log_in("kari000003", PASSWORD).await.status, 303, "the old pair is dead");
    let scope = SystemScope::of_society(&portal.app, "minato").await.unwrap();
    let mut csv = String::new();
    temporary_ids::issue(&portal.app, &scope, Recipients::Expired, |bytes| {
        csv = String::from_utf8_lossy(bytes).into_owned();
        Ok(())
    })
    .await
    .unwrap();
    let row = csv.lines().find(|line| line.contains("kari000003")).unwrap();
    let password = row.split(',').nth(5).unwrap();
    assert!(portal.browser("minato").log_in("kari000003", password).await.location().starts_with("/enrolment"));
    assert!(facts(&mut staff, id).await.contains("書き出し済み"));
    let taro = found(&mut staff, "testtaro01").await;
    let no = staff.post(&format!("/console/members/{taro}/pair"), "reason=x").await;
    assert_eq!(no.location(), format!("/console/members/{taro}?done=changed"));
}

#[portal_test]
async fn a_page_shows_what_there_is_and_no_secret_and_nothing_of_health(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut member = portal.signed_in("minato", "testtaro01").await;
    member.get("/expenses").await;
    let mut staff = portal.staff("minato", "etsuran").await;
    let id = found(&mut staff, "testtaro01").await;
    let page = staff.get(&format!("/console/members/{id}")).await;
    let text = page.text();
    for there in
        ["テスト ハナコ", "800-1234-00", "testtaro01@minato.example", "OTPアプリ", "ログイン（OTPアプリ）", "第1版"]
    {
        assert!(text.contains(there), "{there}: {text}");
    }
    for secret in ["サンプルクリニック", "$argon2", "12,960", "token"] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert!(!text.contains("/factors\"") && !text.contains("/stop\""), "a viewer is offered no act");
    let hanako = page.attribute("#household ~ .scroll tbody a", "href");
    assert!(staff.get(&hanako).await.first("h1").starts_with("テスト ハナコ"));
    assert_eq!(staff.get("/console/members/99999").await.status, 404);
}
