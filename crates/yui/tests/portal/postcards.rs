//! The society's own lines on its postcards: kept, measured before, shown in a sample, printed with every run.

use portal_test::portal_test;
use yui::{
    core::society::{InSociety, Policy, PostcardLines},
    features::temporary_ids::make_due,
};
use yui_db::Engine;

use crate::{
    settings::branding,
    support::{Answer, Browser, Portal, encode, text_of},
};

const PAGE: &str = "/console/settings/postcards";
const FORM: &str = "form[action='/console/settings/postcards']";

/// Types the three fields on the page as it stands now; returns what was sent and the answer.
async fn typed(admin: &mut Browser, [sender, postage, inquiry]: [&str; 3]) -> (String, Answer) {
    let version = admin.get(PAGE).await.attribute("input[name=version]", "value");
    let [sender, postage, inquiry] = [sender, postage, inquiry].map(encode);
    let sent = format!("version={version}&sender={sender}&postage={postage}&inquiry={inquiry}");
    let answer = admin.post(PAGE, &sent).await;
    (sent, answer)
}

const LINES: [&str; 3] = [
    "〒100-0000\r\n東京都見本区みほん町1丁目2番3号\r\n\r\n電話 00-0000-0000",
    "料金後納\r\n郵便",
    "適用課 00-1111-1111\r\n平日 9:00〜17:00",
];

/// The lines as they are drawn.
const DRAWN: [&str; 7] = [
    "〒100-0000",
    "東京都見本区みほん町1丁目2番3号",
    "電話 00-0000-0000",
    "料金後納",
    "郵便",
    "適用課 00-1111-1111",
    "平日 9:00〜17:00",
];

#[portal_test]
async fn the_societys_lines_are_kept_written_down_and_on_the_sample(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut admin = portal.staff("minato", "kanri").await;
    assert!(admin.get("/console/settings").await.text().contains("差出人の住所がありません"));
    assert_eq!(typed(&mut admin, LINES).await.1.location(), PAGE);
    let page = admin.get(PAGE).await;
    let kept = [
        "〒100-0000 東京都見本区みほん町1丁目2番3号 電話 00-0000-0000",
        "料金後納 郵便",
        "適用課 00-1111-1111 平日 9:00〜17:00",
    ];
    assert_eq!(page.all("textarea"), kept);
    assert!(admin.get("/console/settings").await.text().contains("〒100-0000"));
    let log = admin.get("/console/audit").await.text();
    assert!(log.contains("ハガキの差出人: なし → 〒100-0000 / 東京都見本区みほん町1丁目2番3号 / 電話 00-0000-0000"));
    assert!(log.contains("ハガキの料金の表示: なし → 料金後納 / 郵便"));

    let sample = admin.get(&page.attribute("a[download]", "href")).await;
    assert_eq!(sample.headers["content-type"], "application/pdf");
    let text = text_of(&sample.bytes);
    assert!(DRAWN.iter().all(|line| text.lines().any(|drawn| drawn == *line)), "{text}");
    assert!(text.contains("見本 太郎 様") && text.contains("http://minato.localhost:8080/login"), "{text}");
    // Poppler reads what stands aslant letter by letter.
    assert_eq!(text.matches("見\n本\n").count(), 6, "on every leaf: {text}");

    let mut other = portal.staff("fumitsuki", "kanri").await;
    assert_eq!(other.get(PAGE).await.all("textarea"), [""; 3]);
    assert!(!text_of(&other.get(&format!("{PAGE}/sample.pdf")).await.bytes).contains("みほん町"));
    let mut benefits = portal.staff("minato", "kyufu").await;
    assert_eq!(benefits.get(PAGE).await.status, 403);
    assert_eq!(benefits.post(PAGE, "version=2").await.status, 403);
    assert_eq!(benefits.get(&format!("{PAGE}/sample.pdf")).await.status, 403);
}

#[portal_test]
async fn a_line_that_has_no_room_is_named_and_nothing_is_lost_or_kept(engine: Engine) {
    let (many, long) = (|count| "みほん\n".repeat(count), |count| "本".repeat(count));
    let wrong = [
        ([&long(29), "", ""], "差出人の1行目が長すぎます。短くするか、2行に分けてください。"),
        (["", &format!("郵便\n\n{}", long(8)), ""], "料金の表示の3行目が長すぎます。"),
        (["", "", &long(24)], "お問い合わせの1行目が長すぎます。"),
        ([&many(7), "", ""], "差出人の7行目から下が、ハガキに入りません。行を減らしてください。"),
        (["", &many(6), ""], "料金の表示の6行目から下が、ハガキに入りません。"),
        (["", "", &many(10)], "お問い合わせの10行目から下が、ハガキに入りません。"),
        (["〒100\u{9}0000", "", ""], "差出人の1行目に、印刷できない制御文字（U+0009）があります。"),
        (["", "郵便\u{200b}", ""], "料金の表示の1行目に、印刷できない制御文字（U+200B）があります。"),
        (["", "", "電話\n☎️ 😀"], "お問い合わせの2行目の「😀」は、印刷に使う書体にない文字です。"),
        ([&many(300), "", ""], "差出人は1000文字以内で入力してください。"),
    ];
    let portal = Portal::demo(engine).await;
    let mut admin = portal.staff("minato", "kanri").await;
    for (fields, words) in &wrong {
        let (sent, answer) = typed(&mut admin, *fields).await;
        assert!(answer.first(".error-summary").contains(words), "{words}: {}", answer.first(".error-summary"));
        assert_eq!(answer.form(FORM), sent, "what was typed stands there still");
        assert!(answer.first("title").starts_with("エラー: "));
    }
    let (_, answer) = typed(&mut admin, [&long(29), &long(8), "電話"]).await;
    assert_eq!((answer.all(".error-summary li").len(), answer.all("[aria-invalid]").len()), (2, 2));
    assert_eq!(admin.get(PAGE).await.all("textarea"), [""; 3], "nothing was kept");
    // As much as the page says does fit.
    let full = |width, lines| vec![long(width); lines].join("\r\n");
    let (_, answer) = typed(&mut admin, [&full(28, 6), &full(7, 5), &full(23, 9)]).await;
    assert_eq!(answer.location(), PAGE, "{}", answer.first(".error-summary"));
    // Somebody else was faster.
    let stale = format!("version=1&sender={}&postage=&inquiry=", encode("〒200-0000"));
    let answer = admin.post(PAGE, &stale).await;
    assert!(answer.first(".error-summary").contains("ほかの職員が先に設定を変更しました。"));
    assert_eq!(answer.all("textarea"), ["〒200-0000", "", ""]);
}

/// The texts of other settings pages that stand on the card as well are measured there too.
#[portal_test]
async fn a_name_or_an_address_that_would_push_lines_off_the_card_is_refused(engine: Engine) {
    let full = |width, lines| vec!["本".repeat(width); lines].join("\r\n");
    let portal = Portal::demo(engine).await;
    let mut admin = portal.staff("minato", "kanri").await;
    let reply_to = format!("{}@mail.invalid", "a".repeat(50));
    let senders = format!("no_reply=no-reply&info=info&webmaster=webmaster&reply_to={}", encode(&reply_to));
    let refused = admin.post("/console/settings/mail", &senders).await;
    let says = "このままでは、仮IDのハガキのお問い合わせが入らなくなります。";
    assert!(refused.first(".error-summary").contains(says), "{}", refused.first(".error-summary"));
    assert_eq!(refused.attribute("#reply_to", "value"), reply_to);
    // With whom to ask on the card, the address is not printed.
    assert_eq!(typed(&mut admin, [&full(28, 6), &full(7, 5), &full(23, 9)]).await.1.location(), PAGE);
    assert_eq!(admin.post("/console/settings/mail", &senders).await.location(), "/console/settings");
    let (_, emptied) = typed(&mut admin, [&full(28, 6), &full(7, 5), ""]).await;
    let says = "お問い合わせが空のときに印刷する、メールの返信先のアドレスが、ハガキに入りません。";
    assert!(emptied.first(".error-summary").contains(says), "{}", emptied.first(".error-summary"));

    let long = "本".repeat(60);
    let refused = branding(&mut admin, &[("name", long.as_bytes()), ("accent", b"")]).await;
    let says = "このままでは、仮IDのハガキの差出人が入らなくなります。";
    assert!(refused.first(".error-summary").contains(says), "{}", refused.first(".error-summary"));
    assert_eq!(refused.attribute("#name", "value"), long);
    assert_eq!(typed(&mut admin, ["", "", "電話"]).await.1.location(), PAGE);
    let kept = branding(&mut admin, &[("name", long.as_bytes()), ("accent", b"")]).await;
    assert_eq!(kept.location(), "/console/settings/branding");
}

#[portal_test]
async fn a_run_is_printed_with_the_societys_lines(engine: Engine) {
    let portal = Portal::demo(engine).await;
    typed(&mut portal.staff("minato", "kanri").await, LINES).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let run = staff.post("/console/temporary-ids", "whom=without").await.location().to_owned();
    make_due(&portal.app).await.unwrap();
    let policy = portal.scope("minato").await.society().policy.clone();
    // What has no room any more takes nothing away.
    let crowded = PostcardLines { postage: vec!["郵便".to_owned(); 6], ..policy.postcards.clone() };
    portal.set_policy("minato", &Policy { postcards: crowded, ..policy.clone() }).await;
    let refused = staff.post(&format!("{run}/postcards"), "").await;
    assert!(refused.first(".error-summary").contains("ハガキに入らない行があります。"));
    let sample = portal.staff("minato", "kanri").await.get(&format!("{PAGE}/sample.pdf")).await;
    assert!(sample.status == 503 && sample.text().contains("ハガキに入らない行があります。"));
    portal.set_policy("minato", &policy).await;
    let cards = staff.post(&format!("{run}/postcards"), "").await;
    let text = text_of(&cards.bytes);
    for line in DRAWN {
        assert_eq!(text.lines().filter(|drawn| *drawn == line).count(), 26, "{line} on every card");
    }
    assert!(!text.contains("見\n本\n"));
}
