//! The mails to staff about their own accounts: each act that happened once, nothing of one that was refused.

use portal_test::portal_test;
use serde_json::Value;
use yui_db::Engine;

use crate::{
    staff::{OWN, answered, app_registered},
    support::{PASSWORD, Portal, encode},
};

const DESK: &str = "madoguchi@minato.example";

/// The notices to staff, and how many of them were read.
struct Notices<'a> {
    portal: &'a Portal,
    read: usize,
}

impl<'a> Notices<'a> {
    fn of(portal: &'a Portal) -> Self {
        Self { portal, read: 0 }
    }

    /// Returns all notices, the newest first.
    async fn all(&self) -> Vec<Value> {
        self.portal.mails().await.into_iter().filter(|mail| mail["kind"] == "staff_notice").collect()
    }

    /// Asserts that nobody was told anything.
    async fn none(&self, after: &str) {
        assert_eq!(self.all().await.len(), self.read, "{after}");
    }

    /// Asserts that this person alone was told this alone, of just now.
    async fn one(&mut self, to: &str, subject: &str, words: &[&str]) {
        let all = self.all().await;
        self.read += 1;
        assert_eq!(all.len(), self.read, "{subject}");
        let mail = &all[0];
        assert_eq!(mail["to"], to, "{subject}");
        assert_eq!(mail["subject"], format!("みなと海運健康保険組合 管理画面の{subject}"));
        let now = self.portal.app.clock.now().to_zoned(jiff::tz::TimeZone::get("Asia/Tokyo").unwrap());
        let when = now.strftime("日時：%Y/%m/%d %H:%M").to_string();
        let advice = "すぐに、健康保険組合の管理者へ知らせてください。";
        for form in ["text", "html"] {
            let told = mail[form].as_str().unwrap();
            for word in words.iter().chain([&when.as_str(), &advice]) {
                assert!(told.contains(word), "{subject}: {word}: {told}");
            }
            for secret in [OWN, PASSWORD, "/console", "otpauth"] {
                assert!(!told.contains(secret), "{subject}: {secret}: {told}");
            }
        }
        assert_eq!(mail["links"], serde_json::json!(["http://minato.localhost:8080/"]), "{subject}");
    }
}

#[portal_test]
async fn staff_hear_of_every_change_they_make_to_what_proves_them(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut notices = Notices::of(&portal);
    let mut desk = portal.staff("minato", "madoguchi").await;
    notices.none("a login").await;
    for (now, new, again) in [("wrong", OWN, OWN), (PASSWORD, "short-1", "short-1"), (PASSWORD, OWN, "other")] {
        let typed = format!("password={now}&new_password={new}&new_password_again={again}");
        assert_eq!(desk.post("/console/me/password", &typed).await.status, 200);
    }
    notices.none("a password that was not taken").await;
    let typed = format!("password={PASSWORD}&new_password={OWN}&new_password_again={OWN}");
    assert_eq!(desk.post("/console/me/password", &typed).await.location(), "/console/me?done=password");
    let from = "接続元：0.0.0.0";
    notices
        .one(DESK, "パスワードが変更されました", &["窓口 三枝 様", "ほかの端末のログインは終わりました。", from])
        .await;

    let question = desk.get("/console/register").await.attribute("input[name=question]", "value");
    let wrong = desk.post("/console/register/app", &format!("question={question}&code=000000")).await;
    assert!(wrong.text().contains("確認コードが正しくありません。"));
    notices.none("a wrong code").await;
    app_registered(&portal, &mut desk).await;
    notices.one(DESK, "認証方法が登録されました", &["管理画面の認証方法「own」が登録されました。", from]).await;

    let old = desk.get("/console/me").await.attribute("form[action*='/factors/']", "action");
    assert_eq!(desk.post("/console/me/factors/999/delete", "").await.status, 404);
    notices.none("a factor that is not there").await;
    assert_eq!(desk.post(&old, "").await.location(), "/console/me?done=removed");
    notices
        .one(DESK, "認証方法が削除されました", &["管理画面の認証方法「スマートフォン」が削除されました。", from])
        .await;
    let last = desk.get("/console/me").await.attribute("form[action*='/factors/']", "action");
    assert!(desk.post(&last, "").await.text().contains("最後の認証方法は削除できません。"));
    notices.none("the last factor").await;
}

#[portal_test]
async fn staff_hear_of_what_an_administrator_does_to_their_account_and_not_of_what_was_refused(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut notices = Notices::of(&portal);
    let mut admin = portal.staff("minato", "kanri").await;
    let mut benefits = portal.staff("minato", "kyufu").await;
    let by = "操作した人：管理 花子";
    let change = |name: &str, role: &str| format!("name={}&role={role}", encode(name));

    for refused in [change("窓口 三枝", "king"), change(" ", "viewer")] {
        assert_eq!(admin.post("/console/staff/3", &refused).await.status, 200);
    }
    assert_eq!(benefits.post("/console/staff/3", &change("窓口 三枝", "viewer")).await.status, 403);
    for unchanged in [change("窓口 三枝", "desk"), change("窓口 三枝子", "desk")] {
        assert_eq!(admin.post("/console/staff/3", &unchanged).await.location(), "/console/staff/3?done=changed");
    }
    notices.none("a role that stays").await;
    admin.post("/console/staff/3", &change("窓口 三枝", "viewer")).await;
    notices.one(DESK, "役割が変更されました", &["窓口 三枝 様", "「窓口」から「閲覧」に変更", by]).await;

    assert_eq!(admin.post("/console/staff/3/unlock", "").await.location(), "/console/staff/3");
    notices.none("an account that is not locked").await;
    assert_eq!(admin.post("/console/staff/3/stop", "reason=x").await.location(), "/console/staff/3?done=stopped");
    notices.one(DESK, "アカウントの利用が停止されました", &["利用を停止しました。", by]).await;
    assert_eq!(admin.post("/console/staff/3/stop", "reason=x").await.location(), "/console/staff/3");
    notices.none("an account that is stopped").await;

    let invitations = async || {
        let mails = portal.mails().await;
        mails.into_iter().filter(|mail| mail["kind"] == "staff_invitation" && mail["to"] == DESK).count()
    };
    admin.post("/console/staff/3/invite-again", "reason=x").await;
    notices.one(DESK, "アカウントの利用が再開されました", &["改めて招待しました。", by]).await;
    admin.post("/console/staff/3/invite-again", "reason=x").await;
    notices.one(DESK, "認証が初期化されました", &["改めて招待されました。", by]).await;
    assert_eq!(invitations().await, 2, "the link stands in the invitation alone");

    // The last administrator stays one, and a proof that is old moves nothing.
    let viewer = change("管理 花子", "viewer");
    for (act, fields) in [("", viewer.as_str()), ("/stop", ""), ("/invite-again", "")] {
        let answer = admin.post(&format!("/console/staff/1{act}"), fields).await;
        assert!(answer.text().contains("最後の管理者のため、できません。"), "{act}");
    }
    assert_eq!(admin.post("/console/staff/99/stop", "reason=x").await.status, 404);
    assert!(portal.app.clock.advance(21 * 60));
    let asks = admin.post("/console/staff/4/stop", "reason=x").await;
    assert!(asks.location().starts_with("/console/confirm"), "{}", asks.location());
    notices.none("what was refused").await;
}

#[portal_test]
async fn the_owner_of_a_password_hears_that_wrong_codes_locked_the_account(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut notices = Notices::of(&portal);
    let mut admin = portal.staff("minato", "kanri").await;
    let mut thief = portal.browser("minato");
    thief.post("/console/login", &format!("email={}&password=wrong", encode(DESK))).await;
    thief.post("/console/login", &format!("email={}&password={PASSWORD}", encode(DESK))).await;
    let device = thief.get("/console/login/factor").await.attribute("input[name=device]", "value");
    let wrong = format!("device={device}&code=000000");
    for _ in 1..10 {
        assert_eq!(thief.post("/console/login/factor/app", &wrong).await.status, 200);
    }
    notices.none("nine wrong codes").await;
    assert_eq!(thief.post("/console/login/factor/app", &wrong).await.location(), "/console/login");
    let words = ["誤った確認コードが続いたため", "ほかの人がパスワードを知っています。", "接続元：0.0.0.0"];
    notices.one(DESK, "アカウントがロックされました", &words).await;
    thief.post("/console/login/factor/app", &wrong).await;
    thief.post("/console/login", &format!("email={}&password={PASSWORD}", encode(DESK))).await;
    notices.none("what a locked account does not let in").await;
    let mut log = portal.staff("minato", "kanri").await;
    assert_eq!(log.look_for("/console/audit", "act=staff.locked").await.all("tbody tr").len(), 1);

    assert_eq!(admin.post("/console/staff/3/unlock", "").await.location(), "/console/staff/3?done=unlocked");
    let by = "操作した人：管理 花子";
    notices.one(DESK, "アカウントのロックが解除されました", &["ロックを解除しました。", by]).await;
}

#[portal_test]
async fn the_invited_person_is_told_that_the_invitation_was_answered_and_a_factor_added(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut notices = Notices::of(&portal);
    let mut admin = portal.staff("minato", "kanri").await;
    let invited = format!("name={}&email=jiro%40mail.example&role=desk", encode("見本 次郎"));
    admin.post("/console/staff/new", &invited).await;
    let link = portal.mailed_link_of("staff_invitation").await;
    let weak = "new_password=jiro-jiro-jiro&new_password_again=jiro-jiro-jiro";
    assert_eq!(portal.browser("minato").post(&link, weak).await.status, 200);
    notices.none("an invitation, and a password that was not taken").await;
    let mut jiro = answered(&portal, "minato").await;
    let from = "接続元：0.0.0.0";
    let words = ["見本 次郎 様", "招待のリンクから、管理画面のパスワードが設定されました。", from];
    notices.one("jiro@mail.example", "パスワードが設定されました", &words).await;
    let twice = format!("new_password={OWN}&new_password_again={OWN}");
    assert!(portal.browser("minato").post(&link, &twice).await.text().contains("招待のリンクが無効です"));
    notices.none("a link that was used").await;
    app_registered(&portal, &mut jiro).await;
    notices.one("jiro@mail.example", "認証方法が登録されました", &["認証方法「own」", from]).await;
}
