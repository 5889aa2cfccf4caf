//! Single claims: corrected and withdrawn by hand, billed again, and told in two forms.

use portal_test::portal_test;
use yui::{
    core::{scope::SystemScope, society::Preset},
    features::imports::{self, Answers, Options, Source, Unconfirmed},
};
use yui_db::Engine;

use crate::{
    claims::claims,
    console_imports::checked,
    several_files::payer_claim,
    support::{Browser, EXPENSE_HEADER, Portal, encode, register_csv, state_of},
    uploads::uploaded_with,
};

const INSURER: &str = "06139018";
const DEMO_INSURER: &str = "06139034";
const PLAIN: Options = Options { dry_run: false, all_or_nothing: false, confirmed: false };
const CONFIRMED: Options = Options { confirmed: true, ..PLAIN };

fn row(key: &str, total: i64) -> String {
    let own = total * 3 / 10;
    let rest = total - own;
    format!("{key},,{DEMO_INSURER},800,1234,00,2026-08,みほん医院,通院,1,{total},{rest},0,{own},\r\n")
}

async fn import(portal: &Portal, scope: &SystemScope, name: &str, rows: &[String]) -> i64 {
    let file = portal.file(name, format!("{EXPENSE_HEADER}{}", rows.concat()));
    let report = portal.expenses(scope, &file, CONFIRMED, &mut Vec::new()).await.unwrap();
    let batch = report.batch_id.unwrap();
    imports::publish(&portal.app, scope, batch).await.unwrap();
    batch
}

fn batch_in(location: &str) -> i64 {
    location.trim_start_matches("/console/imports/").split('?').next().unwrap().parse().unwrap()
}

const STATEMENT: &str = "/expenses/statement?month=2026-08";

async fn statement(member: &mut Browser) -> String {
    member.get(STATEMENT).await.text()
}

#[portal_test]
async fn a_claim_is_corrected_and_withdrawn_by_hand_like_a_file(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = portal.scope("minato").await;
    let batch = import(&portal, &scope, "c.csv", &[row("K1", 61_000), row("K2", 52_000)]).await;
    let before = state_of(&portal).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let mut member = portal.signed_in("minato", "testtaro01").await;
    assert!(staff.get(&format!("/console/imports/{batch}")).await.text().contains("請求を1件ずつ見る・直す"));
    let list = format!("/console/imports/{batch}/claims");
    let all = staff.get(&list).await;
    assert_eq!(all.all("tbody tr").len(), 2);
    let none = staff.look_for(&list, "symbol=800&number=5678").await;
    assert!(none.text().contains("該当する請求はありません"), "{}", none.text());
    let found = staff.look_for(&list, "symbol=0800&number=001234").await;
    assert_eq!(found.all("tbody tr").len(), 2, "{}", found.text());
    let at = all.all("tbody tr").iter().position(|line| line.contains("61,000")).unwrap();
    let claim = all.attribute(&format!("tbody tr:nth-of-type({}) a", at + 1), "href");
    assert!(!claim.contains("1234"), "the address names nobody");

    let typed = |total: &str, own: &str| {
        let why = encode("医療機関に確認");
        format!("total={}&insurer=42700&public=0&self_pay={own}&reason={why}", encode(total))
    };
    let wrong = staff.post(&format!("{claim}/correct"), &typed("60,000円", "100")).await;
    assert!(wrong.text().contains("合計と合いません"), "{}", wrong.text());
    let letters = staff.post(&format!("{claim}/correct"), &typed("六万", "100")).await;
    assert!(letters.text().contains("数字で入力してください"));
    assert_eq!(state_of(&portal).await, before);
    let done = staff.post(&format!("{claim}/correct"), &typed("６０,000円", "17300")).await;
    assert_eq!(done.status, 303, "{}", done.text());
    let by_hand = batch_in(done.location());
    let page = staff.get(&format!("/console/imports/{by_hand}")).await.text();
    assert!(page.contains("総額61,000円・自己負担18,300円 → 総額60,000円・自己負担17,300円"), "{page}");
    assert!(statement(&mut member).await.contains("61,000"), "not before the publication");

    // Withdrawn instead, and a second claim as well: one batch has both changes.
    let why = format!("reason={}", encode("別の人の請求"));
    assert_eq!(batch_in(staff.post(&format!("{claim}/withdraw"), &why).await.location()), by_hand);
    let other = all.attribute(&format!("tbody tr:nth-of-type({}) a", 2 - at), "href");
    assert_eq!(batch_in(staff.post(&format!("{other}/withdraw"), &why).await.location()), by_hand);
    let hand_claim = other.replace(&format!("/{batch}/"), &format!("/{by_hand}/"));
    assert_eq!(staff.post(&format!("{hand_claim}/undo"), "").await.status, 303);
    assert_eq!(staff.post(&format!("{hand_claim}/undo"), "").await.status, 404);
    imports::publish(&portal.app, &scope, by_hand).await.unwrap();
    let shown = statement(&mut member).await;
    assert!(!shown.contains("61,000") && !shown.contains("60,000") && shown.contains("52,000"), "{shown}");
    let again = staff.post(&format!("{claim}/withdraw"), &why).await;
    assert!(again.text().contains("すでに取り消されています"), "{}", again.text());

    imports::withdraw(&portal.app, &scope, by_hand, "誤り").await.unwrap();
    assert_eq!(state_of(&portal).await, before);
}

#[portal_test]
async fn a_file_over_a_change_by_hand_or_back_to_older_amounts_has_to_be_confirmed(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = portal.scope("minato").await;
    let batch = import(&portal, &scope, "1.csv", &[row("K1", 61_000)]).await;
    import(&portal, &scope, "2.csv", &[row("K1", 60_000)]).await;
    let mut staff = portal.staff("minato", "kyufu").await;

    let old = format!("{EXPENSE_HEADER}{}{}", row("K1", 61_000), row("K5", 1_000));
    let upload = checked(&portal, &mut staff, "expenses", "old.csv", old.as_bytes()).await;
    let page = staff.get(&upload).await.text();
    assert!(page.contains("いまより前に取り込んだ内容に戻ります"), "{page}");
    assert!(page.contains("60,000円") && page.contains("61,000円") && page.contains("2026-08 通院 みほん医院"));
    let file = portal.file("old2.csv", old + "\r\n");
    let refused = portal.expenses(&scope, &file, PLAIN, &mut Vec::new()).await.unwrap_err();
    assert!(refused.is::<Unconfirmed>(), "{refused:#}");

    let claim = staff.get(&format!("/console/imports/{batch}/claims")).await.attribute("tbody a", "href");
    let why = encode("窓口の確認");
    let typed = format!("total=50000&insurer=35000&public=0&self_pay=15000&reason={why}");
    let by_hand = batch_in(staff.post(&format!("{claim}/correct"), &typed).await.location());
    imports::publish(&portal.app, &scope, by_hand).await.unwrap();
    let new = format!("{EXPENSE_HEADER}{}", row("K1", 45_000));
    let upload = checked(&portal, &mut staff, "expenses", "new.csv", new.as_bytes()).await;
    let page = staff.get(&upload).await.text();
    assert!(page.contains("職員が手作業で変更した内容を、このファイルの内容に置き換えます"), "{page}");
    assert!(!page.contains("いまより前に取り込んだ内容"), "{page}");
    let same = format!("{EXPENSE_HEADER}{}", row("K1", 50_000));
    let upload = checked(&portal, &mut staff, "expenses", "same.csv", same.as_bytes()).await;
    assert!(!staff.get(&upload).await.text().contains("職員が手作業で変更した内容"));
}

/// A change by hand is newer than what it changes: where a file came after the batch that collects changes, another one is begun.
#[portal_test]
async fn a_correction_counts_though_older_changes_wait(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = portal.scope("minato").await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let mut hands = Vec::new();
    for (key, total) in [("K1", 61_000), ("K2", 52_000)] {
        let batch = import(&portal, &scope, &format!("{key}.csv"), &[row(key, total)]).await;
        let claim = staff.get(&format!("/console/imports/{batch}/claims")).await.attribute("tbody a", "href");
        let own = total * 3 / 10 - 1_000;
        let typed = format!("total={}&insurer={}&public=0&self_pay={own}", total - 1_000, total * 7 / 10);
        let done = staff.post(&format!("{claim}/correct"), &format!("{typed}&reason={}", encode("確認"))).await;
        assert_eq!(done.status, 303, "{}", done.first(".error-summary"));
        hands.push(batch_in(done.location()));
    }
    assert!(hands[0] < hands[1], "{hands:?}");
    for batch in hands {
        imports::publish(&portal.app, &scope, batch).await.unwrap();
    }
    let shown = statement(&mut portal.signed_in("minato", "testtaro01").await).await;
    assert!(shown.contains("111,000") && !shown.contains("52,000"), "{shown}");
}

/// Of two claims of one visit, both billed again, each replaces its own; where it is not known which, none is replaced.
#[portal_test]
async fn claims_billed_again_replace_their_own(engine: Engine) {
    let claim = |number: u64, points: u64, billed: &str| {
        let text = encoding_rs::SHIFT_JIS
            .decode(&payer_claim(number, points))
            .0
            .replace(",202609,00,", &format!(",{billed},00,"));
        encoding_rs::SHIFT_JIS.encode(&text).0.into_owned()
    };
    let portal = Portal::demo(engine).await;
    let scope = portal.scope("minato").await;
    let import = async |name: &str, claims: [Vec<u8>; 2]| {
        let mut told = Vec::new();
        let file = portal.file(name, claims.concat());
        let report = portal.expenses(&scope, &file, CONFIRMED, &mut told).await.unwrap();
        imports::publish(&portal.app, &scope, report.batch_id.unwrap()).await.unwrap();
        (report.accepted, told)
    };
    let mut member = portal.signed_in("minato", "testtaro01").await;
    import("1.UKE", [claim(1, 1_000, "202609"), claim(2, 500, "202609")]).await;
    assert!(statement(&mut member).await.contains("15,000"));
    let (taken, told) = import("2.UKE", [claim(11, 500, "202610"), claim(12, 1_000, "202610")]).await;
    assert_eq!(taken, 2, "{told:?}");
    assert!(statement(&mut member).await.contains("15,000"));
    let (taken, told) = import("3.UKE", [claim(21, 900, "202611"), claim(22, 450, "202611")]).await;
    assert_eq!(taken, 0, "{told:?}");
    assert!(told.iter().all(|why| why.contains("どれの再請求か決められません")), "{told:?}");
    assert!(statement(&mut member).await.contains("15,000"));
}

/// The claims of [`claims`], billed in another month under another number.
fn billed_again(month: &str, number: &str) -> Vec<u8> {
    let text = encoding_rs::SHIFT_JIS.decode(&claims()).0.into_owned();
    let text = text.replace(",202502,00,", &format!(",{month},00,")).replace("RE,1,", &format!("RE,{number},"));
    encoding_rs::SHIFT_JIS.encode(&text).0.into_owned()
}

#[portal_test]
async fn a_claim_that_is_billed_again_counts_once(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    portal.register(&scope, &portal.file("r.csv", register_csv(INSURER)), PLAIN).await.unwrap();
    let import = async |name: &str, bytes: Vec<u8>, told: &mut Vec<String>| {
        let report = portal.expenses(&scope, &portal.file(name, bytes), PLAIN, told).await.unwrap();
        imports::publish(&portal.app, &scope, report.batch_id.unwrap()).await.unwrap();
        report
    };
    let mut told = Vec::new();
    import("1.UKE", claims(), &mut told).await;
    let mut member = portal.member_of(&scope, "800", "1234").await;
    let page = "/expenses/statement?month=2025-01";
    let first = member.get(page).await.all("tbody td")[..7].to_vec();
    let again = import("2.UKE", billed_again("202504", "77"), &mut told).await;
    assert!(again.details.contains(&("claims billed again", 1)), "{again:?}");
    assert_eq!(member.get(page).await.all("tbody tr").len(), 1);
    assert_eq!(member.get(page).await.all("tbody td")[..7], first);
    let notices = imports::notices(&portal.app, &scope, again.batch_id.unwrap()).await.unwrap();
    assert!(notices.iter().any(|notice| notice.reason.contains("再請求")), "{notices:?}");

    // What was billed before the newest does not come back; taken back, the first counts again.
    told.clear();
    let between = import("3.UKE", billed_again("202503", "5"), &mut told).await;
    assert_eq!(between.accepted, 0, "{told:?}");
    assert!(told.iter().any(|why| why.contains("再請求されたものを取り込み済み")), "{told:?}");
    imports::withdraw(&portal.app, &scope, again.batch_id.unwrap(), "誤り").await.unwrap();
    assert_eq!(member.get(page).await.all("tbody td")[..7], first);
}

/// Of files that come as one, in whichever order of their names, the newest claim of a visit is taken, once.
#[portal_test]
async fn a_visit_that_several_files_of_one_upload_tell_counts_once(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    portal.register(&scope, &portal.file("r.csv", register_csv(INSURER)), PLAIN).await.unwrap();
    let row = format!("X1,,{INSURER},800,1234,01,2025-01,さんぷる医院,通院,2,11400,7980,0,3420,\r\n");
    let csv = format!("{EXPENSE_HEADER}{row}").into_bytes();
    let files = [("1.csv", csv), ("2.UKE", claims()), ("3.UKE", billed_again("202504", "77"))];
    let paths = files.map(|(name, bytes)| portal.file(name, bytes).path);
    let kind = imports::kind_of("expenses").unwrap();
    let source = Source::of_files(&paths, None, kind, 1 << 20).unwrap();
    for options in [Options { dry_run: true, ..PLAIN }, PLAIN] {
        let mut told = Vec::new();
        let report = portal.expenses(&scope, &source, options, &mut told).await.unwrap();
        assert_eq!(report.accepted, 1, "{told:?}");
        for (file, why) in [("2.UKE", "の請求が、このファイルの前の行、または"), ("1.csv", "別の形式")]
        {
            assert!(told.iter().any(|said| said.starts_with(file) && said.contains(why)), "{told:?}");
        }
    }
    let batch = imports::batches(&portal.app, &scope).await.unwrap().pop().unwrap();
    let faults = imports::faults(&portal.app, &scope, batch.batch_id).await.unwrap();
    assert!(faults.iter().all(|fault| fault.file != "3.UKE" || !fault.reason.contains("再請求")), "{faults:?}");
    imports::publish(&portal.app, &scope, batch.batch_id).await.unwrap();
    let mut member = portal.member_of(&scope, "800", "1234").await;
    assert_eq!(member.get("/expenses/statement?month=2025-01").await.all("tbody tr").len(), 1);
}

#[portal_test]
async fn care_told_by_a_csv_and_a_claim_is_asked_about(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    portal.register(&scope, &portal.file("r.csv", register_csv(INSURER)), PLAIN).await.unwrap();
    let report = portal.expenses(&scope, &portal.file("1.UKE", claims()), PLAIN, &mut Vec::new()).await.unwrap();
    imports::publish(&portal.app, &scope, report.batch_id.unwrap()).await.unwrap();
    let row = |provider: &str, total: i64| {
        format!("X{total},,{INSURER},800,1234,01,2025-01,{provider},通院,2,{total},{},0,3420,\r\n", total - 3_420)
    };
    let csv = format!("{EXPENSE_HEADER}{}{}", row("さんぷる医院", 11_400), row("さんぷる医院", 11_500));
    for (answer, accepted) in [("skip", 1), ("take", 2)] {
        let answers = Answers::from([("same_visit".to_owned(), answer.to_owned())]);
        let name = format!("{answer}.csv");
        let bytes = format!("{csv}{}", "\r\n".repeat(answer.len() - 3)).into_bytes();
        let upload = uploaded_with(&portal.app, &scope, "expenses", &name, bytes, answers).await;
        imports::work_due(&portal.app).await.unwrap();
        imports::apply_upload(&portal.app, &scope, upload, false, &Answers::new()).await.unwrap();
        imports::work_due(&portal.app).await.unwrap();
        let batch = imports::batches(&portal.app, &scope).await.unwrap().pop().unwrap();
        assert_eq!(batch.accepted, accepted, "{answer}");
        let faults = imports::faults(&portal.app, &scope, batch.batch_id).await.unwrap();
        assert_eq!(
            faults.iter().filter(|fault| fault.reason.contains("別の形式")).count(),
            2 - usize::try_from(accepted).unwrap()
        );
        imports::withdraw(&portal.app, &scope, batch.batch_id, "誤り").await.unwrap();
    }
}
