//! Registers: matching rows with persons and households, and the questions to staff.

use portal_test::portal_test;
use yui::{
    core::{scope::SystemScope, society::Preset},
    features::{
        imports::{self, Options},
        register::RegisterImport,
        societies,
    },
};
use yui_db::Engine;

use crate::{
    console_imports::checked,
    support::{Browser, Portal, state_of},
    uploads::uploaded_with,
};

/// The insurer number of the demo's society.
const DEMO_INSURER: &str = "06139034";

pub(crate) const INSURER: &str = "06139018";
const DRY: Options = Options { dry_run: true, all_or_nothing: false, confirmed: true };
const PLAIN: Options = Options { dry_run: false, all_or_nothing: false, confirmed: true };

const REGISTER_HEADER: &str =
    "保険者番号,記号,番号,枝番,個人コード,氏名,カナ氏名,性別,生年月日,続柄,資格取得日,資格喪失日\r\n";

/// A register of these rows, all of symbol 81.
pub(crate) fn register_of(rows: &[&str]) -> String {
    let rows = rows.iter().map(|row| format!("{INSURER},81,{row}\r\n"));
    format!("{REGISTER_HEADER}{}", rows.collect::<String>())
}

/// Imports a register, checked before; both must say the same. Returns the number of accepted rows, and the reasons for
/// the others.
pub(crate) async fn register_both_ways(
    portal: &Portal,
    scope: &SystemScope,
    name: &str,
    rows: &[&str],
) -> (i64, Vec<String>) {
    let file = portal.file(name, register_of(rows));
    let run = async |options| {
        let numbers = societies::insurer_numbers(&portal.app, scope).await.unwrap();
        let importer = RegisterImport::new(scope.clone(), numbers, portal.app.clock.now());
        let mut told = Vec::new();
        let report = imports::run(&portal.app, scope, importer, &file, options, |fault| {
            told.push(fault.fault.to_string());
        });
        let report = report.await.unwrap();
        assert_eq!(report.rejected, i64::try_from(told.len()).unwrap(), "{told:?}");
        (report.accepted, told)
    };
    let checked = run(DRY).await;
    let done = run(PLAIN).await;
    assert_eq!(checked, done);
    done
}

/// Returns the persons of each household: names joined by commas, a household a line, in order.
pub(crate) async fn households_of(portal: &Portal) -> Vec<String> {
    let rows: Vec<WhoIsWhere> = portal.db.db.all(Sql::who_is_where()).await.unwrap();
    let mut households = std::collections::BTreeMap::<(i64, i64), Vec<String>>::new();
    rows.into_iter().for_each(|row| households.entry((row.society_id, row.household_id)).or_default().push(row.name));
    households.into_values().map(|names| names.join(",")).collect()
}

yui_db::statements! {
    fn changes_of_later() =
        "UPDATE register_changes SET batch_id = 2, change_number = 1000 + change_number WHERE batch_id = 3";
    fn changes_of_earlier() = "UPDATE register_changes SET batch_id = 3 WHERE batch_id = 2 AND change_number < 1000";
    fn who_is_where() -> WhoIsWhere = "
        SELECT c.society_id, c.household_id, m.name FROM coverages c
        JOIN members m ON m.society_id = c.society_id AND m.member_id = c.member_id
        GROUP BY c.society_id, c.household_id, m.name, m.member_id
        ORDER BY c.society_id, c.household_id, m.member_id";
}

#[derive(yui_db::Row)]
struct WhoIsWhere {
    society_id: i64,
    household_id: i64,
    name: String,
}

const FIRST_HOLDER: &str = "1,00,,甲 一,コウ イチ,男,1980-01-01,本人,2010-04-01,";
const FIRST_HOLDER_LEFT: &str = "1,00,,甲 一,コウ イチ,男,1980-01-01,本人,2010-04-01,2024-01-01";
const FIRST_HOLDERS_CHILD: &str = "1,01,,甲 子,コウ コ,女,2012-01-01,家族,2012-01-01,";
const NEW_HOLDER: &str = "1,00,,乙 二,オツ ニ,男,1990-05-05,本人,2025-04-01,";
const NEW_HOLDERS_CHILD: &str = "1,01,,乙 子,オツ コ,男,2020-05-05,家族,2025-04-01,";

/// A number that is given anew brings nobody into the former holder's household, whatever the order of the rows.
#[portal_test]
async fn a_new_holder_of_a_number_has_a_household_of_their_own(engine: Engine) {
    for rows in [[NEW_HOLDER, FIRST_HOLDER_LEFT], [FIRST_HOLDER_LEFT, NEW_HOLDER]] {
        let portal = Portal::new(engine, true).await;
        let scope = portal.society(Preset::Minato, INSURER).await;
        register_both_ways(&portal, &scope, "a.csv", &[FIRST_HOLDER, FIRST_HOLDERS_CHILD]).await;
        let with_child = [rows[0], NEW_HOLDERS_CHILD, rows[1]];
        assert_eq!(register_both_ways(&portal, &scope, "b.csv", &with_child).await, (3, vec![]));
        // The former holder's child was not signed off: it stays where it was.
        assert_eq!(households_of(&portal).await, ["甲 一,甲 子", "乙 二,乙 子"]);
    }
}

/// Two insured persons are not in force under one number; nobody of the second one's family slips in either.
#[portal_test]
async fn a_second_insured_person_under_a_number_is_refused_with_the_family(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    register_both_ways(&portal, &scope, "a.csv", &[FIRST_HOLDER]).await;
    let (taken, told) = register_both_ways(&portal, &scope, "b.csv", &[NEW_HOLDERS_CHILD, NEW_HOLDER]).await;
    assert_eq!(taken, 0);
    assert!(told.iter().any(|why| why.starts_with("3行 番号") && why.contains("別の本人")), "{told:?}");
    assert!(told.iter().any(|why| why.starts_with("2行 番号") && why.contains("本人の行")), "{told:?}");
    assert_eq!(households_of(&portal).await, ["甲 一"]);
}

/// An insured person who was a dependent under the number does not bring the household along.
#[portal_test]
async fn a_dependent_who_becomes_insured_has_a_household_of_their_own(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    register_both_ways(&portal, &scope, "a.csv", &[FIRST_HOLDER_LEFT, FIRST_HOLDERS_CHILD]).await;
    let insured = "1,01,,甲 子,コウ コ,女,2012-01-01,本人,2030-04-01,";
    assert_eq!(register_both_ways(&portal, &scope, "b.csv", &[insured]).await, (1, vec![]));
    assert_eq!(households_of(&portal).await, ["甲 一,甲 子", "甲 子"]);
}

/// The society's own key never turns somebody into somebody else.
#[portal_test]
async fn a_person_key_of_somebody_else_is_refused(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    let first = "1,00,KX,甲 一,コウ イチ,男,1980-01-01,本人,2010-04-01,";
    register_both_ways(&portal, &scope, "a.csv", &[first]).await;
    let before = state_of(&portal).await;
    let stranger = "2,00,KX,乙 二,オツ ニ,女,1990-01-01,本人,2012-04-01,";
    let (taken, told) = register_both_ways(&portal, &scope, "b.csv", &[stranger]).await;
    assert_eq!(taken, 0);
    assert!(told[0].starts_with("2行 個人コード"), "{told:?}");
    assert_eq!(state_of(&portal).await, before);
    // A marriage changes a name, not the person.
    let married = "1,00,KX,丙 一,ヘイ イチ,男,1980-01-01,本人,2010-04-01,";
    assert_eq!(register_both_ways(&portal, &scope, "c.csv", &[married]).await, (1, vec![]));
    assert_eq!(households_of(&portal).await, ["丙 一"]);
}

/// Twins whose names are read alike, with branch numbers of their own, are two.
#[portal_test]
async fn twins_of_one_reading_are_two(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    let family = [
        "1,00,,双子 親,フタゴ オヤ,男,1980-01-01,本人,2010-04-01,",
        "1,01,,双子 優,フタゴ ユウ,男,2015-05-05,家族,2015-05-05,",
        "1,02,,双子 勇,フタゴ ユウ,男,2015-05-05,家族,2015-05-05,",
    ];
    assert_eq!(register_both_ways(&portal, &scope, "a.csv", &family).await, (3, vec![]));
    assert_eq!(households_of(&portal).await, ["双子 親,双子 優,双子 勇"]);
    // The same child with another branch number is the same child.
    let moved = "1,03,,双子 勇,フタゴ ユウ,男,2015-05-05,家族,2020-04-01,";
    assert_eq!(register_both_ways(&portal, &scope, "b.csv", &[moved]).await, (1, vec![]));
    assert_eq!(households_of(&portal).await, ["双子 親,双子 優,双子 勇"]);
}

/// A day that no calendar of a person has is refused by row; the one that programs write for "never" means none.
#[portal_test]
async fn a_date_beyond_the_database_is_refused_by_row(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    let rows = [
        "1,00,,甲 一,コウ イチ,男,1980-01-01,本人,2010-04-01,9999-12-31",
        "2,00,,乙 二,オツ ニ,男,1990-05-05,本人,2025-04-01,3000-01-01",
        "3,00,,丙 三,ヘイ サン,男,0999-05-05,本人,2025-04-01,",
        "4,00,,丁 四,テイ ヨン,男,1980-05-05,本人,2025-04-01,",
    ];
    let (taken, told) = register_both_ways(&portal, &scope, "a.csv", &rows).await;
    assert_eq!(taken, 2, "{told:?}");
    assert!(told[0].starts_with("3行 資格喪失日") && told[1].starts_with("4行 生年月日"), "{told:?}");
    let state = state_of(&portal).await;
    assert!(state.contains("|2010-04-01|-|"), "{state}");
}

/// The questions about a register, as a browser sees and answers them.
async fn answered(portal: &Portal, staff: &mut Browser, question: i64, answer: &str) -> String {
    let path = format!("/console/imports/questions/{question}");
    let said = staff.post(&path, &format!("same-{question}={answer}")).await;
    assert_eq!(said.status, 303, "{}", said.text());
    state_of(portal).await
}

const INSURED: &str = "1,00,,検査 美咲,ケンサ ミサキ,女,1990-04-12,本人,2015-04-01,";
const CHILD: &str = "1,01,,検査 翔,ケンサ ショウ,男,2020-05-05,家族,2020-05-05,";
const INSURED_MOVED: &str = "7,00,,検査 美咲,ケンサ ミサキ,女,1990-04-12,本人,2026-04-01,";
const CHILD_MOVED: &str = "7,01,,検査 翔,ケンサ ショウ,男,2020-05-05,家族,2026-04-01,";

/// Formats finding D15: without a lasting key somebody whose numbers change is neither doubled nor merged in silence.
#[portal_test]
async fn who_may_be_known_under_other_numbers_is_asked_and_goes_along_with_the_family(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = SystemScope::of_society(&portal.app, "minato").await.unwrap();
    let mut staff = portal.staff("minato", "kyufu").await;
    let register = |rows: &[&str]| register_of(rows).replace(INSURER, DEMO_INSURER);
    let first = checked(&portal, &mut staff, "register", "a.csv", register(&[INSURED, CHILD]).as_bytes()).await;
    staff.post(&format!("{first}/apply"), "").await;
    imports::work_due(&portal.app).await.unwrap();
    let before = state_of(&portal).await;

    // The preview sets both side by side and names who would move.
    let moved = register(&[CHILD_MOVED, INSURED_MOVED]);
    let second = checked(&portal, &mut staff, "register", "b.csv", moved.as_bytes()).await;
    let page = staff.get(&second).await;
    let text = page.text();
    assert!(text.contains("81-1") && text.contains("81-7") && text.contains("同じ人ですか"), "{text}");
    assert_eq!(state_of(&portal).await, before);
    staff.post(&format!("{second}/apply"), "same-3=later").await;
    imports::work_due(&portal.app).await.unwrap();
    assert_eq!(state_of(&portal).await, before, "what is decided later changes nothing yet");

    let list = staff.get("/console/imports").await.text();
    assert!(list.contains("確認待ちの行が2行"), "{list}");
    let questions = staff.get("/console/imports/questions").await;
    assert!(questions.text().contains("本人の確認が終わると"), "{}", questions.text());
    let name = questions.attribute("input[type=radio]", "name").to_owned();
    let question: i64 = name.strip_prefix("same-").unwrap().parse().unwrap();
    let member = questions.attribute("input[type=radio]", "value").to_owned();
    let nothing = staff.post(&format!("/console/imports/questions/{question}"), "").await;
    assert!(nothing.text().contains("選んでください"));
    let foreign = staff.post(&format!("/console/imports/questions/{question}"), &format!("same-{question}=1")).await;
    assert!(foreign.text().contains("選んでください"), "a member who is not a candidate is refused");
    answered(&portal, &mut staff, question, &member).await;
    let households = households_of(&portal).await;
    assert_eq!(households.iter().filter(|names| names.contains("検査 美咲")).count(), 1, "{households:?}");
    assert!(households.contains(&"検査 美咲,検査 翔".to_owned()), "{households:?}");
    assert!(state_of(&portal).await.contains("|2026-04-01|"));
    assert!(staff.get("/console/imports/questions").await.text().contains("確認待ちの人はいません"));

    // The withdrawal of the file takes the answer back as well.
    let batch = imports::batches(&portal.app, &scope).await.unwrap().pop().unwrap();
    imports::withdraw(&portal.app, &scope, batch.batch_id, "誤り").await.unwrap();
    assert_eq!(state_of(&portal).await, before);
}

/// The same, answered beforehand: another person is a new one.
#[portal_test]
async fn somebody_else_of_the_same_name_is_somebody_new(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let register = |rows: &[&str]| register_of(rows).replace(INSURER, DEMO_INSURER);
    for (name, rows, answers) in
        [("a.csv", &[INSURED, CHILD], ""), ("b.csv", &[INSURED_MOVED, CHILD_MOVED], "same-2=other&same-3=other")]
    {
        let path = checked(&portal, &mut staff, "register", name, register(rows).as_bytes()).await;
        staff.post(&format!("{path}/apply"), answers).await;
        imports::work_due(&portal.app).await.unwrap();
    }
    // The child may be the first one's still: that is asked by itself.
    let questions = staff.get("/console/imports/questions").await;
    assert!(questions.text().contains("検査 翔"), "{}", questions.text());
    let households = households_of(&portal).await;
    assert_eq!(households.iter().filter(|names| names.contains("検査 美咲")).count(), 2, "{households:?}");
}

/// A name that changed with a marriage is asked where the old coverage was over.
#[portal_test]
async fn a_new_family_name_after_the_end_of_a_coverage_is_asked(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    let left = "1,00,,検査 美咲,ケンサ ミサキ,女,1990-04-12,本人,2015-04-01,2026-04-01";
    let husband = "2,00,,架空 大地,カクウ ダイチ,男,1988-01-01,本人,2012-04-01,";
    let married = "2,01,,架空 美咲,カクウ ミサキ,女,1990-04-12,家族,2026-04-01,";
    register_both_ways(&portal, &scope, "a.csv", &[left, husband]).await;
    assert_eq!(register_both_ways(&portal, &scope, "b.csv", &[married]).await, (0, vec![]));
    // In force at the same time, another given name's worth of strangers is no question.
    let stranger = "3,00,,見本 美咲,ミホン ミサキ,女,1990-04-12,本人,2020-04-01,";
    assert_eq!(register_both_ways(&portal, &scope, "c.csv", &[stranger]).await, (1, vec![]));
}

/// Programs write kana differently: small kana large, long vowels with a mark, a family name as サキ and ザキ.
#[portal_test]
async fn a_moved_person_is_asked_about_whatever_program_wrote_the_kana(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    let known = [
        "1,00,,検査 翔一郎,ｹﾝｻ ｼﾖｳｲﾁﾛｳ,男,1990-04-12,本人,2015-04-01,",
        "2,00,,山崎 京子,ヤマザキ キョウコ,女,1985-02-03,本人,2015-04-01,",
    ];
    register_both_ways(&portal, &scope, "a.csv", &known).await;
    let moved = [
        "5,00,,検査 翔一郎,ケンサ ショウイチロー,男,1990-04-12,本人,2020-04-01,",
        "6,00,,山崎 京子,ヤマサキ キヨウコ,女,1985-02-03,本人,2020-04-01,",
    ];
    assert_eq!(register_both_ways(&portal, &scope, "b.csv", &moved).await, (0, vec![]));
    let other = "7,00,,見本 京子,ミホン キョウコ,女,1985-02-03,本人,2020-04-01,";
    assert_eq!(register_both_ways(&portal, &scope, "c.csv", &[other]).await, (1, vec![]));
}

/// Formats finding D14, and start dates that were wrong.
#[portal_test]
async fn numbers_compare_without_zeros_and_corrected_dates_replace_the_coverage(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    let of = |number: &str, from: &str| format!("{number},00,,甲 一,コウ イチ,男,1980-01-01,本人,{from},");
    for (at, (number, from)) in
        [("0123", "2010-04-01"), ("123", "2010-04-01"), ("１２３", "2012-04-01"), ("00123", "2009-04-01")]
            .into_iter()
            .enumerate()
    {
        let row = of(number, from);
        assert_eq!(register_both_ways(&portal, &scope, &format!("{at}.csv"), &[&row]).await, (1, vec![]));
        assert_eq!(households_of(&portal).await, ["甲 一"], "{number}");
        let state = state_of(&portal).await;
        assert!(state.contains(&format!("|{from}|-|")), "{state}");
        assert_eq!(
            state.matches("|-|").count(),
            state.matches(&format!("|{from}|-|")).count(),
            "one coverage: {state}"
        );
    }
}

/// Whatever the order of the rows of a file, the register is the same.
#[portal_test]
async fn the_order_of_rows_does_not_matter(engine: Engine) {
    let rows = [FIRST_HOLDER_LEFT, FIRST_HOLDERS_CHILD, NEW_HOLDER, NEW_HOLDERS_CHILD, INSURED_MOVED, CHILD_MOVED];
    let portal = Portal::new(engine, true).await;
    let mut seen = std::collections::BTreeSet::new();
    let scope = portal.society(Preset::Minato, INSURER).await;
    for turn in 0..rows.len() {
        let mut turned = rows;
        turned.rotate_left(turn);
        if turn % 2 == 1 {
            turned.reverse();
        }
        register_both_ways(&portal, &scope, &format!("{turn}.csv"), &turned).await;
        seen.insert(households_of(&portal).await);
        let batch = imports::batches(&portal.app, &scope).await.unwrap().pop().unwrap();
        imports::withdraw(&portal.app, &scope, batch.batch_id, "誤り").await.unwrap();
        assert!(households_of(&portal).await.is_empty(), "a withdrawal restores what was");
    }
    assert_eq!(seen.len(), 1, "{seen:?}");
}

/// A file with everybody names who is not in it, and ends their coverage on its day where that is wanted.
#[portal_test]
async fn who_is_not_in_a_file_with_everybody_is_told_and_leaves_on_wish(engine: Engine) {
    let others =
        ["2,00,,乙 二,オツ ニ,男,1990-05-05,本人,2020-04-01,", "3,00,,丙 三,ヘイ サン,女,1985-05-05,本人,2019-04-01,"];
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    register_both_ways(&portal, &scope, "a.csv", &[FIRST_HOLDER, FIRST_HOLDERS_CHILD, others[0], others[1]]).await;
    let whole = register_of(&[FIRST_HOLDER, others[1]]);
    let before = state_of(&portal).await;
    for missing in ["keep", "end"] {
        let answers = [("extent", "all"), ("as_of", "2026-10-01"), ("missing", missing)];
        let answers: imports::Answers = answers.map(|(name, answer)| (name.into(), answer.into())).into();
        let id =
            uploaded_with(&portal.app, &scope, "register", &format!("{missing}.csv"), whole.clone().into(), answers)
                .await;
        imports::work_due(&portal.app).await.unwrap();
        assert_eq!(state_of(&portal).await, before, "a check changes nothing");
        assert!(imports::apply_upload(&portal.app, &scope, id, false, &imports::Answers::new()).await.unwrap());
        imports::work_due(&portal.app).await.unwrap();
        let state = state_of(&portal).await;
        assert_eq!(state.matches("|2026-10-01|").count(), if missing == "end" { 2 } else { 0 }, "{missing}: {state}");
        let batch = imports::batches(&portal.app, &scope).await.unwrap().pop().unwrap();
        imports::withdraw(&portal.app, &scope, batch.batch_id, "誤り").await.unwrap();
        assert_eq!(state_of(&portal).await, before, "{missing}: a withdrawal restores what was");
    }
    // While a row is wrong, nobody leaves: it may be theirs.
    let broken = whole + &format!("{INSURER},81,2,00,,乙 二,オツ ニ,男,1990-13-05,本人,2020-04-01,\r\n");
    let answers = [("extent", "all"), ("as_of", "2026-10-01"), ("missing", "end")];
    let answers: imports::Answers = answers.map(|(name, answer)| (name.into(), answer.into())).into();
    let id = uploaded_with(&portal.app, &scope, "register", "broken.csv", broken.into(), answers).await;
    imports::work_due(&portal.app).await.unwrap();
    imports::apply_upload(&portal.app, &scope, id, false, &imports::Answers::new()).await.unwrap();
    imports::work_due(&portal.app).await.unwrap();
    assert_eq!(state_of(&portal).await, before);
}

/// A later file with a 個人コード closes the question about the insured person and applies the waiting rows of the family.
#[portal_test]
async fn a_later_file_answers_a_question(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = SystemScope::of_society(&portal.app, "minato").await.unwrap();
    let mut staff = portal.staff("minato", "kyufu").await;
    let with_key = |row: &str| row.replace(",00,,", ",00,K1,");
    let (insured, moved) = (with_key(INSURED), with_key(INSURED_MOVED));
    let mut states = Vec::new();
    for (name, rows, open) in [
        ("a.csv", vec![insured.as_str(), CHILD], 0),
        ("b.csv", vec![INSURED_MOVED, CHILD_MOVED], 2),
        ("c.csv", vec![moved.as_str()], 0),
    ] {
        let register = register_of(&rows).replace(INSURER, DEMO_INSURER);
        let path = checked(&portal, &mut staff, "register", name, register.as_bytes()).await;
        staff.post(&format!("{path}/apply"), "").await;
        imports::work_due(&portal.app).await.unwrap();
        let list = staff.get("/console/imports").await.text();
        assert_eq!(list.contains("確認待ちの行が2行"), open == 2, "{name}: {list}");
        assert_eq!(list.contains("確認待ちの行"), open > 0, "{name}: {list}");
        states.push(state_of(&portal).await);
    }
    let households = households_of(&portal).await;
    assert!(households.contains(&"検査 美咲,検査 翔".to_owned()), "{households:?}");
    assert_eq!(states[2].matches("|2026-04-01|").count(), 4, "both have left 1 for 7: {}", states[2]);

    // With the file that answered, the answers are taken back.
    let batch = imports::batches(&portal.app, &scope).await.unwrap().pop().unwrap();
    imports::withdraw(&portal.app, &scope, batch.batch_id, "誤り").await.unwrap();
    assert_eq!(state_of(&portal).await, states[1]);
    assert!(staff.get("/console/imports").await.text().contains("確認待ちの行が2行"));
}

/// A change by another file in between is reversed by the first one's content.
#[portal_test]
async fn the_same_register_comes_again_after_another_one(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    let (a, b) = (FIRST_HOLDER, FIRST_HOLDER.replace("甲 一", "甲 壱"));
    for (name, row, taken) in [("a.csv", a, "甲 一"), ("b.csv", b.as_str(), "甲 壱"), ("a2.csv", a, "甲 一")] {
        register_both_ways(&portal, &scope, name, &[row]).await;
        assert_eq!(households_of(&portal).await, [taken]);
    }
    let again = portal.register(&scope, &portal.file("a3.csv", register_of(&[a])), PLAIN).await.unwrap();
    assert_eq!(again.outcome, imports::Outcome::AlreadyThere);
}

/// An answer is the newest change of the register: what is withdrawn before it cannot take it along unseen.
#[portal_test]
async fn an_answer_is_taken_back_with_the_newest_batch(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = SystemScope::of_society(&portal.app, "minato").await.unwrap();
    let mut staff = portal.staff("minato", "kyufu").await;
    let mut states = Vec::new();
    let later = "9,00,,見本 次郎,ミホン ジロウ,男,1991-01-01,本人,2026-04-01,";
    // The third file changes whom the second one asks about.
    let renamed = INSURED.replace("検査 美咲", "検査 美早紀");
    for (name, rows) in
        [("a.csv", [INSURED, CHILD]), ("b.csv", [INSURED_MOVED, CHILD_MOVED]), ("c.csv", [&renamed, later])]
    {
        let register = register_of(&rows).replace(INSURER, DEMO_INSURER);
        let path = checked(&portal, &mut staff, "register", name, register.as_bytes()).await;
        staff.post(&format!("{path}/apply"), "").await;
        imports::work_due(&portal.app).await.unwrap();
        states.push(state_of(&portal).await);
    }
    let questions = staff.get("/console/imports/questions").await;
    let name = questions.attribute("input[type=radio]", "name").to_owned();
    let question: i64 = name.strip_prefix("same-").unwrap().parse().unwrap();
    let member = questions.attribute("input[type=radio]", "value").to_owned();
    assert_ne!(answered(&portal, &mut staff, question, &member).await, states[2]);
    let mut batches = imports::batches(&portal.app, &scope).await.unwrap();
    let [.., first, _, newest] = batches.as_mut_slice() else { panic!("three batches") };
    let refused = imports::withdraw(&portal.app, &scope, first.batch_id, "誤り").await;
    assert!(refused.is_err(), "others stand on it");
    imports::withdraw(&portal.app, &scope, newest.batch_id, "誤り").await.unwrap();
    assert_eq!(state_of(&portal).await, states[1]);
}

/// A dependent never joins the household of somebody who is not insured any more, though the own insured person's row is missing or
/// wrong; once that one comes, the family is together.
#[portal_test]
async fn a_dependent_without_an_insured_person_joins_nobody_and_is_gathered_later(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    // The former holder's child was not signed off.
    register_both_ways(&portal, &scope, "a.csv", &[FIRST_HOLDER_LEFT, FIRST_HOLDERS_CHILD]).await;
    let wrong = NEW_HOLDER.replace("オツ ニ", "乙 二");
    let (taken, told) = register_both_ways(&portal, &scope, "b.csv", &[&wrong, NEW_HOLDERS_CHILD]).await;
    assert_eq!((taken, told.len()), (1, 1), "{told:?}");
    assert_eq!(households_of(&portal).await, ["甲 一,甲 子", "乙 子"]);
    assert_eq!(register_both_ways(&portal, &scope, "c.csv", &[NEW_HOLDER]).await, (1, vec![]));
    let mut households = households_of(&portal).await;
    households.iter_mut().for_each(|names| *names = names.replace("乙 子,乙 二", "乙 二,乙 子"));
    assert_eq!(households, ["甲 一,甲 子", "乙 二,乙 子"]);
}

/// An insured person never joins dependents who were covered under the number before: somebody else insured them.
#[portal_test]
async fn a_later_insured_person_joins_no_dependents_of_before(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    let wrong = FIRST_HOLDER.replace("コウ イチ", "甲 一");
    let newborn = "1,02,,甲 新,コウ アラタ,男,2025-06-01,家族,2025-06-01,";
    let (taken, told) = register_both_ways(&portal, &scope, "a.csv", &[&wrong, FIRST_HOLDERS_CHILD, newborn]).await;
    assert_eq!((taken, told.len()), (2, 1), "{told:?}");
    register_both_ways(&portal, &scope, "b.csv", &[NEW_HOLDER]).await;
    assert_eq!(households_of(&portal).await, ["甲 子,甲 新", "乙 二"]);
}

/// Two rows that contradict each other about one person and time are both taken, and said.
#[portal_test]
async fn contradicting_rows_of_one_person_are_told(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    let file = portal.file("a.csv", register_of(&[FIRST_HOLDER, FIRST_HOLDER_LEFT, NEW_HOLDER, FIRST_HOLDER]));
    let report = portal.register(&scope, &file, PLAIN).await.unwrap();
    let notices = imports::notices(&portal.app, &scope, report.batch_id.unwrap()).await.unwrap();
    let told = notices.iter().filter(|notice| notice.reason.contains("期間が重なる行")).count();
    assert!(told > 0, "{notices:?}");
    let file = portal.file("b.csv", register_of(&[INSURED, CHILD, INSURED]));
    let report = portal.register(&scope, &file, PLAIN).await.unwrap();
    let notices = imports::notices(&portal.app, &scope, report.batch_id.unwrap()).await.unwrap();
    assert!(notices.is_empty(), "rows that say the same are no contradiction: {notices:?}");
}

/// Twins of one reading have two questions, though birth date, sex, kana and start are the same.
#[portal_test]
async fn each_twin_has_a_question(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let twin = |number: &str, branch: &str, name: &str, from: &str| {
        format!("{number},{branch},,{name},フタゴ ユウ,男,2015-05-05,家族,{from},")
    };
    let parent = |number: &str, from: &str| format!("{number},00,,双子 親,フタゴ オヤ,男,1980-01-01,本人,{from},");
    for (name, number, from) in [("a.csv", "1", "2015-05-05"), ("b.csv", "7", "2026-04-01")] {
        let rows = [parent(number, from), twin(number, "01", "双子 優", from), twin(number, "02", "双子 勇", from)];
        let rows: Vec<_> = rows.iter().map(String::as_str).collect();
        let register = register_of(&rows).replace(INSURER, DEMO_INSURER);
        let path = checked(&portal, &mut staff, "register", name, register.as_bytes()).await;
        staff.post(&format!("{path}/apply"), "").await;
        imports::work_due(&portal.app).await.unwrap();
    }
    let list = staff.get("/console/imports").await.text();
    assert!(list.contains("確認待ちの行が3行"), "{list}");
}

/// Two files that are read at the same time: the earlier one may change a person after the later one did.
#[portal_test]
async fn a_withdrawal_never_restores_over_a_change_that_came_after_it(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    register_both_ways(&portal, &scope, "1.csv", &[FIRST_HOLDER]).await;
    register_both_ways(&portal, &scope, "2.csv", &[&FIRST_HOLDER.replace("甲 一", "甲 壱")]).await;
    register_both_ways(&portal, &scope, "3.csv", &[&FIRST_HOLDER.replace("甲 一", "甲 弌")]).await;
    let mut tx = portal.db.db.begin().await.unwrap();
    for changes in [Sql::changes_of_later(), Sql::changes_of_earlier()] {
        assert_eq!(tx.execute(changes).await.unwrap(), 1);
    }
    tx.commit().await.unwrap();
    let before = state_of(&portal).await;
    let refused = imports::withdraw(&portal.app, &scope, 3, "誤り").await.unwrap_err();
    assert!(refused.to_string().contains("changed by a later import"), "{refused:#}");
    assert_eq!(state_of(&portal).await, before);
}
