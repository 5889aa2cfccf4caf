//! The society's staff: how they come in, what keeps others out, who governs whom.

use std::net::SocketAddr;

use axum::{body::Body, extract::ConnectInfo};
use portal_test::portal_test;
use yui::{
    core::{
        role::Role,
        scope::SystemScope,
        society::{Guarded, InSociety},
    },
    features::{approvals, staff::admin},
};
use yui_db::Engine;

use crate::support::{Answer, Browser, PASSWORD, Portal, encode, totp_code};

pub(crate) const OWN: &str = "Umi-no-oto-2026-x";

/// Opens the newest invitation, sets a password and returns the browser at the page of the first factor.
pub(crate) async fn answered(portal: &Portal, society: &str) -> Browser {
    let link = portal.mailed_link_of("staff_invitation").await;
    let mut browser = portal.browser(society);
    assert!(browser.get(&link).await.text().contains("パスワードを決めてください"));
    let answer = browser.post(&link, &format!("new_password={OWN}&new_password_again={OWN}")).await;
    assert_eq!(answer.location(), "/console/register");
    browser
}

/// Registers an app in this browser; returns its key.
pub(crate) async fn app_registered(portal: &Portal, browser: &mut Browser) -> Vec<u8> {
    let page = browser.get("/console/register").await;
    let key = unbase32(&page.first("#key"));
    let (question, now) = (page.attribute("input[name=question]", "value"), portal.app.clock.now().as_second());
    let code = totp_code(&key, u64::try_from(now).unwrap());
    let answer = browser.post("/console/register/app", &format!("question={question}&code={code}&label=own")).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    key
}

/// Returns the bytes of RFC 4648 base32 in groups.
fn unbase32(text: &str) -> Vec<u8> {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: Vec<bool> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .flat_map(|c| {
            let value = LETTERS.find(c).unwrap();
            (0..5).rev().map(move |bit| value >> bit & 1 == 1)
        })
        .collect();
    bits.chunks_exact(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit))).collect()
}

#[portal_test]
async fn the_first_administrator_comes_by_an_invitation_and_registers_a_second_factor_before_anything_else(
    engine: Engine,
) {
    let portal = Portal::demo(engine).await;
    let scope = SystemScope::of_society(&portal.app, "minato").await.unwrap();
    let invited = admin::Invited { email: " Hanako@Mail.Example ", name: "試験 花子", role: Role::Admin };
    admin::invite(&portal.app, &scope, &invited).await.unwrap();
    assert!(admin::invite(&portal.app, &scope, &invited).await.is_err(), "the address is taken");
    let link = portal.mailed_link_of("staff_invitation").await;
    let mut browser = portal.browser("minato");
    for (one, two, words) in [
        ("", "", "新しいパスワードを入力してください。"),
        ("short-1", "short-1", "パスワードは12文字以上128文字以内で入力してください。"),
        ("hanako-hanako", "hanako-hanako", "推測されるおそれのあるパスワードです。"),
        (OWN, "Umi-no-oto-2026-y", "確認用のパスワードが一致しません。"),
    ] {
        let answer = browser.post(&link, &format!("new_password={one}&new_password_again={two}")).await;
        assert!(answer.first(".error-summary").contains(words), "{words}: {}", answer.first(".error-summary"));
    }
    let mut browser = answered(&portal, "minato").await;
    for page in ["/console", "/console/staff", "/console/me", "/console/audit"] {
        assert!(browser.get(page).await.location().starts_with("/console/login"), "{page} without a second factor");
    }
    assert_eq!(browser.get("/console/login/factor").await.location(), "/console/register");
    let key = app_registered(&portal, &mut browser).await;
    assert_eq!(browser.get("/console").await.status, 200);
    assert!(portal.browser("minato").get(&link).await.text().contains("招待のリンクが無効です"), "it works once");

    // The next login: password, then the app.
    let mut again = portal.browser("minato");
    let typed = format!("email=hanako%40mail.example&password={OWN}");
    assert_eq!(again.post("/console/login", &typed).await.location(), "/console/login/factor");
    assert!(again.get("/console").await.location().starts_with("/console/login"));
    let device = again.get("/console/login/factor").await.attribute("input[name=device]", "value");
    assert!(portal.app.clock.advance(30));
    let code = totp_code(&key, u64::try_from(portal.app.clock.now().as_second()).unwrap());
    let fields = format!("device={device}&code={code}");
    assert_eq!(again.post("/console/login/factor/app", &fields).await.location(), "/console");
    assert_eq!(again.get("/console").await.status, 200);

    // The same code is worth nothing a second time.
    let mut replayed = portal.browser("minato");
    replayed.post("/console/login", &typed).await;
    let answer = replayed.post("/console/login/factor/app", &fields).await;
    assert!(answer.text().contains("確認コードが正しくありません。"));
    assert!(replayed.get("/console").await.location().starts_with("/console/login"));
}

/// The way back in where no colleague is left who could open it: `yui staff reset`.
#[portal_test]
async fn the_only_administrator_without_their_phone_is_invited_anew_by_the_operator(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = SystemScope::of_society(&portal.app, "minato").await.unwrap();
    let mut lost = portal.staff("minato", "kanri").await;
    assert!(admin::reset(&portal.app, &scope, "nobody@minato.example").await.is_err());
    admin::reset(&portal.app, &scope, "Kanri@minato.example").await.unwrap();
    assert!(lost.get("/console").await.location().starts_with("/console/login"), "sessions are over");
    let mut browser = answered(&portal, "minato").await;
    assert_eq!(browser.get("/console/login/factor").await.location(), "/console/register", "no factor is left");
    app_registered(&portal, &mut browser).await;
    assert!(browser.get("/console/audit").await.text().contains("コマンド操作"));
}

#[portal_test]
async fn an_invitation_ends_after_a_week_and_when_a_newer_one_is_written(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut admin = portal.staff("minato", "kanri").await;
    let invited = "name=%E8%A6%8B%E6%9C%AC&email=jiro%40mail.example&role=desk";
    assert_eq!(admin.post("/console/staff/new", invited).await.location(), "/console/staff?done=invited");
    let first = portal.mailed_link_of("staff_invitation").await;
    assert_eq!(
        admin.post("/console/staff/5/invite-again", "reason=x").await.location(),
        "/console/staff/5?done=invited"
    );
    let second = portal.mailed_link_of("staff_invitation").await;
    let over = async |link: &str| portal.browser("minato").get(link).await.text().contains("招待のリンクが無効です");
    assert!(over(&first).await);
    assert!(!over(&second).await);
    assert!(portal.app.clock.advance(7 * 24 * 60 * 60));
    assert!(over(&second).await);
    let sent = format!("new_password={OWN}&new_password_again={OWN}");
    assert!(portal.browser("minato").post(&second, &sent).await.text().contains("招待のリンクが無効です"));
}

#[portal_test]
async fn unknown_wrong_locked_and_stopped_logins_read_the_same_words(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut admin = portal.staff("minato", "kanri").await;
    assert_eq!(admin.post("/console/staff/4/stop", "reason=x").await.location(), "/console/staff/4?done=stopped");
    // Ten wrong codes lock; the password is known to whom types them.
    let mut thief = portal.browser("minato");
    let login = format!("email=madoguchi%40minato.example&password={PASSWORD}");
    thief.post("/console/login", &login).await;
    let device = thief.get("/console/login/factor").await.attribute("input[name=device]", "value");
    for wrong in 1..=10 {
        thief.post("/console/login/factor/app", &format!("device={device}&code=00000{}", wrong % 10)).await;
    }
    assert_eq!(thief.get("/console/login/factor").await.location(), "/console/login");
    let mut words = std::collections::BTreeSet::new();
    for (email, password) in
        [("nobody", PASSWORD), ("kyufu", "not-the-password"), ("madoguchi", PASSWORD), ("etsuran", PASSWORD)]
    {
        let typed = format!("email={email}%40minato.example&password={password}");
        let answer = portal.browser("minato").post("/console/login", &typed).await;
        words.insert(answer.first(".error-summary li"));
    }
    assert_eq!(words.into_iter().collect::<Vec<_>>(), ["メールアドレスかパスワードが正しくありません。"]);
    // An administrator unlocks, having made sure who it is.
    assert_eq!(admin.post("/console/staff/3/unlock", "").await.location(), "/console/staff/3?done=unlocked");
    portal.staff("minato", "madoguchi").await;
}

#[portal_test]
async fn guessing_goes_slower_and_slower_and_locks_nobody_out(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut guesser = portal.browser("minato");
    let guess = "email=kanri%40minato.example&password=guess";
    let mut last = 0;
    for _ in 0..11 {
        last = guesser.post("/console/login", guess).await.status;
    }
    assert_eq!(last, 429);
    // However long they go on, the owner elsewhere is not kept waiting.
    let elsewhere = || {
        axum::http::Request::post("/console/login")
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .extension(ConnectInfo(SocketAddr::from(([198, 51, 100, 7], 443))))
    };
    for _ in 0..40 {
        guesser.post("/console/login", guess).await;
        assert!(portal.app.clock.advance(15));
    }
    let typed = format!("email=kanri%40minato.example&password={PASSWORD}");
    let answer = portal.browser("minato").send(elsewhere().body(Body::from(typed)).unwrap()).await;
    assert_eq!(answer.location(), "/console/login/factor");
    assert!(portal.app.clock.advance(60));
    portal.staff("minato", "kanri").await;
}

#[portal_test]
async fn a_change_of_role_or_a_stop_counts_at_once(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut admin = portal.staff("minato", "kanri").await;
    let mut desk = portal.staff("minato", "madoguchi").await;
    assert_eq!(desk.get("/console/audit").await.status, 403);
    let change = format!("name={}&role=admin", encode("窓口 三枝"));
    assert_eq!(admin.post("/console/staff/3", &change).await.location(), "/console/staff/3?done=changed");
    assert_eq!(desk.get("/console/audit").await.status, 200);
    let unsaid = admin.post("/console/staff/3/stop", "reason=+").await;
    assert!(unsaid.first(".error-summary").contains("理由を入力してください。"));
    assert_eq!(admin.post("/console/staff/3/stop", "reason=x").await.location(), "/console/staff/3?done=stopped");
    assert!(desk.get("/console").await.location().starts_with("/console/login"));

    // The last administrator stays one.
    for (act, fields) in
        [("/console/staff/1/stop", "reason=x".to_owned()), ("/console/staff/1", "name=x&role=viewer".into())]
    {
        let answer = admin.post(act, &fields).await;
        assert!(answer.text().contains("最後の管理者のため、できません。"), "{act}");
    }
    assert_eq!(admin.get("/console/staff").await.status, 200);
}

#[portal_test]
async fn a_dangerous_act_wants_the_factor_again_and_an_idle_session_ends(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut admin = portal.staff("minato", "kanri").await;
    assert!(portal.app.clock.advance(21 * 60));
    let typed = format!("reason={}", encode("退職 <b>\"&"));
    let asked = admin.post("/console/staff/4/stop", &typed).await;
    assert_eq!(asked.location(), "/console/confirm?return_to=%2Fconsole&ended=kept");
    let asks = admin.get("/console/confirm?return_to=%2Fconsole%2Fstaff%2F4&ended=kept").await;
    assert!(asks.first("h1").contains("本人の再確認") && asks.text().contains("入力した内容は残っています。"));
    assert!(admin.get("/console/staff/4").await.text().contains("利用中"), "nothing was done");
    // The way back goes over a wrong code, too.
    assert!(portal.app.clock.advance(30));
    let proof = |page: &Answer, code: &str| page.form("form[action='/console/confirm']") + "&code=" + code;
    let wrong = admin.post("/console/confirm", &proof(&asks, "000000")).await;
    assert!(wrong.text().contains("確認コードが正しくありません。"));
    let right = proof(&wrong, &portal.app_code(0));
    assert_eq!(admin.post("/console/confirm", &right).await.location(), "/console/staff/4");
    // A password does not come back to a page: it is typed again.
    assert!(portal.app.clock.advance(21 * 60));
    let secret = format!("password={PASSWORD}&new_password={OWN}&new_password_again={OWN}");
    assert!(admin.post("/console/me/password", &secret).await.location().starts_with("/console/confirm"));
    let answer =
        portal.staff_factor(&mut admin, "/console/confirm?return_to=%2Fconsole%2Fstaff%2F4", "/console/confirm").await;
    assert_eq!(answer.location(), "/console/staff/4");
    assert_eq!(admin.post("/console/staff/4/stop", "reason=x").await.location(), "/console/staff/4?done=stopped");

    assert!(portal.app.clock.advance(31 * 60));
    assert!(admin.get("/console").await.location().starts_with("/console/login"));
}

#[portal_test]
async fn a_login_or_confirmation_leads_nowhere_but_into_the_console(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut admin = portal.staff("minato", "kanri").await;
    for elsewhere in ["https://evil.example/", "//evil.example", "/expenses", "/console/../expenses?x"] {
        let address = format!("/console/confirm?return_to={}", encode(elsewhere));
        let answer = portal.staff_factor(&mut admin, &address, "/console/confirm").await;
        assert!(["/console", "/console/../expenses?x"].contains(&answer.location()), "{}", answer.location());
    }
}

/// Changes a society's policy on its page: these fields besides those that stand there.
pub(crate) async fn policy_changed(admin: &mut Browser, fields: &str) {
    let page = admin.get("/console/settings/policy").await;
    let typed = page.form("form[action='/console/settings/policy']") + "&" + fields;
    let check = admin.post("/console/settings/policy", &typed).await;
    let kept = check.form("form[action='/console/settings/policy/keep']");
    let answer = admin.post("/console/settings/policy/keep", &kept).await;
    assert_eq!(answer.location(), "/console/settings", "{}", answer.first("main"));
}

#[portal_test]
async fn two_decide_what_the_policy_wants_decided_by_two(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut admin = portal.staff("minato", "kanri").await;
    policy_changed(&mut admin, "two_person=factor_reset").await;
    let scope = SystemScope::of_society(&portal.app, "minato").await.unwrap();
    assert!(approvals::needed(&scope, Guarded::FactorReset));
    assert!(!approvals::needed(&scope, Guarded::Publication));
}

/// Approves the first question that this member of staff may decide.
async fn approved(staff: &mut Browser) {
    let path = staff.get("/console/approvals").await.attribute("form[action$='/approve']", "action");
    assert_eq!(staff.post(&path, "").await.location(), "/console/approvals?done=approved");
}

/// One person who invites a second address of their own is still one.
#[portal_test]
async fn one_alone_does_not_invite_a_second_self(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut admin = portal.staff("minato", "kanri").await;
    policy_changed(&mut admin, "two_person=factor_reset").await;
    let invitations = async || {
        let mails = portal.mails().await;
        mails.iter().filter(|mail| mail["subject"].as_str().unwrap().contains("管理画面への招待")).count()
    };
    let typed = |role: &str| format!("name={}&email={role}%40mail.example&role={role}", encode("見本 次郎"));
    let asked = admin.post("/console/staff/new", &typed("admin")).await;
    assert_eq!(asked.location(), "/console/approvals?done=asked");
    assert_eq!(invitations().await, 0);
    assert!(admin.get("/console/staff/5").await.text().contains("招待していません"));
    let again = admin.post("/console/staff/5/invite-again", "reason=x").await;
    assert!(again.first(".error-summary").contains("すでに承認を依頼しています"), "nor by this way");
    let approve = portal.staff("minato", "madoguchi").await.get("/console/approvals").await;
    let approve = approve.attribute("form[action$='/approve']", "action");
    assert_eq!(admin.post(&approve, "").await.status, 403);
    assert_eq!(portal.staff("minato", "etsuran").await.post(&approve, "").await.status, 403);
    let mut desk = portal.staff("minato", "madoguchi").await;
    assert_eq!(desk.post(&approve, "").await.location(), "/console/approvals?done=approved");
    assert_eq!(desk.post(&approve, "").await.status, 404, "once");
    assert_eq!(invitations().await, 1);
    app_registered(&portal, &mut answered(&portal, "minato").await).await;

    // Who can decide nothing comes without a second person, and does not get further alone.
    assert_eq!(admin.post("/console/staff/new", &typed("viewer")).await.location(), "/console/staff?done=invited");
    let raise = format!("name={}&role=desk", encode("見本 次郎"));
    assert_eq!(admin.post("/console/staff/6", &raise).await.location(), "/console/approvals?done=asked");
    assert!(admin.post("/console/staff/6", &raise).await.text().contains("すでに承認を依頼しています"));
    approved(&mut desk).await;
    assert!(admin.get("/console/staff/6").await.text().contains("窓口"));
    // Nor does somebody stopped come back alone.
    admin.post("/console/staff/6/stop", "reason=x").await;
    let back = admin.post("/console/staff/6/invite-again", "reason=x").await;
    assert_eq!(back.location(), "/console/approvals?done=asked");
    approved(&mut desk).await;
    assert!(admin.get("/console/staff/6").await.text().contains("招待中"));
}

#[portal_test]
async fn one_alone_does_not_switch_the_second_person_off(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut admin = portal.staff("minato", "kanri").await;
    policy_changed(&mut admin, "two_person=factor_reset&two_person=publication").await;
    let loosened = async |admin: &mut Browser| {
        let page = admin.get("/console/settings/policy").await;
        let typed = page.form("form[action='/console/settings/policy']");
        let without = format!("{}={}", encode("two_person"), encode("factor_reset"));
        let days = encode("temporary_days");
        let typed = typed.replace(&without, "x=").replace(&format!("{days}=90"), &format!("{days}=60"));
        let check = admin.post("/console/settings/policy", &typed).await;
        assert!(check.text().contains("ほかの管理者が承認すると有効になります"), "{}", check.first("main"));
        let kept = check.form("form[action='/console/settings/policy/keep']");
        admin.post("/console/settings/policy/keep", &kept).await
    };
    let two_person = async || {
        let scope = SystemScope::of_society(&portal.app, "minato").await.unwrap();
        (scope.society().policy.two_person.clone(), scope.society().policy.temporary_days)
    };
    assert_eq!(loosened(&mut admin).await.location(), "/console/approvals?done=asked");
    let (acts, days) = two_person().await;
    assert_eq!(acts.len(), 2, "what two decide stays");
    assert_eq!(days, 60, "the rest counts");
    let asked = admin.get("/console/approvals").await;
    assert!(asked.first("tbody tr").contains("二人の確認をやめる変更"), "{}", asked.first("tbody tr"));
    let again = loosened(&mut admin).await;
    assert!(again.first(".error-summary li").contains("すでに承認を依頼しています"), "{}", again.first("main"));
    let form = asked.attribute("form[action$='/refuse']", "action");
    let approve = form.replace("/refuse", "/approve");
    assert_eq!(admin.post(&approve, "").await.status, 403, "not by the requester");
    // Not by a role that does not decide settings.
    assert_eq!(portal.staff("minato", "kyufu").await.post(&approve, "").await.status, 403);

    let people = admin.get("/console/staff").await;
    let ids: Vec<_> =
        people.text().split("/console/staff/").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect();
    let role = format!("name={}&role=admin", encode("給付 次郎"));
    for id in ids {
        if admin.get(&format!("/console/staff/{id}")).await.text().contains("給付 次郎") {
            let asked = admin.post(&format!("/console/staff/{id}"), &role).await;
            assert_eq!(asked.location(), "/console/approvals?done=asked", "one alone does not make a second one");
        }
    }
    assert_eq!(portal.staff("minato", "kyufu").await.get("/console/settings").await.status, 403);
    approved(&mut portal.staff("minato", "madoguchi").await).await;
    let mut second = portal.staff("minato", "kyufu").await;
    assert_eq!(second.post(&approve, "").await.location(), "/console/approvals?done=approved");
    assert_eq!(two_person().await, (vec![Guarded::Publication], 60));
}

#[portal_test]
async fn an_address_does_not_tell_whom_staff_look_for(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut desk = portal.staff("minato", "madoguchi").await;
    let led = desk.post("/console/members", &format!("q={}", encode("テストハナコ"))).await;
    let address = led.location().to_owned();
    assert!(address.starts_with("/console/members?s=") && !address.contains(&encode("ハナコ")), "{address}");
    assert_eq!(desk.get(&address).await.all("tbody th"), ["テスト ハナコ"]);
    // It opens for nobody else, and not on another page; what was changed in it opens nothing.
    let mut admin = portal.staff("minato", "kanri").await;
    assert!(admin.get(&address).await.all("tbody th").is_empty());
    let log = admin.post("/console/audit", &format!("text={}", encode("ハナコ"))).await.location().to_owned();
    let wrong = log.replace("/console/audit", "/console/members");
    assert!(admin.get(&wrong).await.all("tbody th").is_empty());
    for broken in ["/console/members?s=", "/console/members?s=%00", "/console/members?s=AQ", "/console/members?q=x"] {
        let page = desk.get(broken).await;
        assert_eq!((page.status, page.all("tbody th").len()), (200, 0), "{broken}");
    }
    // What cannot be read exports nothing, rather than everything.
    assert_eq!(admin.get("/console/audit.csv?s=AQ").await.status, 404);
}
