//! Files come in, are published, corrected and taken back.

use portal_test::portal_test;
use yui::{
    core::society::{InSociety, Preset},
    features::imports::{self, Options, Outcome},
};
use yui_db::Engine;

use crate::support::{EXPENSE_HEADER, Portal, register_csv, state_of};

const INSURER: &str = "06139018";
const DRY: Options = Options { dry_run: true, all_or_nothing: false, confirmed: true };
const ALL: Options = Options { dry_run: false, all_or_nothing: true, confirmed: true };
const PLAIN: Options = Options { dry_run: false, all_or_nothing: false, confirmed: true };

fn expense(key: &str, branch: &str, month: &str, provider: &str, total: i64) -> String {
    let self_pay = total * 3 / 10;
    format!(
        "{key},,{INSURER},800,1234,{branch},{month},{provider},通院,1,{total},{},0,{self_pay},\r\n",
        total - self_pay
    )
}

fn csv(rows: &[String]) -> String {
    format!("{EXPENSE_HEADER}{}", rows.concat())
}

/// A portal with one society whose register is there.
async fn with_register(portal: &Portal) -> yui::core::scope::SystemScope {
    let scope = portal.society(Preset::Minato, INSURER).await;
    let register = portal.file("register.csv", register_csv(INSURER));
    let report = portal.register(&scope, &register, PLAIN).await.unwrap();
    assert_eq!((report.outcome, report.accepted, report.rejected), (Outcome::Done, 3, 0));
    scope
}

#[portal_test]
async fn the_same_file_twice_changes_nothing(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let file = portal.file("e.csv", csv(&[expense("A1", "00", "2025-01", "みほん医院", 10_000)]));
    let first = portal.expenses(&scope, &file, PLAIN, &mut vec![]).await.unwrap();
    imports::publish(&portal.app, &scope, first.batch_id.unwrap()).await.unwrap();
    let before = state_of(&portal).await;
    let again = portal.expenses(&scope, &file, PLAIN, &mut vec![]).await.unwrap();
    assert_eq!((again.outcome, again.batch_id), (Outcome::AlreadyThere, first.batch_id));
    let register = portal.file("again.csv", register_csv(INSURER));
    assert_eq!(portal.register(&scope, &register, PLAIN).await.unwrap().outcome, Outcome::AlreadyThere);
    assert_eq!(state_of(&portal).await, before);
}

#[portal_test]
async fn a_bad_row_never_spoils_good_ones_and_each_mistake_is_told(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let rows = [
        expense("A1", "00", "2025-01", "みほん医院", 10_000),
        expense("A2", "00", "2025-13", "みほん医院", 10_000),
        expense("A3", "01", "2025-01", "みほん医院", 10_000).replace(",3000,", ",2999,"),
        expense("A4", "09", "2025-01", "みほん医院", 10_000),
        expense("A5", "01", "2099-01", "みほん医院", 10_000),
        expense("A6", "01", "2025-02", "", 10_000),
        expense("A1", "01", "2025-02", "みほん医院", 10_000),
        expense("A8", "01", "2009-02", "みほん医院", 10_000),
        expense("A9", "00", "2025-01", "みほん医院", 10_000).replace(INSURER, "06149033"),
    ];
    let file = portal.file("e.csv", csv(&rows));
    let mut told = Vec::new();
    let report = portal.expenses(&scope, &file, PLAIN, &mut told).await.unwrap();
    assert_eq!((report.accepted, report.rejected, report.unmatched), (2, 4, 3), "{told:#?}");
    let tells = |line: &str, what: &str| told.iter().any(|fault| fault.starts_with(line) && fault.contains(what));
    assert!(tells("3行 診療年月", "2025-13"), "{told:#?}");
    assert!(tells("4行", "合"), "{told:#?}");
    assert!(tells("5行 記号・番号", "枝番・生年月日・氏名の合う人がいません"), "{told:#?}");
    assert!(tells("6行 診療年月", "未来"), "{told:#?}");
    assert!(tells("8行 請求番号", "前の行にもあります"), "{told:#?}");
    assert!(tells("9行 記号・番号", "資格のある人が"), "{told:#?}");
    assert!(tells("10行 保険者番号", "この組合のものではありません"), "{told:#?}");
}

#[portal_test]
async fn a_dry_run_and_all_or_nothing_leave_no_trace(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    let empty = state_of(&portal).await;
    let register = portal.file("register.csv", register_csv(INSURER));
    let tried = portal.register(&scope, &register, DRY).await.unwrap();
    assert_eq!((tried.outcome, tried.accepted, tried.batch_id), (Outcome::DryRun, 3, None));
    assert!(tried.details.contains(&("new households", 2)) && tried.details.contains(&("new members", 3)));
    let broken = portal.file("broken.csv", register_csv(INSURER).replace("1981-03-03", "1981-02-30"));
    let refused = portal.register(&scope, &broken, ALL).await.unwrap();
    assert_eq!((refused.outcome, refused.rejected, refused.batch_id), (Outcome::Refused, 1, None));
    assert_eq!(state_of(&portal).await, empty);
    assert!(imports::batches(&portal.app, &scope).await.unwrap().is_empty());
    assert_eq!(portal.register(&scope, &register, ALL).await.unwrap().outcome, Outcome::Done);
}

#[portal_test]
async fn a_correction_replaces_its_line_and_withdrawal_brings_the_former_back(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let import = async |name: &str, rows: &[String]| {
        let report = portal.expenses(&scope, &portal.file(name, csv(rows)), PLAIN, &mut vec![]).await.unwrap();
        let batch = report.batch_id.unwrap();
        imports::publish(&portal.app, &scope, batch).await.unwrap();
        (batch, report)
    };
    let shown = async || {
        let state = state_of(&portal).await;
        state.lines().filter(|line| line.ends_with("|-|published")).map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    let (first, _) = import(
        "1.csv",
        &[expense("A1", "00", "2025-01", "みほん医院", 10_000), expense("A2", "00", "2025-01", "れいじ医院", 5_000)],
    )
    .await;
    let before = state_of(&portal).await;
    let (second, report) = import("2.csv", &[expense("A1", "00", "2025-01", "みほん医院", 8_000)]).await;
    assert_eq!(report.corrections, 1);
    assert_eq!(shown().await.len(), 2);
    assert!(
        shown().await.iter().any(|line| line.contains("|8000|"))
            && !shown().await.iter().any(|line| line.contains("|10000|"))
    );
    let (third, _) = import("3.csv", &[expense("A1", "00", "2025-01", "みほん医院", 6_000)]).await;
    assert!(shown().await.iter().any(|line| line.contains("|6000|")));

    // The middle version goes: the newest still stands for the first.
    imports::withdraw(&portal.app, &scope, second, "誤り").await.unwrap();
    assert!(shown().await.iter().any(|line| line.contains("|6000|")) && shown().await.len() == 2);
    imports::withdraw(&portal.app, &scope, third, "誤り").await.unwrap();
    assert_eq!(state_of(&portal).await, before, "exactly as before the corrections");
    assert!(
        imports::withdraw(&portal.app, &scope, third, "誤り")
            .await
            .unwrap_err()
            .to_string()
            .contains("was withdrawn before")
    );
    assert!(imports::publish(&portal.app, &scope, first).await.is_err(), "published before");
    assert!(
        imports::publish(&portal.app, &scope, 999).await.unwrap_err().to_string().contains("there is no batch 999")
    );
}

#[portal_test]
async fn a_claim_taken_back_is_no_longer_shown(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    for (name, row) in [
        ("1.csv", expense("A1", "00", "2025-01", "みほん医院", 10_000)),
        ("2.csv", expense("A1", "00", "2025-01", "みほん医院", 10_000).replace("A1,,", "A1,1,")),
    ] {
        let report = portal.expenses(&scope, &portal.file(name, csv(&[row])), PLAIN, &mut vec![]).await.unwrap();
        imports::publish(&portal.app, &scope, report.batch_id.unwrap()).await.unwrap();
    }
    let mut member = portal.member_of(&scope, "800", "1234").await;
    let page = member.get("/expenses/statement?month=2025-01").await;
    assert!(!page.text().contains("みほん医院") && page.all(".amount").is_empty());
}

#[portal_test]
async fn nothing_is_seen_before_publication_nor_after_withdrawal(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let mut member = portal.member_of(&scope, "800", "1234").await;
    let file = portal.file("e.csv", csv(&[expense("A1", "00", "2025-01", "みほん医院", 10_000)]));
    let batch = portal.expenses(&scope, &file, PLAIN, &mut vec![]).await.unwrap().batch_id.unwrap();
    let sees = async |member: &mut crate::support::Browser| {
        member.get("/expenses/statement?month=2025-01").await.text().contains("みほん医院")
    };
    assert!(!sees(&mut member).await);
    imports::publish(&portal.app, &scope, batch).await.unwrap();
    assert!(sees(&mut member).await);
    let mut neighbour = portal.member_of(&scope, "800", "5678").await;
    assert!(!sees(&mut neighbour).await);
    imports::withdraw(&portal.app, &scope, batch, "誤り").await.unwrap();
    assert!(!sees(&mut member).await);
    let again = portal.expenses(&scope, &file, PLAIN, &mut vec![]).await.unwrap();
    assert_eq!(again.outcome, Outcome::Done, "a withdrawn file may come again");
}

yui_db::statements! {
    fn hide(society_id: i64, batch_id: i64) =
        "UPDATE import_batches SET state = 'withdrawn', clearing = TRUE WHERE society_id = $1 AND batch_id = $2";
    fn flag_set(society_id: i64, now: jiff::Timestamp, name: &str) = "
        INSERT INTO member_flags (society_id, member_id, kind, flag_number, set_at, set_by, reason)
        SELECT society_id, member_id, 'non_disclosure', 1, $2, '職員', '申出' FROM members WHERE society_id = $1 AND name = $3";
    fn flags_end(society_id: i64, now: jiff::Timestamp) =
        "UPDATE member_flags SET ended_at = $2, ended_by = '職員' WHERE society_id = $1";
}

#[portal_test]
async fn rows_that_a_killed_withdrawal_left_count_nowhere_and_go(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let mut member = portal.member_of(&scope, "800", "1234").await;
    let before = state_of(&portal).await;
    let file = portal.file("e.csv", csv(&[expense("A1", "01", "2025-01", "みほん医院", 10_000)]));
    let batch = portal.expenses(&scope, &file, PLAIN, &mut vec![]).await.unwrap().batch_id.unwrap();
    imports::publish(&portal.app, &scope, batch).await.unwrap();
    // The worker was killed after the batch was out of sight.
    portal.app.db.execute(Sql::hide(1, batch)).await.unwrap();
    assert!(!member.get("/expenses/statement?month=2025-01").await.text().contains("みほん医院"));

    let again = portal.expenses(&scope, &file, PLAIN, &mut vec![]).await.unwrap();
    assert_eq!((again.outcome, again.accepted, again.corrections), (Outcome::Done, 1, 0));
    let rows = async || state_of(&portal).await.matches("みほん医院").count();
    assert_eq!(rows().await, 2);
    imports::work_due(&portal.app).await.unwrap();
    assert_eq!(rows().await, 1);
    imports::withdraw(&portal.app, &scope, again.batch_id.unwrap(), "誤り").await.unwrap();
    assert_eq!(state_of(&portal).await, before);

    // Who came with a register can go although their withdrawn rows are still there.
    let report = portal.expenses(&scope, &file, PLAIN, &mut vec![]).await.unwrap();
    portal.app.db.execute(Sql::hide(1, report.batch_id.unwrap())).await.unwrap();
    let register = imports::batches(&portal.app, &scope).await.unwrap()[0].batch_id;
    let refused = imports::withdraw(&portal.app, &scope, register, "誤り").await.unwrap_err().to_string();
    assert!(refused.contains("1 of the persons it brought have expenses or an account"), "{refused}");
    assert_eq!(rows().await, 0);
}

#[portal_test]
async fn a_register_import_is_taken_back_exactly_unless_something_stands_on_it(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let before = state_of(&portal).await;
    // Hanako marries out of the household, a child is born, Ichiro's company changes and with it his number.
    let changed = register_csv(INSURER).replace("2012-06-01,\r\n", "2012-06-01,2025-04-01\r\n")
        + &format!("{INSURER},800,1234,02,テスト 三郎,テスト サブロウ,男,2025-05-05,家族,2025-05-05,\r\n");
    let report = portal.register(&scope, &portal.file("2.csv", changed), PLAIN).await.unwrap();
    assert!(report.details.contains(&("new members", 1)) && report.details.contains(&("changed members", 1)));
    assert!(report.details.contains(&("members who leave", 1)), "花子: {report}");
    assert!(report.details.contains(&("unchanged members", 2)));
    assert_ne!(state_of(&portal).await, before);
    imports::withdraw(&portal.app, &scope, report.batch_id.unwrap(), "誤り").await.unwrap();
    assert_eq!(state_of(&portal).await, before);

    let first = imports::batches(&portal.app, &scope).await.unwrap()[0].batch_id;
    let expenses = portal.file("e.csv", csv(&[expense("A1", "00", "2025-01", "みほん医院", 10_000)]));
    portal.expenses(&scope, &expenses, PLAIN, &mut vec![]).await.unwrap();
    let refused = imports::withdraw(&portal.app, &scope, first, "誤り").await.unwrap_err().to_string();
    assert!(refused.contains("1 of the persons it brought have expenses"), "{refused}");
    assert_eq!(state_of(&portal).await.lines().filter(|line| line.starts_with("テスト ")).count(), 2);
}

/// An order to withdraw it ends with words in every case: it is never tried for ever.
#[portal_test]
async fn a_register_import_with_a_flag_or_a_household_in_use_on_it_is_refused_in_words(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let before = state_of(&portal).await;
    let (now, society) = (portal.app.clock.now(), scope.society_id());
    // A child is born that nothing may be told of.
    let born = format!("{INSURER},800,1234,02,テスト 三郎,テスト サブロウ,男,2025-05-05,家族,2025-05-05,\r\n");
    let report = portal.register(&scope, &portal.file("2.csv", register_csv(INSURER) + &born), PLAIN).await;
    let batch = report.unwrap().batch_id.unwrap();
    portal.app.db.execute(Sql::flag_set(society, now, "テスト 三郎")).await.unwrap();
    let refused = imports::withdraw(&portal.app, &scope, batch, "誤り").await.unwrap_err().to_string();
    assert!(refused.contains("1 of the persons it brought have an objection or non-disclosure"), "{refused}");
    portal.app.db.execute(Sql::flags_end(society, now)).await.unwrap();
    imports::withdraw(&portal.app, &scope, batch, "誤り").await.unwrap();
    assert_eq!(state_of(&portal).await, before);

    // The dependent becomes insured and gets a household of his own.
    let header = "保険者番号,記号,番号,枝番,個人コード,氏名,カナ氏名,性別,生年月日,続柄,資格取得日,資格喪失日\r\n";
    let row = |numbers: &str, key: &str, name: &str, who: &str, from: &str| {
        format!("{INSURER},{numbers},{key},{name},ミホン,男,1980-01-01,{who},{from},\r\n")
    };
    let first =
        row("1,10,00", "P1", "見本 誠", "本人", "2015-04-01") + &row("1,10,01", "P2", "見本 翔", "家族", "2015-04-01");
    portal.register(&scope, &portal.file("3.csv", header.to_owned() + &first), PLAIN).await.unwrap();
    let second = header.to_owned() + &row("3,50,00", "P2", "見本 翔", "本人", "2025-04-01");
    let report = portal.register(&scope, &portal.file("4.csv", second), PLAIN).await.unwrap();
    assert!(report.details.contains(&("changed members", 1)), "{report}");
    let row = expense("A1", "00", "2025-05", "みほん医院", 10_000).replace("800,1234", "3,50");
    let expenses = portal.expenses(&scope, &portal.file("e.csv", csv(&[row])), PLAIN, &mut vec![]).await.unwrap();
    assert_eq!(expenses.accepted, 1);
    let refused = imports::withdraw(&portal.app, &scope, report.batch_id.unwrap(), "誤り").await.unwrap_err();
    assert!(refused.downcast_ref::<imports::ImportRefusal>().is_some(), "{refused:#}");
}

#[portal_test]
async fn identity_survives_a_change_of_numbers(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    let header = "保険者番号,記号,番号,枝番,個人コード,氏名,カナ氏名,性別,生年月日,続柄,資格取得日,資格喪失日\r\n";
    let row = |symbol: &str, number: &str, branch: &str, key: &str, name: &str, kana: &str, who: &str, from: &str| {
        format!("{INSURER},{symbol},{number},{branch},{key},{name},{kana},男,1980-01-01,{who},{from},\r\n")
    };
    let first = header.to_owned()
        + &row("1", "10", "00", "P1", "見本 誠", "ミホン マコト", "本人", "2015-04-01")
        + &row("1", "10", "01", "P2", "見本 翔", "ミホン ショウ", "家族", "2015-04-01");
    portal.register(&scope, &portal.file("1.csv", first), PLAIN).await.unwrap();
    let second = header.to_owned()
        + &row("2", "99", "00", "P1", "見本 誠", "ミホン マコト", "本人", "2024-04-01")
        + &row("2", "99", "01", "P2", "見本 翔", "ミホン ショウ", "家族", "2024-04-01");
    portal.register(&scope, &portal.file("2.csv", second), PLAIN).await.unwrap();
    // Shō is insured himself from 2025 on: a household of his own, the past stays where it was.
    let third = header.to_owned() + &row("3", "50", "00", "P2", "見本 翔", "ミホン ショウ", "本人", "2025-04-01");
    portal.register(&scope, &portal.file("3.csv", third), PLAIN).await.unwrap();

    let at = |symbol: &str, number: &str, branch: &str, month: &str, provider: &str| {
        expense("", branch, month, provider, 1_000).replace("800,1234", &format!("{symbol},{number}"))
    };
    let rows = [
        at("1", "10", "01", "2023-05", "むかし医院"),
        at("2", "99", "01", "2024-05", "なか医院"),
        at("3", "50", "00", "2025-05", "いま医院"),
        at("1", "10", "01", "2024-05", "ふるい番号医院"),
    ];
    let mut told = Vec::new();
    let report = portal.expenses(&scope, &portal.file("e.csv", csv(&rows)), PLAIN, &mut told).await.unwrap();
    assert_eq!((report.accepted, report.unmatched), (3, 1), "{told:?}");
    imports::publish(&portal.app, &scope, report.batch_id.unwrap()).await.unwrap();

    let mut father = portal.member_of(&scope, "2", "99").await;
    let page = father.get("/expenses/statement?from=2022-01&to=2026-11").await.text();
    assert!(page.contains("むかし医院") && page.contains("なか医院") && !page.contains("いま医院"));
    let mut son = portal.member_of(&scope, "3", "50").await;
    let page = son.get("/expenses/statement?from=2022-01&to=2026-11").await.text();
    assert!(page.contains("いま医院") && !page.contains("むかし医院"));
}

#[portal_test]
async fn a_branch_number_given_anew_is_another_person_and_a_new_name_the_same(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let married = register_csv(INSURER).replace("見本 一郎,ミホン イチロウ", "例示 一郎,レイジ イチロウ").replace(
        "01,テスト ハナコ,テスト ハナコ,女,1981-03-03,家族,2012-06-01,",
        "01,テスト 三郎,テスト サブロウ,男,2025-05-05,家族,2025-05-05,",
    );
    let report = portal.register(&scope, &portal.file("2.csv", married), PLAIN).await.unwrap();
    assert!(report.details.contains(&("new members", 1)), "三郎: {report}");
    assert!(report.details.contains(&("changed members", 1)), "一郎: {report}");
    let names: Vec<_> =
        state_of(&portal).await.lines().take(4).map(|line| line.split('|').next().unwrap().to_owned()).collect();
    assert_eq!(names, ["テスト タロウ", "テスト ハナコ", "例示 一郎", "テスト 三郎"]);
}

#[portal_test]
async fn numbers_given_anew_after_a_gap_are_another_household(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    let header = "保険者番号,記号,番号,枝番,個人コード,氏名,カナ氏名,性別,生年月日,続柄,資格取得日,資格喪失日\r\n";
    for (key, other_key) in [("", ""), ("P1", "P9")] {
        let (number, month) = if key.is_empty() { ("1", "01") } else { ("2", "02") };
        let left = format!(
            "{header}{INSURER},10,{number},00,{key},見本 菊,ミホン キク,女,1970-{month}-01,本人,2010-04-01,2024-04-01\r\n"
        );
        portal.register(&scope, &portal.file("left.csv", left), PLAIN).await.unwrap();
        let row = expense(&format!("A{number}"), "00", "2023-05", "むかし医院", 1_000)
            .replace("800,1234", &format!("10,{number}"));
        let report = portal.expenses(&scope, &portal.file("e.csv", csv(&[row])), PLAIN, &mut vec![]).await.unwrap();
        imports::publish(&portal.app, &scope, report.batch_id.unwrap()).await.unwrap();
        let came = format!(
            "{header}{INSURER},10,{number},00,{other_key},例示 翔,レイジ ショウ,男,1999-{month}-09,本人,2025-04-01,\r\n"
        );
        portal.register(&scope, &portal.file("came.csv", came), PLAIN).await.unwrap();
        let page =
            portal.member_of(&scope, "10", number).await.get("/expenses/statement?from=2022-01&to=2026-11").await;
        assert!(!page.text().contains("むかし医院"), "number {number}: another's past");
        assert!(page.text().contains("例示 翔"), "number {number}");
    }
}

#[portal_test]
async fn a_family_moves_together_whatever_the_order_of_its_rows(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let lines: Vec<_> = register_csv(INSURER).lines().map(ToOwned::to_owned).collect();
    let moved = |line: &str| {
        line.replace("800,1234", "31,9").replace("2010-04-01", "2025-04-01").replace("2012-06-01", "2025-04-01")
    };
    let keyed = |line: &str, key: &str| line.replacen(",テスト", &format!(",{key},テスト"), 1);
    let header = lines[0].replace("枝番,", "枝番,個人コード,");
    let before = format!("{header}\r\n{}\r\n{}\r\n", keyed(&lines[1], "P1"), keyed(&lines[2], "P2"));
    portal.register(&scope, &portal.file("keys.csv", before), PLAIN).await.unwrap();
    let mut father = portal.member_of(&scope, "800", "1234").await;
    let after = format!("{header}\r\n{}\r\n{}\r\n", keyed(&moved(&lines[2]), "P2"), keyed(&moved(&lines[1]), "P1"));
    portal.register(&scope, &portal.file("moved.csv", after), PLAIN).await.unwrap();
    let row = expense("N1", "01", "2025-06", "あたらしい医院", 1_000).replace("800,1234", "31,9");
    let report = portal.expenses(&scope, &portal.file("e.csv", csv(&[row])), PLAIN, &mut vec![]).await.unwrap();
    imports::publish(&portal.app, &scope, report.batch_id.unwrap()).await.unwrap();
    assert!(father.get("/expenses/statement?month=2025-06").await.text().contains("あたらしい医院"));
}

#[portal_test]
async fn a_claim_number_used_for_somebody_else_is_refused(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let first = portal.file("1.csv", csv(&[expense("1", "00", "2025-01", "みほん医院", 1_000)]));
    portal.expenses(&scope, &first, PLAIN, &mut vec![]).await.unwrap();
    let mut told = Vec::new();
    let rows = [expense("1", "01", "2025-01", "れいじ医院", 1_000)];
    let report = portal.expenses(&scope, &portal.file("2.csv", csv(&rows)), PLAIN, &mut told).await.unwrap();
    assert_eq!((report.accepted, report.rejected), (0, 1));
    assert!(told[0].contains("別の人または別の月の請求"), "{told:?}");
}

#[portal_test]
async fn an_old_file_that_comes_again_does_not_cover_its_correction(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let old = portal.file("old.csv", csv(&[expense("A1", "00", "2025-01", "みほん医院", 1_000)]));
    let new = portal.file("new.csv", csv(&[expense("A1", "00", "2025-01", "みほん医院", 2_000)]));
    let take = async |source| {
        let batch = portal.expenses(&scope, source, PLAIN, &mut vec![]).await.unwrap().batch_id.unwrap();
        imports::publish(&portal.app, &scope, batch).await.unwrap();
        batch
    };
    let first = take(&old).await;
    take(&new).await;
    imports::withdraw(&portal.app, &scope, first, "誤り").await.unwrap();
    take(&old).await;
    let state = state_of(&portal).await;
    let shown: Vec<_> = state.lines().filter(|line| line.ends_with("|-|published")).collect();
    assert!(shown.len() == 1 && shown[0].contains("|2000|"), "{shown:?}");
}

#[portal_test]
async fn files_of_every_encoding_and_line_end_are_read_alike(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let text = csv(&[expense("K1", "00", "2025-01", "髙﨑クリニック①", 10_000)]);
    let (sjis, _, unmappable) = encoding_rs::SHIFT_JIS.encode(&text);
    assert!(!unmappable);
    let mut bom = b"\xef\xbb\xbf".to_vec();
    bom.extend(text.replace("K1", "K2").as_bytes());
    let lf = text.replace("K1", "K3").replace("\r\n", "\n");
    for (name, bytes) in [("sjis.csv", sjis.into_owned()), ("bom.csv", bom), ("lf.csv", lf.into_bytes())] {
        let report = portal.expenses(&scope, &portal.file(name, bytes), PLAIN, &mut vec![]).await.unwrap();
        assert_eq!((report.accepted, report.rejected), (1, 0), "{name}");
        imports::publish(&portal.app, &scope, report.batch_id.unwrap()).await.unwrap();
    }
    assert_eq!(state_of(&portal).await.matches("髙﨑クリニック①").count(), 3);
}

#[portal_test]
async fn a_file_that_is_none_is_refused_whole_with_its_reason(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    for (name, bytes, says) in [
        ("empty.csv", String::new(), "there are no records"),
        ("header.csv", EXPENSE_HEADER.to_owned(), "there are no records"),
        ("columns.csv", "保険者番号,番号\r\n06139018,1\r\n".to_owned(), "診療年月"),
        ("unknown.csv", csv(&[]).replace("備考", "びこう"), "びこう"),
    ] {
        let refused = portal.expenses(&scope, &portal.file(name, bytes), PLAIN, &mut vec![]).await;
        let refused = refused.map(|report| report.to_string()).unwrap_err();
        assert!(format!("{refused:#}").contains(says) || says == "there are no records", "{name}: {refused:#}");
    }
    assert_eq!(imports::batches(&portal.app, &scope).await.unwrap().len(), 1, "only the register is there");
}

/// Whichever of them comes later counts what both have, and the later file's versions are shown, in whatever order they are published.
#[portal_test]
async fn two_files_imported_at_once_see_each_others_claims(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let rows = |amount: i64| -> Vec<_> {
        (0..500).map(|claim| expense(&format!("A{claim}"), "00", "2025-01", "みほん医院", amount)).collect()
    };
    let (first, second) = (portal.file("1.csv", csv(&rows(10_000))), portal.file("2.csv", csv(&rows(8_000))));
    let (mut told_first, mut told_second) = (Vec::new(), Vec::new());
    let (first, second) = tokio::join!(
        portal.expenses(&scope, &first, PLAIN, &mut told_first),
        portal.expenses(&scope, &second, PLAIN, &mut told_second)
    );
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!((first.accepted, second.accepted), (500, 500));
    assert_eq!(first.corrections + second.corrections, 500, "{first} {second}");
    let (later, earlier) = (first.batch_id.max(second.batch_id), first.batch_id.min(second.batch_id));
    for batch in [later, earlier] {
        imports::publish(&portal.app, &scope, batch.unwrap()).await.unwrap();
    }
    let shown = async || {
        let state = state_of(&portal).await;
        let shown: Vec<_> = state.lines().filter(|line| line.ends_with("|-|published")).collect();
        let of = |amount: &str| shown.iter().filter(|line| line.contains(amount)).count();
        (of("|10000|"), of("|8000|"))
    };
    let amounts = if later == second.batch_id { [(0, 500), (500, 0)] } else { [(500, 0), (0, 500)] };
    assert_eq!(shown().await, amounts[0]);
    imports::withdraw(&portal.app, &scope, later.unwrap(), "誤り").await.unwrap();
    assert_eq!(shown().await, amounts[1]);
}

/// Equal rows are as many expenses, in one file and over a stop in its middle.
#[portal_test]
async fn equal_rows_without_a_number_are_all_kept_but_once_per_content(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let row = expense("", "00", "2025-01", "みほん医院", 1_000);
    let file = portal.file("1.csv", csv(&[row.clone(), row.clone()]));
    assert_eq!(portal.expenses(&scope, &file, PLAIN, &mut vec![]).await.unwrap().accepted, 2);
    // The next month's file repeats what was there: nothing doubles.
    let longer =
        portal.file("2.csv", csv(&[row.clone(), row.clone(), expense("", "00", "2025-02", "みほん医院", 1_000)]));
    let report = portal.expenses(&scope, &longer, PLAIN, &mut vec![]).await.unwrap();
    assert_eq!((report.accepted, report.corrections), (3, 2));
    for batch in imports::batches(&portal.app, &scope).await.unwrap().iter().skip(1) {
        imports::publish(&portal.app, &scope, batch.batch_id).await.unwrap();
    }
    let shown = state_of(&portal).await.lines().filter(|line| line.ends_with("|-|published")).count();
    assert_eq!(shown, 3);
}

/// Formats finding D7: taking back what was never there changes nothing, and is told.
#[portal_test]
async fn a_claim_that_is_not_there_cannot_be_taken_back(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let row = expense("A1", "00", "2025-01", "みほん医院", 10_000);
    let back = row.replacen(",,", ",1,", 1);
    let mut told = Vec::new();
    let first = portal
        .expenses(&scope, &portal.file("1.csv", csv(std::slice::from_ref(&back))), PLAIN, &mut told)
        .await
        .unwrap();
    assert_eq!((first.accepted, first.rejected), (0, 1));
    assert!(told[0].contains("取り消す請求が見つかりません"), "{told:?}");
    let there = portal.expenses(&scope, &portal.file("2.csv", csv(&[row])), PLAIN, &mut vec![]).await.unwrap();
    assert_eq!(there.accepted, 1);
    let again = portal.file("3.csv", csv(&[back, expense("A2", "00", "2025-02", "みほん医院", 10_000)]));
    let taken = portal.expenses(&scope, &again, PLAIN, &mut vec![]).await.unwrap();
    assert_eq!((taken.accepted, taken.corrections), (2, 1));
}

#[portal_test]
async fn the_first_faults_are_kept_of_reader_and_register(engine: Engine) {
    const ROWS: u64 = 12_000;
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    // The reader refuses every second row, the register the others.
    let row = |at: u64| match at % 2 {
        0 => expense(&format!("A{at}"), "00", "2025-13", "みほん医院", 10_000),
        _ => expense(&format!("A{at}"), "77", "2025-01", "みほん医院", 10_000),
    };
    let file = portal.file("e.csv", csv(&(0..ROWS).map(row).collect::<Vec<_>>()));
    let report = portal.expenses(&scope, &file, PLAIN, &mut vec![]).await.unwrap();
    assert_eq!((report.accepted, report.rejected, report.unmatched), (0, 6_000, 6_000));
    let faults = imports::faults(&portal.app, &scope, report.batch_id.unwrap()).await.unwrap();
    assert!(faults.iter().map(|fault| fault.line).eq(2..10_002), "the lines of the first ten thousand");
}
