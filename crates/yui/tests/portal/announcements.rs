//! Announcements to users of an older system, ordered on the console's page: checked, written by a worker, moved, taken back,
//! decided by two, and never written twice.

use std::collections::BTreeMap;

use jiff::civil::date;
use portal_test::portal_test;
use yui::{
    core::{
        scope::SystemScope,
        society::{Guarded, InSociety},
    },
    features::{
        imports::Options,
        mails::{admin, deliver_due},
        migration::{self, FirstLogin, Plan, announce_due},
    },
};
use yui_db::{Engine, statements};

use crate::support::{Browser, Portal};

const INSURER: &str = "06139034";
const PLAIN: Options = Options { dry_run: false, all_or_nothing: false, confirmed: true };
const PAGE: &str = "/console/migration";

statements! {
    fn next_mail(society_id: i64) -> Id =
        "SELECT COALESCE(MAX(mail_id), 0) + 1 AS id FROM mails WHERE society_id = $1";
    fn in_the_way(society_id: i64, mail_id: i64, now: jiff::Timestamp) = "
        INSERT INTO mails (society_id, mail_id, kind, sender, recipient, created_at, due_at, tries)
        VALUES ($1, $2, 'in_the_way', 'info', 'nobody@mail.example', $3, $3, 0)";
    fn out_of_the_way(society_id: i64) = "DELETE FROM mails WHERE society_id = $1 AND kind = 'in_the_way'";
    fn as_a_killed_worker_leaves_it(society_id: i64, until: jiff::Timestamp) = "
        UPDATE announcement_orders SET trouble_at = NULL, taken_until = $2 WHERE society_id = $1 AND done_at IS NULL";
    fn numbers_pending(society_id: i64) = "
        UPDATE accounts SET first_way = 'numbers', password_hash = '-' WHERE society_id = $1 AND user_id = 'older00001'";
    fn announced(society_id: i64) -> Id = "
        SELECT COUNT(*) AS id FROM mails m WHERE m.society_id = $1 AND m.kind = 'announcement'
            AND EXISTS (SELECT 1 FROM accounts a
                WHERE a.society_id = m.society_id AND a.account_id = m.account_id AND a.announcement_mail_id = m.mail_id)";
}

#[derive(yui_db::Row)]
struct Id {
    id: i64,
}

/// Kana for digits, which names in kana cannot have.
const DIGITS: [char; 10] = ['ア', 'イ', 'ウ', 'エ', 'オ', 'カ', 'キ', 'ク', 'ケ', 'コ'];

/// Brings so many users of an older system to the demo's minato, who can come over until the end of January; every tenth has no
/// address.
async fn older_users(portal: &Portal, people: usize) -> SystemScope {
    let scope = portal.scope("minato").await;
    let mut register =
        String::from("保険者番号,記号,番号,枝番,氏名,カナ氏名,性別,生年月日,続柄,資格取得日,資格喪失日\r\n");
    let mut users = String::from("ユーザID,保険者番号,記号,番号,枝番,メールアドレス,ログイン済み\r\n");
    for at in 1..=people {
        let given: String = at.to_string().bytes().map(|digit| DIGITS[usize::from(digit - b'0')]).collect();
        register += &format!("{INSURER},700,{at},00,移行 {at},イコウ {given},女,1980-01-01,本人,2015-04-01,\r\n");
        let email = if at % 10 == 0 { String::new() } else { format!("older{at:05}@mail.example") };
        users += &format!("older{at:05},{INSURER},700,{at},00,{email},{}\r\n", at % 2);
    }
    portal.register(&scope, &portal.file("register.csv", register), PLAIN).await.unwrap();
    let plan = Plan { first_login: FirstLogin::Link, until: date(2027, 1, 31) };
    let file = portal.file("older.csv", users);
    let report = migration::import(&portal.app, &scope, &file, PLAIN, plan, |_| {}).await.unwrap();
    assert_eq!(report.accepted, i64::try_from(people).unwrap());
    scope
}

/// Checks and orders announcements for this day.
async fn ordered(staff: &mut Browser, on: &str, until: &str) {
    let check = staff.get(&format!("{PAGE}/announce?on={on}&until={until}")).await;
    assert_eq!(check.first("h1"), "案内メールの確認", "{}", check.first(".error-summary"));
    let sent = staff.post(&format!("{PAGE}/announce"), &check.form("main form")).await;
    assert_eq!(sent.location(), format!("{PAGE}?done=ordered"), "{}", sent.first(".error-summary"));
}

/// Returns how many announcements each address has, delivered or not.
async fn announced(portal: &Portal, scope: &SystemScope) -> (usize, i64) {
    let mails = admin::list(&portal.app, scope).await.unwrap();
    let count = mails.iter().filter(|mail| mail.kind == "announcement").count();
    let of_accounts = portal.db.db.one(Sql::announced(scope.society_id())).await.unwrap().id;
    (count, of_accounts)
}

async fn log(portal: &Portal, act: &str) -> Vec<String> {
    let mut admin = portal.staff("minato", "kanri").await;
    admin.look_for("/console/audit", &format!("act={act}")).await.all("tbody td")
}

#[portal_test]
async fn a_society_without_an_older_system_is_told_so(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut staff = portal.staff("fumitsuki", "kyufu").await;
    let page = staff.get(PAGE).await;
    assert!(page.first("main").contains("以前のシステムの利用者は、まだ登録されていません。"), "{}", page.text());
    assert_eq!(page.first("main a[href=\"/console/imports\"]"), "データ取込");
    assert!(page.all("main form").is_empty());
    assert_eq!(page.first("nav a[aria-current=page]"), "移行");
    let nobody = staff.get(&format!("{PAGE}/announce?on=2026-12-01")).await;
    assert_eq!(nobody.first(".error-summary li"), "メールを送る人がいません。");
    let none = staff.post(&format!("{PAGE}/take-back"), "").await;
    assert_eq!(none.location(), format!("{PAGE}?done=nothing"));
    assert_eq!(announce_due(&portal.app).await.unwrap(), 0);
}

#[portal_test]
async fn mails_are_checked_ordered_moved_taken_back_and_delivered(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = older_users(&portal, 20).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let page = staff.get(PAGE).await;
    assert_eq!(page.all("tbody tr").len(), 3);
    assert!(page.first("tbody tr").contains("ログインしたことがある人 10 0 0 0 0% 0"), "{}", page.first("tbody tr"));
    let facts = page.all("#mail ~ dl dd");
    assert_eq!(facts, ["18人", "0通", "2人（ 仮IDの発行 で、ハガキを作ってください）"]);

    let check = staff.get(&format!("{PAGE}/announce?on=2026-12-01&until=")).await;
    assert_eq!(check.first("main h2"), "18人に 2026年12月1日 9時にメールを送ります");
    assert_eq!(announced(&portal, &scope).await.0, 0, "a check writes nothing");
    ordered(&mut staff, "2026-12-01", "").await;
    let page = staff.get(PAGE).await;
    assert!(page.text().contains("指示を処理しています。"), "{}", page.first("main"));
    assert_eq!(announce_due(&portal.app).await.unwrap(), 1);
    assert_eq!(announce_due(&portal.app).await.unwrap(), 0);
    let page = staff.get(PAGE).await;
    assert_eq!(page.all("#mail ~ dl dd")[..2], ["0人", "2026年12月1日 09:00 18通"]);
    assert!(page.all("#orders ~ .scroll tbody tr")[0].ends_with("完了 18通を用意"), "{}", page.text());
    assert_eq!(log(&portal, "announcements.ordered").await[2], "給付 次郎");
    let written = log(&portal, "announcements.written").await;
    assert_eq!((written[2].as_str(), written[5].as_str()), ("給付 次郎", "2026/12/01 09:00 に送信: 18通を用意"));

    // The same day again would do nothing, and says so; another moves them.
    let mut staff = portal.staff("minato", "kyufu").await;
    let same = staff.get(&format!("{PAGE}/announce?on=2026-12-01")).await;
    assert_eq!(same.first(".error-summary li"), "18人のメールは、すでにこの日に送る予定です。");
    let check = staff.get(&format!("{PAGE}/announce?on=2026-12-03&until=2027-03-31")).await;
    assert!(check.text().contains("送信待ちの18人は、送る日か登録できる最後の日が変わります。"));
    assert!(check.text().contains("2027年3月31日になります。"));
    ordered(&mut staff, "2026-12-03", "2027-03-31").await;
    announce_due(&portal.app).await.unwrap();
    let page = staff.get(PAGE).await;
    assert!(page.all("#orders ~ .scroll tbody tr")[0].ends_with("完了 18通の送る日を変更"));
    assert_eq!(announced(&portal, &scope).await, (18, 18));

    // Taken back, and sent anew on the day itself.
    let back = staff.get(&format!("{PAGE}/take-back")).await;
    assert_eq!(back.first("main h2"), "送信待ちの18通を取り消します");
    assert_eq!(staff.post(&format!("{PAGE}/take-back"), "").await.location(), format!("{PAGE}?done=taking-back"));
    assert_eq!(announce_due(&portal.app).await.unwrap(), 1);
    assert_eq!(announced(&portal, &scope).await, (0, 0));
    assert_eq!(log(&portal, "announcements.taken_back").await[5], "18通を取消し");
    let mut staff = portal.staff("minato", "kyufu").await;
    assert_eq!(staff.get(&format!("{PAGE}/take-back")).await.location(), format!("{PAGE}?done=nothing"));
    let check = staff.get(&format!("{PAGE}/announce?on=2026-11-20")).await;
    assert_eq!(check.first("main h2"), "18人に 準備ができしだい、すぐにメールを送ります");
    ordered(&mut staff, "2026-11-20", "").await;
    announce_due(&portal.app).await.unwrap();
    assert_eq!(deliver_due(&portal.app).await.unwrap().sent, 18);
    let page = staff.get(PAGE).await;
    assert!(page.first("tbody tr").contains("ログインしたことがある人 10 10"), "{}", page.first("tbody tr"));
    let told = staff.get(&format!("{PAGE}/announce?on=2026-12-01")).await;
    assert_eq!(told.first(".error-summary li"), "メールを送る人がいません。", "told is told");
    let link = portal.mailed_link_of("announcement").await;
    assert!(portal.browser("minato").get(&link).await.text().contains("初回登録を始める"));
}

#[portal_test]
async fn what_is_wrong_stands_at_its_field_and_the_answers_stay(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = older_users(&portal, 5).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    for (on, until, field, words) in [
        ("", "", "on", "送る日を 2027-01-15 のように入力してください。"),
        ("2026-13-01", "2027-01-31", "on", "送る日を 2027-01-15 のように入力してください。"),
        ("2026-11-19", "", "on", "2026年11月19日は過ぎています。今日以降の日付を入力してください。"),
        ("2207-01-15", "", "on", "2207年1月15日は2年より先です。送る日を確かめてください。"),
        ("2026-12-01", "soon", "until", "登録できる最後の日を 2027-03-31 のように入力するか、空欄にしてください。"),
        ("2026-12-01", "9999-12-31", "until", "9999年12月31日は2年より先です。登録できる最後の日を確かめてください。"),
        (
            "2026-12-01",
            "2026-11-30",
            "until",
            "登録できる最後の日（2026年11月30日）が、送る日（2026年12月1日）より前です。",
        ),
        (
            "2027-02-01",
            "",
            "until",
            "5人は、送る日（2027年2月1日）より前に登録できなくなります。登録できる最後の日を入力してください。",
        ),
    ] {
        let query = format!("on={on}&until={until}");
        let get = staff.get(&format!("{PAGE}/announce?{query}")).await;
        let post = staff.post(&format!("{PAGE}/announce"), &query).await;
        for answer in [get, post] {
            assert_eq!(answer.status, 200);
            assert_eq!(answer.all(".error-summary li"), [words], "{query}");
            assert_eq!(answer.attribute(".error-summary a", "href"), format!("#{field}"));
            assert!(answer.first(&format!("#{field}-error")).ends_with(words));
            assert!(answer.first("title").starts_with("エラー: "));
            assert_eq!(answer.attribute("#on", "value"), on);
            assert_eq!(answer.attribute("#until", "value"), until);
        }
    }
    portal.db.db.execute(Sql::numbers_pending(scope.society_id())).await.unwrap();
    let pending = staff.get(&format!("{PAGE}/announce?on=2026-12-01")).await;
    assert!(pending.first(".error-summary li").contains("取込が終わっていません"));
    let error = migration::announce(&portal.app, &scope, date(2026, 12, 1), None).await.unwrap_err();
    assert_eq!(error.to_string(), "the import of older users is not done: run it again first");
    assert_eq!(announce_due(&portal.app).await.unwrap(), 0, "nothing was ordered");
}

#[portal_test]
async fn where_two_decide_on_mail_to_many_the_second_sends_it(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut policy = portal.scope("minato").await.society().policy.clone();
    policy.two_person = vec![Guarded::MassMail];
    portal.set_policy("minato", &policy).await;
    let scope = older_users(&portal, 5).await;
    let mut one = portal.staff("minato", "kyufu").await;
    let send = format!("{PAGE}/announce");
    let check = one.get(&format!("{send}?on=2026-12-01&until=2027-03-31")).await;
    assert!(check.text().contains("もう一人の職員の承認が必要です"));
    let form = check.form("main form");
    assert_eq!(one.post(&send, &form).await.location(), format!("{PAGE}?done=asked"));
    assert_eq!(announce_due(&portal.app).await.unwrap(), 0, "not yet");
    let page = one.get(PAGE).await;
    let asked = "給付 次郎さんが承認を依頼しています（2026-12-01 に送信、2027-03-31 まで登録可、5人）。";
    assert!(page.text().contains(asked), "{}", page.first("main"));
    let again = one.post(&send, "on=2026-12-05").await;
    assert!(again.first(".error-summary li").contains("すでに承認を依頼しています"));
    assert_eq!(again.attribute("#on", "value"), "2026-12-05");

    assert_eq!(one.post("/console/approvals/1/approve", "").await.status, 403, "one is not two");
    let mut desk = portal.staff("minato", "madoguchi").await;
    assert_eq!(desk.post("/console/approvals/1/approve", "").await.status, 403, "nor is another right");
    let mut other = portal.staff("minato", "kanri").await;
    assert_eq!(other.post("/console/approvals/1/approve", "").await.location(), "/console/approvals?done=approved");
    assert_eq!(announce_due(&portal.app).await.unwrap(), 1);
    assert_eq!(announced(&portal, &scope).await, (5, 5));
    assert!(other.get(PAGE).await.all("#orders ~ .scroll tbody td")[0].starts_with("管理 花子"), "who approved");

    // What is approved too late is not sent: the second is told why, and refuses.
    assert_eq!(one.post(&send, "on=2026-12-02").await.location(), format!("{PAGE}?done=asked"));
    assert!(portal.app.clock.advance(13 * 24 * 3600));
    let mut other = portal.staff("minato", "kanri").await;
    let late = other.post("/console/approvals/2/approve", "").await;
    assert!(late.first(".error-summary li").contains("2026年12月2日は過ぎています。"), "{}", late.text());
    assert_eq!(announce_due(&portal.app).await.unwrap(), 0);
    assert_eq!(other.post("/console/approvals/2/refuse", "").await.location(), "/console/approvals?done=refused");
    assert!(!other.get(PAGE).await.text().contains("承認を依頼しています"));
}

#[portal_test]
async fn an_order_goes_on_where_its_worker_died(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = older_users(&portal, 500).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    ordered(&mut staff, "2026-12-01", "").await;
    // The three hundredth mail cannot be written.
    let Id { id } = portal.db.db.one(Sql::next_mail(scope.society_id())).await.unwrap();
    let now = portal.app.clock.now();
    portal.db.db.execute(Sql::in_the_way(scope.society_id(), id + 299, now)).await.unwrap();
    assert_eq!(announce_due(&portal.app).await.unwrap(), 0);
    let (written, _) = announced(&portal, &scope).await;
    assert!(written > 0 && written < 300, "{written}");
    let page = staff.get(PAGE).await;
    assert!(page.text().contains("処理が途中で止まりました。"));
    assert_eq!(page.first("#orders ~ .scroll .state--bad"), "やり直し待ち");
    assert!(page.all("#mail ~ dl dd")[1].ends_with(&format!("{written}通")));
    assert_eq!(announce_due(&portal.app).await.unwrap(), 0, "not at once");

    portal.db.db.execute(Sql::out_of_the_way(scope.society_id())).await.unwrap();
    let until = now.checked_add(jiff::SignedDuration::from_mins(2)).unwrap();
    portal.db.db.execute(Sql::as_a_killed_worker_leaves_it(scope.society_id(), until)).await.unwrap();
    assert!(portal.app.clock.advance(119));
    assert_eq!(announce_due(&portal.app).await.unwrap(), 0, "it may still be at work");
    assert!(portal.app.clock.advance(2));
    assert_eq!(announce_due(&portal.app).await.unwrap(), 1);
    assert_eq!(announced(&portal, &scope).await, (450, 450));
    let page = staff.get(PAGE).await;
    assert!(page.all("#orders ~ .scroll tbody tr")[0].ends_with("完了 450通を用意"), "{}", page.first("main"));
}

#[portal_test]
async fn a_newer_order_takes_the_place_of_one_that_is_not_done(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = older_users(&portal, 5).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    ordered(&mut staff, "2026-12-01", "").await;
    ordered(&mut staff, "2026-12-01", "").await;
    assert_eq!(staff.get(PAGE).await.all("#orders ~ .scroll tbody tr").len(), 1, "a double click");
    ordered(&mut staff, "2026-12-02", "").await;
    let page = staff.get(PAGE).await;
    assert_eq!(page.all("#orders ~ .scroll .state"), ["処理中", "中止（次の指示を優先）"]);
    assert!(page.first("main").contains("送信を中止し、送信待ちの0通を取り消す"));
    assert_eq!(staff.post(&format!("{PAGE}/take-back"), "").await.location(), format!("{PAGE}?done=taking-back"));
    announce_due(&portal.app).await.unwrap();
    assert_eq!(announced(&portal, &scope).await.0, 0, "stopped before it began");

    // The command line is the newest, too.
    ordered(&mut staff, "2026-12-01", "").await;
    let done = migration::announce(&portal.app, &scope, date(2026, 12, 4), None).await.unwrap();
    assert_eq!((done.written, done.moved), (5, 0));
    assert_eq!(announce_due(&portal.app).await.unwrap(), 0);
    assert!(staff.get(PAGE).await.text().contains("2026年12月4日 09:00 5通"));
    assert_eq!(log(&portal, "announcements.written").await[2], "コマンド操作");
}

#[portal_test]
async fn nobody_is_mailed_twice_by_workers_at_the_same_time(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = older_users(&portal, 300).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    ordered(&mut staff, "2026-11-20", "").await;
    let workers = (0..3).map(|_| {
        let app = portal.app.clone();
        tokio::spawn(async move { announce_due(&app).await.unwrap() })
    });
    let workers: Vec<_> = workers.collect();
    let commands = (0..2).map(|_| {
        let (app, scope) = (portal.app.clone(), scope.clone());
        tokio::spawn(async move { migration::announce(&app, &scope, date(2026, 11, 20), None).await.unwrap() })
    });
    let commands: Vec<_> = commands.collect();
    for worker in workers {
        worker.await.unwrap();
    }
    for command in commands {
        command.await.unwrap();
    }
    announce_due(&portal.app).await.unwrap();
    assert_eq!(announced(&portal, &scope).await, (270, 270));
    let mut to = BTreeMap::new();
    for mail in portal.mails().await.iter().filter(|mail| mail["kind"] == "announcement") {
        *to.entry(mail["to"].to_string()).or_insert(0) += 1;
    }
    assert_eq!((to.len(), to.values().max()), (270, Some(&1)));
}

#[portal_test]
async fn it_is_for_those_who_deal_with_data_and_for_their_own_society(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = older_users(&portal, 5).await;
    let form = "on=2026-12-01&until=";
    for user in ["madoguchi", "etsuran"] {
        let mut staff = portal.staff("minato", user).await;
        assert!(!staff.get("/console").await.text().contains(PAGE), "not in the menu of {user}");
        assert_eq!(staff.post(&format!("{PAGE}/announce"), form).await.status, 403);
        assert_eq!(staff.post(&format!("{PAGE}/take-back"), "").await.status, 403);
    }
    let mut elsewhere = portal.staff("fumitsuki", "kyufu").await;
    let nobody = elsewhere.post(&format!("{PAGE}/announce"), form).await;
    assert_eq!(nobody.first(".error-summary li"), "メールを送る人がいません。");
    let mut staff = portal.staff("minato", "kyufu").await;
    ordered(&mut staff, "2026-12-01", "").await;
    announce_due(&portal.app).await.unwrap();
    assert_eq!(elsewhere.post(&format!("{PAGE}/take-back"), "").await.location(), format!("{PAGE}?done=nothing"));
    announce_due(&portal.app).await.unwrap();
    assert_eq!(announced(&portal, &scope).await, (5, 5));

    // What can do harm wants the second factor again, and leads back to what was typed.
    assert!(portal.app.clock.advance(21 * 60));
    let check = format!("{PAGE}/announce?on=2026-12-02&until=2027-03-31");
    let confirm = staff.get(&check).await;
    assert!(confirm.location().starts_with("/console/confirm"), "{}", confirm.location());
    let asks = staff.post(&format!("{PAGE}/announce"), form).await;
    assert!(asks.location().starts_with("/console/confirm"), "{}", asks.location());
    let page = confirm.location().to_owned();
    assert_eq!(portal.staff_factor(&mut staff, &page, "/console/confirm").await.location(), check);
}
