//! The console's search: what is typed finds whom it should, everywhere at once, and nobody of another society.

use portal_test::portal_test;
use yui::{
    core::{scope::SystemScope, society::InSociety},
    features::{
        imports::{self, Options},
        register,
    },
};
use yui_db::{Engine, statements};

use crate::support::{Answer, Browser, Portal, encode, state_of};

const PLAIN: Options = Options { dry_run: false, all_or_nothing: false, confirmed: true };
const HEADER: &str = "保険者番号,記号,番号,枝番,氏名,カナ氏名,性別,生年月日,続柄,資格取得日,資格喪失日\r\n";

/// minato's insurer number in the demo.
const INSURER: &str = "06139034";

statements! {
    fn keys_forget(society_id: i64) = "DELETE FROM member_search_keys WHERE society_id = $1";
    fn backfill_begin(society_id: i64) =
        "INSERT INTO member_search_backfill (society_id, next_member_id) VALUES ($1, 0)";
}

pub(crate) async fn search(staff: &mut Browser, typed: &str, more: &str) -> Answer {
    let answer = staff.look_for("/console/members", &format!("q={}{more}", encode(typed))).await;
    assert_eq!(answer.status, 200, "{typed}");
    answer
}

async fn names(staff: &mut Browser, typed: &str) -> Vec<String> {
    search(staff, typed, "").await.all("tbody th")
}

/// Returns the number of the first person that this finds.
pub(crate) async fn found(staff: &mut Browser, typed: &str) -> i64 {
    let link = search(staff, typed, "").await.attribute("tbody th a", "href");
    link.rsplit('/').next().unwrap().parse().unwrap()
}

#[portal_test]
async fn every_kind_of_what_is_typed_finds_whom_it_should(engine: Engine) {
    const TARO: &str = "テスト タロウ";
    const HANAKO: &str = "テスト ハナコ";
    let portal = Portal::demo(engine).await;
    let mut staff = portal.staff("minato", "etsuran").await;
    for (typed, expected) in [
        ("てすと", vec![TARO, HANAKO]),
        ("ﾃｽﾄ　ﾊﾅｺ", vec![HANAKO]),
        ("ストハ", vec![HANAKO]),
        ("テストハナコ", vec![HANAKO]),
        ("800-1234", vec![TARO, HANAKO]),
        ("８００ １２３４", vec![TARO, HANAKO]),
        ("8001234", vec![TARO, HANAKO]),
        ("記号800番号1234枝番01", vec![HANAKO]),
        ("1234-01", vec![HANAKO]),
        ("1234 ハナ", vec![HANAKO]),
        ("06139034 800-1234 太郎", vec![]),
        ("06139034 800-1234 タロウ", vec![TARO]),
        ("testtaro01", vec![TARO]),
        ("TESTTARO", vec![TARO]),
        ("testtaro01@minato.example", vec![TARO]),
        ("taro01", vec![TARO]),
        ("o01@minato.exam", vec![TARO]),
        ("t_sttaro", vec![]),
        ("だれもいない", vec![]),
        ("9876-5432", vec![]),
    ] {
        assert_eq!(names(&mut staff, typed).await, expected, "{typed}");
    }
    let line = search(&mut staff, "testtaro01", "").await.all("tbody tr:first-child td");
    assert_eq!(line, ["テスト タロウ", "800-1234-00", "本人", "1979/08/22", "登録済み", "—"]);
    let insurer = search(&mut staff, INSURER, "").await;
    assert!(insurer.all("tbody tr").len() == 50 && !insurer.attribute("p.acts a", "href").is_empty());
    let few = search(&mut staff, "ア", "").await;
    assert!(few.first(".error-summary li").starts_with("2文字以上"), "{}", few.text());
    assert_eq!(search(&mut staff, "", "&state=locked").await.all("tbody tr").len(), 1);
    assert_eq!(search(&mut staff, "", "&state=temporary").await.all("tbody tr").len(), 1);
    assert_eq!(search(&mut staff, "", "&state=enrolled").await.all("tbody tr").len(), 2);
    assert_eq!(search(&mut staff, "テスト", "&state=locked").await.all("tbody tr").len(), 0);
    assert!(!search(&mut staff, "ミホン", "&state=none").await.all("tbody tr").is_empty());
    assert_eq!(search(&mut staff, "", "&state=none").await.all(".error-summary li").len(), 1);
    // What was looked for is in the log, and whom one looked at.
    let hanako = found(&mut staff, "800-1234-01").await;
    staff.get(&format!("/console/members/{hanako}")).await;
    let mut admin = portal.staff("minato", "kanri").await;
    let log = admin.look_for("/console/audit", "act=members.searched").await.text();
    assert!(log.contains("「1234 ハナ」: 1件（表示した加入者番号") && log.contains("閲覧 四郎"), "{log}");
    let log = admin.look_for("/console/audit", "act=member.viewed").await;
    assert_eq!(log.all("tbody td")[4], HANAKO);
}

async fn registered(portal: &Portal, society: &str, name: &str, rows: &str) -> (SystemScope, i64) {
    let scope = SystemScope::of_society(&portal.app, society).await.unwrap();
    let report = portal.register(&scope, &portal.file(name, format!("{HEADER}{rows}")), PLAIN).await.unwrap();
    assert_eq!(report.rejected, 0, "{report:?}");
    (scope, report.batch_id.unwrap())
}

#[portal_test]
async fn many_are_paged_by_kana_and_counted_no_further_than_two_hundred(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let row = |number: usize, family: &str| {
        let given: String = format!("{number:03}")
            .chars()
            .map(|c| "アイウエオカキクケコ".chars().nth(c as usize - 48).unwrap())
            .collect();
        format!("{INSURER},900,{number},00,大勢 {given},{family} {given},女,1990-01-01,本人,2015-04-01,\r\n")
    };
    let some: String = (0..120).rev().map(|number| row(number, "オオゼイ")).collect();
    registered(&portal, "minato", "some.csv", &some).await;
    let mut staff = portal.staff("minato", "madoguchi").await;
    let mut page = search(&mut staff, "大勢", "").await;
    assert_eq!(page.first("h2 [role=status]"), "120件");
    let (mut all, mut pages) = (page.all("tbody tr td:nth-child(2)"), 1);
    loop {
        let next = page.attribute("p.acts a", "href");
        if next.is_empty() {
            break;
        }
        page = staff.get(&next).await;
        all.extend(page.all("tbody tr td:nth-child(2)"));
        pages += 1;
    }
    let mut sorted = all.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!((all.len(), pages), (120, 3));
    assert_eq!(all, sorted, "by kana, each once");
    let more: String = (120..250).map(|number| row(number, "オオゼイ")).collect();
    registered(&portal, "minato", "more.csv", &more).await;
    assert_eq!(search(&mut staff, "おおぜい", "").await.first("h2 [role=status]"), "200件以上");
}

#[portal_test]
async fn people_who_left_are_found_on_request_and_the_keys_follow_the_register(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut staff = portal.staff("minato", "madoguchi").await;
    let row = |kana: &str, number: &str, to: &str| {
        format!("{INSURER},910,{number},00,転居 次郎,{kana},男,1970-01-02,本人,2015-04-01,{to}\r\n")
    };
    registered(&portal, "minato", "left.csv", &row("テンキョ ジロウ", "7001", "2024-04-01")).await;
    assert!(names(&mut staff, "テンキョ").await.is_empty());
    let left = search(&mut staff, "テンキョ", "&left=yes").await;
    assert_eq!(left.all("tbody th"), ["転居 次郎"]);
    assert!(left.text().contains("喪失"));

    registered(&portal, "minato", "back.csv", &row("テンキョ ジロウ", "7001", "")).await;
    assert_eq!(names(&mut staff, "テンキョ").await, ["転居 次郎"]);
    let before = state_of(&portal).await;
    let other = format!("{INSURER},910,7001,00,新姓 次郎,シンセイ ジロウ,男,1970-01-02,本人,2015-04-01,\r\n");
    let (scope, batch) = registered(&portal, "minato", "renamed.csv", &other).await;
    assert_eq!(names(&mut staff, "シンセイ").await, ["新姓 次郎"]);
    assert!(names(&mut staff, "テンキョ").await.is_empty() && names(&mut staff, "転居").await.is_empty());
    imports::withdraw(&portal.app, &scope, batch, "誤り").await.unwrap();
    assert_eq!(state_of(&portal).await, before, "with the search keys");
    assert_eq!(names(&mut staff, "テンキョ").await, ["転居 次郎"]);

    // Of another society nobody is found, and nobody's page opens.
    let (_, batch) = registered(
        &portal,
        "fumitsuki",
        "elsewhere.csv",
        "06139018,920,8001,00,他所 三郎,ヨソ サブロウ,男,1970-01-02,本人,2015-04-01,\r\n",
    )
    .await;
    assert!(batch > 0 && names(&mut staff, "ヨソ").await.is_empty());
    let elsewhere = found(&mut portal.staff("fumitsuki", "kanri").await, "ヨソ").await;
    let here = staff.get(&format!("/console/members/{elsewhere}")).await;
    assert!(!here.text().contains("他所 三郎"));
}

#[portal_test]
async fn a_database_of_before_gets_its_keys_and_can_be_stopped_on_the_way(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let before = state_of(&portal).await;
    let scope = SystemScope::of_society(&portal.app, "minato").await.unwrap();
    let mut tx = portal.app.db.begin().await.unwrap();
    tx.execute(Sql::keys_forget(scope.society_id())).await.unwrap();
    tx.execute(Sql::backfill_begin(scope.society_id())).await.unwrap();
    tx.commit().await.unwrap();
    let mut staff = portal.staff("minato", "madoguchi").await;
    assert!(names(&mut staff, "テスト").await.is_empty());
    // A register comes in meanwhile and writes keys of its own.
    let row = format!("{INSURER},930,1,00,新入 一郎,シンニュウ イチロウ,男,1999-01-02,本人,2025-04-01,\r\n");
    let (_, batch) = registered(&portal, "minato", "new.csv", &row).await;
    assert!(register::backfill(&portal.app).await.unwrap() > 30);
    assert_eq!(names(&mut staff, "新入").await, ["新入 一郎"]);
    imports::withdraw(&portal.app, &scope, batch, "誤り").await.unwrap();
    assert_eq!(state_of(&portal).await, before);
    assert_eq!(register::backfill(&portal.app).await.unwrap(), 0);
}
