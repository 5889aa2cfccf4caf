//! The settings of administrators: the policy, services, terms, name and colour, the signing key.

use axum::{body::Body, http::Request};
use portal_test::portal_test;
use yui_db::Engine;

use crate::{
    staff::policy_changed,
    support::{Answer, Browser, Portal, encode},
};

pub(crate) async fn branding(admin: &mut Browser, parts: &[(&str, &[u8])]) -> Answer {
    let mut body = Vec::new();
    for (name, bytes) in parts {
        let file = if *name == "logo" { "; filename=\"logo.png\"" } else { "" };
        body.extend(format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").as_bytes());
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--x--\r\n");
    let request = Request::post("/console/settings/branding")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "multipart/form-data; boundary=x")
        .body(Body::from(body));
    admin.send(request.unwrap()).await
}

#[portal_test]
async fn a_changed_policy_says_what_it_will_do_and_then_does_it(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut admin = portal.staff("soyokaze", "kanri").await;
    let page = admin.get("/console/settings/policy").await;
    let typed = page.form("form[action='/console/settings/policy']");
    assert!(admin.post("/console/settings/policy", &typed).await.text().contains("変更はありません。"));
    let check = admin.post("/console/settings/policy", &(typed.clone() + "&factors=app")).await;
    assert!(check.text().contains("3人に、次のログインで二要素認証の登録を求めます。"), "{}", check.first("main"));
    let kept = check.form("form[action='/console/settings/policy/keep']");
    // Somebody else was faster: nothing is overwritten.
    policy_changed(&mut admin, "recovery_codes=yes").await;
    let late = admin.post("/console/settings/policy/keep", &kept).await;
    assert!(late.text().contains("ほかの職員が先に設定を変更しました。"));
    policy_changed(&mut admin, "factors=app").await;
    let mut member = portal.browser("soyokaze");
    assert_eq!(member.log_in("testtaro01", crate::support::PASSWORD).await.location(), "/factors");
    assert!(admin.get("/console/audit").await.text().contains("使える認証方法: なし → 認証アプリ（OTPアプリ）"));
}

#[portal_test]
async fn a_policy_that_contradicts_itself_is_refused_at_its_fields(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut admin = portal.staff("minato", "kanri").await;
    let page = admin.get("/console/settings/policy").await;
    let typed = page.form("form[action='/console/settings/policy']");
    for (from, to, words) in [
        (
            "temporary%5Fdays=90",
            "temporary%5Fdays=0",
            "仮パスワードの有効期間は1から365までの数字（日）で入力してください。",
        ),
        (
            "password%2Emin=8",
            "password%2Emin=eight",
            "パスワードの最小文字数は8から64までの数字（文字）で入力してください。",
        ),
        (
            "user%5Fid%2Emin=3",
            "user%5Fid%2Emin=10&user%5Fid%2Emax=9",
            "ユーザIDの最大文字数は、最小文字数以上にしてください。",
        ),
        ("recommended%5Ffactor=email&", "recommended%5Ffactor=none&", "おすすめの認証方法を選んでください。"),
        (
            "absolute%5Fhours=10",
            "session%2Eabsolute%5Fhours=1&session%2Eidle%5Fminutes=61",
            "操作がないときのログアウトは",
        ),
    ] {
        assert!(typed.contains(from), "{from}");
        // Of a field that comes twice the first counts.
        let answer = admin.post("/console/settings/policy", &(to.to_owned() + "&" + &typed)).await;
        assert!(answer.first(".error-summary").contains(words), "{to}: {}", answer.first(".error-summary"));
    }
    let changed = typed.replace("factors=email", "factors=none");
    let answer = admin.post("/console/settings/policy", &changed).await;
    let words = "おすすめの認証方法は、使える認証方法の中から選んでください。";
    assert!(answer.first(".error-summary").contains(words));
}

#[portal_test]
async fn a_service_that_is_off_is_gone_at_once(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut member = portal.signed_in("minato", "testtaro01").await;
    assert_eq!(member.get("/deduction").await.status, 200);
    let mut admin = portal.staff("minato", "kanri").await;
    let version = admin.get("/console/settings/services").await.attribute("input[name=version]", "value");
    let off = format!("version={version}&expenses=yes&place-expenses=1&place-deduction=2");
    assert_eq!(admin.post("/console/settings/services", &off).await.location(), "/console/settings");
    assert_eq!(member.get("/deduction").await.status, 404);
    assert!(!member.get("/").await.text().contains("href=\"/deduction\""));
    let stale = admin.post("/console/settings/services", &off).await;
    assert!(stale.text().contains("ほかの職員が先に設定を変更しました。"));
}

#[portal_test]
async fn a_new_version_of_the_terms_asks_everybody_again(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut admin = portal.staff("minato", "kanri").await;
    let typed = |body: &str, from: &str| format!("body={}&from={from}", encode(body));
    for (body, from, words) in [
        ("", "2026-12-01", "利用規約の本文を入力してください。"),
        ("第1条", "2026-11-19", "適用日は今日以降の日付を入力してください。"),
        ("第1条", "来月", "適用日を 2026-04-01 のように入力してください。"),
    ] {
        let answer = admin.post("/console/terms/check", &typed(body, from)).await;
        assert!(answer.first(".error-summary").contains(words), "{words}");
    }
    let check = admin.post("/console/terms/check", &typed("第1条\r\n新しい約束", "2026-11-21")).await;
    assert!(check.text().contains("登録済みの3人に、次のログインで同意を求めます。"), "{}", check.first("main"));
    let sent = check.form("form[action='/console/terms/publish']");
    let back = admin.post("/console/terms/new", &sent).await;
    assert_eq!(back.all("textarea"), ["第1条 新しい約束"], "what was typed goes back, too");
    for _ in ["once", "by a double click"] {
        assert_eq!(admin.post("/console/terms/publish", &sent).await.location(), "/console/terms");
    }
    assert_eq!(admin.get("/console/terms/3").await.status, 404, "nobody is asked twice");
    let same = admin.post("/console/terms/check", &typed("第1条\r\n新しい約束", "2026-11-22")).await;
    assert!(same.first(".error-summary").contains("最新の版と同じ本文です。"));
    // Until its day nobody is asked; from then on everybody.
    portal.signed_in("minato", "testtaro01").await;
    assert!(portal.app.clock.advance(13 * 60 * 60));
    let mut member = portal.browser("minato");
    member.log_in("testtaro01", crate::support::PASSWORD).await;
    assert_eq!(portal.second_factor(&mut member).await.location(), "/login/terms");
    assert!(member.get("/login/terms").await.text().contains("新しい約束"));
    member.post("/login/terms", "version=2&agreed=yes").await;
    let mut admin = portal.staff("minato", "kanri").await;
    assert!(admin.get("/console/terms/2").await.text().contains("testtaro01"));
    assert!(admin.get("/console/terms/2/agreements.csv").await.text().contains("\"testtaro01\""));
    assert_eq!(admin.get("/console/terms/9").await.status, 404);
}

#[portal_test]
async fn a_colour_that_cannot_be_read_is_refused_with_one_that_can(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut admin = portal.staff("minato", "kanri").await;
    let name = "みなと海運健康保険組合".as_bytes();
    for (accent, words) in [
        ("yellow", "色は #0017c1 のように、#と6桁の英数字で入力してください。"),
        ("#ffcc00", "この色は背景とのコントラストが"),
    ] {
        let answer = branding(&mut admin, &[("name", name), ("accent", accent.as_bytes())]).await;
        assert!(answer.first(".error-summary").contains(words), "{}", answer.first(".error-summary"));
    }
    let answer = branding(&mut admin, &[("name", name), ("logo", b"GIF89a")]).await;
    assert!(answer.first(".error-summary").contains("PNG形式の画像を選んでください。"));
    let answer = branding(&mut admin, &[("name", name), ("logo", &[0; 300_000])]).await;
    assert!(answer.first(".error-summary").contains("200KB以内"));

    let logo = yui_auth::qr::qr_png("yui").unwrap();
    let parts: [(&str, &[u8]); 3] = [("name", "新しい名前".as_bytes()), ("accent", b"#00695c"), ("logo", &logo)];
    assert_eq!(branding(&mut admin, &parts).await.location(), "/console/settings/branding");
    let page = portal.browser("minato").get("/login").await;
    assert!(page.text().contains("新しい名前") && page.text().contains("/brand/1.css"));
    assert!(portal.browser("minato").get("/brand/1.css").await.text().contains("--main: #00695c"));
    assert_eq!(&portal.browser("minato").get("/brand/1.png").await.bytes[1..4], b"PNG");
    // Another society's, and a version that is none, are not there.
    assert_eq!(portal.browser("fumitsuki").get("/brand/1.css").await.status, 404);
    assert_eq!(portal.browser("minato").get("/brand/7.png").await.status, 404);
}

#[portal_test]
async fn a_signing_key_is_tried_before_it_is_kept(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut admin = portal.staff("minato", "kanri").await;
    let (one, other) = (rcgen::KeyPair::generate().unwrap(), rcgen::KeyPair::generate().unwrap());
    let certificate = |key: &rcgen::KeyPair, year: i32| {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        params.self_signed(key).unwrap().pem()
    };
    let good = certificate(&one, 2030);
    for (key, certificate, words) in [
        ("nonsense", good.as_str(), "秘密鍵を読めません。"),
        (&one.serialize_pem(), "nonsense", "証明書を読めません。"),
        (&other.serialize_pem(), &good, "この証明書は、貼り付けた秘密鍵のものではありません。"),
        (&one.serialize_pem(), &certificate(&one, 2020), "この証明書は有効期限が切れています。"),
    ] {
        let typed = format!("key={}&certificate={}", encode(key), encode(certificate));
        let answer = admin.post("/console/settings/signing-key", &typed).await;
        assert!(answer.first(".error-summary").contains(words), "{words}: {}", answer.first(".error-summary"));
        assert!(!answer.text().contains("PRIVATE KEY"), "the key does not come back");
    }
    let typed = format!("key={}&certificate={}", encode(&one.serialize_pem()), encode(&good));
    assert_eq!(admin.post("/console/settings/signing-key", &typed).await.status, 303);
    assert!(admin.get("/console/settings/signing-key").await.text().contains("2030/01/01"));
    // … and warned of when it ends.
    let soon = format!("key={}&certificate={}", encode(&one.serialize_pem()), encode(&certificate(&one, 2027)));
    admin.post("/console/settings/signing-key", &soon).await;
    assert!(admin.get("/console/settings/signing-key").await.text().contains("証明書の有効期限が近づいています。"));
}

#[portal_test]
async fn a_maintenance_rule_tells_its_dates_and_closes_the_portal(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut admin = portal.staff("soyokaze", "kanri").await;
    let version = admin.get("/console/settings/maintenance").await.attribute("input[name=version]", "value");
    for (fields, words) in [
        ("on=weekday&nth=3&weekday=4&from_hour=22&to_hour=19", "終わりの時刻は、始まりの時刻より後にしてください。"),
        ("on=weekday&nth=6&weekday=4&from_hour=19&to_hour=22", "第何の何曜日かを選んでください。"),
        ("on=day_of_month&day=32&from_hour=19&to_hour=22", "日は1から31までの数字で入力してください。"),
        ("on=sometimes&from_hour=19&to_hour=22", "決め方を選んでください。"),
        ("on=weekday&nth=3&weekday=4&from_hour=&to_hour=22", "時刻は0から24までの数字で入力してください。"),
    ] {
        let answer = admin.post("/console/settings/maintenance", &format!("version={version}&{fields}")).await;
        assert!(answer.first(".error-summary").contains(words), "{fields}: {}", answer.first(".error-summary"));
    }
    let rule = format!("version={version}&on=day_of_month&day=23&from_hour=21&to_hour=24");
    assert_eq!(admin.post("/console/settings/maintenance", &rule).await.status, 303);
    let page = admin.get("/console/settings/maintenance").await;
    let dates = page.all("ol li");
    // The 23rd of November is a holiday and the 22nd a Sunday: the Friday before, today.
    assert_eq!((dates.len(), dates[0].as_str()), (12, "11月20日（金）21:00〜24:00"));
    assert_eq!(dates[1], "12月23日（水）21:00〜24:00");
    assert!(portal.app.clock.advance(9 * 60 * 60 + 60));
    assert_eq!(portal.browser("soyokaze").get("/login").await.status, 503);
    let mut admin = portal.staff("soyokaze", "kanri").await;
    let version = admin.get("/console/settings/maintenance").await.attribute("input[name=version]", "value");
    let gone = format!("version={version}&place=0");
    assert_eq!(admin.post("/console/settings/maintenance/remove", &gone).await.status, 303);
    assert_eq!(portal.browser("soyokaze").get("/login").await.status, 200);
}
