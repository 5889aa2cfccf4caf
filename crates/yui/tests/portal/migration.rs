//! Coming over from an older system: pairs on paper, the older users' file, links, the guessable mode, the older host, new
//! terms, and what is deleted when it is over.

use std::{
    io,
    os::unix::fs::PermissionsExt,
    process::{Command, Output},
};

use encoding_rs::SHIFT_JIS;
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};
use portal_test::portal_test;
use yui::{
    core::{scope::SystemScope, society::Preset},
    features::{
        account::{self, create::NewAccount, steps::AccountState},
        imports::{self, Options, Outcome, Report, Source},
        mails::deliver_due,
        migration::{self, FirstLogin, MigrationGroup, Plan},
        societies,
        temporary_ids::{self, Recipients},
        terms,
    },
};
use yui_db::Engine;

use crate::support::{Browser, KEY, PASSWORD, Portal};

const INSURER: &str = "06139018";
const REFUSED: &str = "無効なユーザIDまたはパスワードです。";
const HEADER: &str = "ユーザID,保険者番号,記号,番号,枝番,メールアドレス,ログイン済み\r\n";
const PLAIN: Options = Options { dry_run: false, all_or_nothing: false, confirmed: true };

/// Four insured persons, one with a dependent, one who has left.
const REGISTER: &str = "保険者番号,記号,番号,枝番,氏名,カナ氏名,性別,生年月日,続柄,資格取得日,資格喪失日\r\n\
    06139018,800,1234,00,テスト タロウ,テスト タロウ,男,1979-08-22,本人,2010-04-01,\r\n\
    06139018,800,1234,01,テスト ハナコ,テスト ハナコ,女,1981-03-03,家族,2012-06-01,\r\n\
    06139018,800,5678,00,見本 一郎,ミホン イチロウ,男,1985-01-15,本人,2015-04-01,\r\n\
    06139018,,４２,00,\"例示, 菊\",レイジ キク,女,2001-01-01,本人,2019-04-01,\r\n\
    06139018,800,9999,00,仮名 桜,カメイ サクラ,女,1990-02-02,本人,2010-04-01,2020-04-01\r\n";

async fn with_register(portal: &Portal) -> SystemScope {
    let scope = portal.society(Preset::Minato, INSURER).await;
    portal.register(&scope, &portal.file("register.csv", REGISTER), PLAIN).await.unwrap();
    scope
}

fn days(portal: &Portal, days: i32) -> Date {
    portal.app.clock.today().checked_add(days.days()).unwrap()
}

/// Moves the clock to this hour of a day in Japan.
fn move_to(portal: &Portal, day: Date, hour: i8) {
    let then = day.at(hour, 0, 0, 0).to_zoned(yui::core::clock::japan()).unwrap().timestamp();
    assert!(portal.app.clock.advance(then.duration_since(portal.app.clock.now()).as_secs() + 1));
}

async fn issue(portal: &Portal, scope: &SystemScope, whom: Recipients<'_>) -> (usize, String) {
    let mut csv = Vec::new();
    let count = temporary_ids::issue(&portal.app, scope, whom, |bytes| {
        csv = bytes.to_vec();
        Ok(())
    });
    let count = count.await.unwrap();
    (count, String::from_utf8(csv).unwrap())
}

/// Returns user ID and password of the row that names this person.
fn pair(csv: &str, name: &str) -> (String, String) {
    let row = csv.lines().find(|line| line.contains(name)).unwrap();
    let cells: Vec<_> = row.split(',').rev().collect();
    (cells[3].to_owned(), cells[2].to_owned())
}

async fn import(
    portal: &Portal,
    scope: &SystemScope,
    source: &Source,
    (first_login, until): (FirstLogin, Date),
    told: &mut Vec<String>,
) -> anyhow::Result<Report> {
    let plan = Plan { first_login, until };
    migration::import(&portal.app, scope, source, PLAIN, plan, |fault| told.push(fault.fault.to_string())).await
}

/// Three older users: with and without an address, the last never logged in.
fn older_users() -> String {
    format!(
        "{HEADER}Taro-Older,{INSURER},800,1234,00,Taro@Mail.Example,1\r\n\
         kari000002,{INSURER},800,5678,,ichiro@mail.example,0\r\n\
         kiku-older,{INSURER},,42,,,有\r\n"
    )
}

async fn links(portal: &Portal, kind: &str) -> Vec<(String, String)> {
    let answer = portal.browser_at("localhost:8080").get("/mailbox.json").await;
    let mails: Vec<serde_json::Value> = serde_json::from_slice(&answer.bytes).unwrap();
    let link = |mail: &serde_json::Value| {
        let url = mail["links"][0].as_str().unwrap_or_default();
        let path = url.splitn(4, '/').nth(3).unwrap_or_default();
        (mail["to"].as_str().unwrap().to_owned(), format!("/{path}"))
    };
    mails.iter().filter(|mail| mail["kind"] == kind).map(link).collect()
}

/// Goes all the way through enrolment, from its first page on.
async fn enrol(portal: &Portal, browser: &mut Browser, born: &str, email: &str, user_id: &str) {
    let answer = browser.post("/enrolment/birth-date", &format!("birth_date={born}")).await;
    assert_eq!(answer.location(), "/login/terms");
    assert_eq!(browser.post("/login/terms", "version=1").await.location(), "/enrolment/email");
    let sent = browser.post("/enrolment/email", &format!("email={email}")).await;
    assert_eq!(sent.location(), "/enrolment/email/sent");
    deliver_due(&portal.app).await.unwrap();
    let (_, link) = links(portal, "email_verify").await.into_iter().find(|(to, _)| to == email).unwrap();
    assert_eq!(browser.post(&link, "").await.location(), "/enrolment/user-id");
    let chosen = browser.post("/enrolment/user-id", &format!("user_id={user_id}&factor=email")).await;
    assert_eq!(chosen.location(), "/login/password");
    let fields = format!("new_password={PASSWORD}&new_password_again={PASSWORD}");
    let done = browser.post("/login/password", &fields).await;
    assert_eq!((done.status, browser.get("/expenses").await.status), (303, 200), "{}", done.text());
}

#[portal_test]
async fn pairs_on_paper_are_issued_once_and_none_is_lost(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    // What is written never arrives: as where the disk is full, or the process is killed just then.
    let mut lost = Vec::new();
    let failed = temporary_ids::issue(&portal.app, &scope, Recipients::WithoutPair, |bytes| {
        lost = bytes.to_vec();
        Err(io::Error::other("the disk is full"))
    });
    assert!(format!("{:#}", failed.await.unwrap_err()).contains("the disk is full"));
    let (count, csv) = issue(&portal, &scope, Recipients::WithoutPair).await;
    assert_eq!((count, csv.as_bytes()), (3, lost.as_slice()), "the same pairs again");

    let lines: Vec<_> = csv.strip_prefix('\u{feff}').unwrap().split("\r\n").collect();
    assert_eq!(lines[0], "保険者番号,記号,番号,氏名,仮ユーザID,仮パスワード,有効期限,ログイン画面の住所");
    assert_eq!((lines.len(), lines[4]), (5, ""), "no dependent, nobody who has left");
    assert!(lines[1].starts_with("06139018,,４２,\"例示, 菊\","), "{}", lines[1]);
    let end = format!(",{},http://minato.localhost:8080/login", days(&portal, 90));
    assert!(lines[1..4].iter().all(|line| line.ends_with(&end)), "{csv}");
    assert_eq!(issue(&portal, &scope, Recipients::WithoutPair).await.0, 0, "everybody has one");

    let (user_id, old) = pair(&csv, "テスト タロウ");
    let mut browser = portal.browser("minato");
    assert_eq!(browser.log_in(&user_id, &old).await.location(), "/enrolment/birth-date");
    browser.post("/enrolment/birth-date", "birth_date=19790822").await;
    let (count, csv) = issue(&portal, &scope, Recipients::Account(&user_id.to_uppercase())).await;
    assert_eq!(count, 1);
    assert_eq!(browser.get("/login/terms").await.location(), "/login?ended=login", "what the old paper began is over");
    assert_eq!(portal.browser("minato").log_in(&user_id, &old).await.first(".error-summary li"), REFUSED);
    let (same, new) = pair(&csv, "テスト タロウ");
    assert_eq!(same, user_id);
    let anew = portal.browser("minato").log_in(&user_id, &new).await;
    assert_eq!(anew.location(), "/enrolment/birth-date", "from the beginning");
    let nobody = temporary_ids::issue(&portal.app, &scope, Recipients::Account("nobody"), |_| Ok(())).await;
    assert!(nobody.is_err());

    move_to(&portal, days(&portal, 91), 0);
    let late = portal.browser("minato").log_in(&user_id, &new).await;
    assert!(late.text().contains("仮パスワードの有効期限が切れています"), "{}", late.text());
    assert_eq!(issue(&portal, &scope, Recipients::WithoutPair).await.0, 0, "not unasked");
    let (count, csv) = issue(&portal, &scope, Recipients::Expired).await;
    assert_eq!(count, 3);
    let (user_id, newest) = pair(&csv, "テスト タロウ");
    assert_eq!(portal.browser("minato").log_in(&user_id, &newest).await.status, 303);
    assert_eq!(count_of(&portal, Sql::pairs_kept()).await, 0, "no password is kept");
}

#[portal_test]
async fn the_file_of_pairs_is_new_and_its_owners_alone(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let _scope = with_register(&portal).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pairs.csv");
    let run = || -> Output {
        Command::new(env!("CARGO_BIN_EXE_yui"))
            .env_clear()
            .env("YUI_DATABASE_URL", &portal.db.address)
            .env("YUI_KEYS", KEY)
            .args(["society", "issue-temporary-ids", "--society", "minato", "--out"])
            .arg(&path)
            .output()
            .unwrap()
    };
    let first = run();
    assert!(first.status.success(), "{first:?}");
    let csv = std::fs::read_to_string(&path).unwrap();
    assert_eq!(csv.lines().count(), 4);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let (_, password) = pair(&csv, "テスト タロウ");
    let told = format!("{first:?}");
    assert!(!told.contains(&password) && !told.contains("テスト"), "{told}");
    assert!(!run().status.success(), "it never overwrites");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), csv);
}

#[portal_test]
async fn older_users_come_in_and_every_mistake_is_told(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let plan = (FirstLogin::Link, days(&portal, 60));
    let good = portal.file("older.csv", older_users());
    let report = import(&portal, &scope, &good, plan, &mut vec![]).await.unwrap();
    assert_eq!((report.outcome, report.accepted, report.rejected, report.unmatched), (Outcome::Done, 3, 0, 0));
    let details = [("had logged in", 2), ("never logged in", 1), ("without an address", 1), ("unchanged", 0)];
    assert_eq!(report.details, details);
    let again = import(&portal, &scope, &good, plan, &mut vec![]).await.unwrap();
    assert_eq!((again.outcome, again.batch_id), (Outcome::AlreadyThere, report.batch_id));

    let rows = [
        format!("Taro-Older,{INSURER},８００,１２３４,,taro@mail.example,はい"),
        format!("sakura-older,{INSURER},800,9999,,sakura@mail.example,無"),
        format!("someone1,{INSURER},800,7777,,,1"),
        format!("someone2,{INSURER},800,1234,01,,1"),
        format!("x,{INSURER},800,9999,,,1"),
        format!("日本,{INSURER},800,9999,,a?@b.example,1"),
        "someone3,06139026,800,9999,,,1".to_owned(),
        "someone4,06139019,800,9999,,,1".to_owned(),
        format!("someone5,{INSURER},800,9999,,,たぶん"),
        format!("another-id,{INSURER},800,1234,,taro@mail.example,1"),
        format!("kari000002,{INSURER},800,5678,,other@mail.example,0"),
        format!("kiku-older,{INSURER},800,5678,,ichiro@mail.example,0,too,many"),
    ];
    let text = format!("{HEADER}{}\r\n", rows.join("\r\n"));
    let (bytes, _, _) = SHIFT_JIS.encode(&text);
    let (mut told, file) = (Vec::new(), portal.file("more.csv", &bytes));
    let report = import(&portal, &scope, &file, plan, &mut told).await.unwrap();
    assert_eq!((report.accepted, report.rejected, report.unmatched), (2, 8, 2), "{told:#?}");
    assert!(report.details.contains(&("unchanged", 1)) && report.details.contains(&("never logged in", 1)));
    for (line, words) in [
        ("4行 番号", "加入者台帳にいません"),
        ("5行 枝番", "加入者台帳にいません"),
        ("6行 ユーザID", "3文字以上255文字以内"),
        ("7行 ユーザID", "3文字以上255文字以内"),
        ("7行 メールアドレス", "無効なメールアドレスです"),
        ("8行 保険者番号", "この組合のものではありません"),
        ("9行 保険者番号", ""),
        ("10行 ログイン済み", "1か0"),
        ("11行 ユーザID", "別の内容ですでに取り込まれています"),
        ("12行 メールアドレス", "別の内容ですでに取り込まれています"),
        ("13行: ", "列の数"),
    ] {
        assert!(told.iter().any(|fault| fault.starts_with(line) && fault.contains(words)), "{line}: {told:#?}");
    }
    let kept = imports::faults(&portal.app, &scope, report.batch_id.unwrap()).await.unwrap();
    assert_eq!(kept.len(), told.len());

    // What is taken by others: a user ID, an address, an account of the new portal.
    imports::withdraw(&portal.app, &scope, report.batch_id.unwrap(), "誤り").await.unwrap();
    let rows = [
        format!("kari000002,{INSURER},800,9999,,Taro@mail.example,1"),
        format!("sakura-one,{INSURER},800,9999,,sakura@mail.example,1"),
        format!("sakura-two,{INSURER},800,9999,,sakura@mail.example,1"),
    ];
    let (mut told, text) = (Vec::new(), format!("{HEADER}{}\r\n", rows.join("\r\n")));
    let report = import(&portal, &scope, &portal.file("taken.csv", text), plan, &mut told).await.unwrap();
    assert_eq!((report.accepted, report.rejected), (1, 2), "{told:#?}");
    assert!(told[0].starts_with("2行 ユーザID") && told[1].starts_with("2行 メールアドレス"), "{told:#?}");
    assert!(told[2].starts_with("4行 ユーザID"), "{told:#?}");

    let missing = portal.file("missing.csv", "ユーザID,記号\r\na,b\r\n");
    let error = import(&portal, &scope, &missing, plan, &mut vec![]).await.unwrap_err();
    assert!(error.to_string().contains("保険者番号"), "{error}");
    let past = import(&portal, &scope, &good, (FirstLogin::Link, days(&portal, -1)), &mut vec![]).await;
    assert!(past.is_err(), "a last day that is over");
}

#[portal_test]
async fn somebody_with_a_new_account_does_not_come_over(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    issue(&portal, &scope, Recipients::WithoutPair).await;
    let mut told = Vec::new();
    let plan = (FirstLogin::Link, days(&portal, 60));
    let report = import(&portal, &scope, &portal.file("o.csv", older_users()), plan, &mut told).await.unwrap();
    assert_eq!((report.accepted, report.rejected), (0, 3));
    assert!(told.iter().all(|fault| fault.contains("すでに新しいポータルのアカウントがあります")), "{told:#?}");
}

#[portal_test]
async fn a_link_opens_enrolment_and_nothing_else(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    portal.society(Preset::Nanohana, "06149041").await;
    let until = days(&portal, 60);
    let file = portal.file("older.csv", older_users());
    let batch = import(&portal, &scope, &file, (FirstLogin::Link, until), &mut vec![]).await.unwrap().batch_id.unwrap();
    for guess in ["800123419790822", "-", ""] {
        let answer = portal.browser("minato").log_in("taro-older", guess).await;
        assert_ne!(answer.status, 303, "there is no password to guess");
    }
    for _ in 0..12 {
        portal.browser("minato").log_in("taro-older", "wrong").await;
    }

    // The day is chosen, changed, and kept; nobody gets it twice.
    let (first, second) = (days(&portal, 2), days(&portal, 3));
    assert!(migration::announce(&portal.app, &scope, days(&portal, -1), None).await.is_err());
    assert!(migration::announce(&portal.app, &scope, days(&portal, 61), None).await.is_err(), "the links die before");
    let told = async |on, until| {
        let done = migration::announce(&portal.app, &scope, on, until).await.unwrap();
        (done.written, done.moved, done.as_before)
    };
    assert_eq!(told(first, None).await, (2, 0, 0));
    assert_eq!(told(first, None).await, (0, 0, 2));
    assert_eq!(told(second, None).await, (2, 2, 0));
    assert_eq!(migration::take_back(&portal.app, &scope).await.unwrap(), 2);
    assert_eq!(told(second, Some(days(&portal, 30))).await, (2, 0, 0));
    move_to(&portal, first, 12);
    assert_eq!(deliver_due(&portal.app).await.unwrap().sent, 0, "not on the first day");
    move_to(&portal, second, 8);
    assert_eq!(deliver_due(&portal.app).await.unwrap().sent, 0, "not before nine");
    move_to(&portal, second, 9);
    assert_eq!(deliver_due(&portal.app).await.unwrap().sent, 2);
    assert_eq!(told(days(&portal, 1), None).await, (0, 0, 0), "told is told");
    assert_eq!(migration::take_back(&portal.app, &scope).await.unwrap(), 0);

    let mailed = links(&portal, "announcement").await;
    let link_of = |to: &str| mailed.iter().find(|(of, _)| of == to).unwrap().1.clone();
    let (taro, ichiro) = (link_of("taro@mail.example"), link_of("ichiro@mail.example"));
    assert!(taro.starts_with("/link/first/"), "{taro}");
    assert!(portal.browser("nanohana").get(&taro).await.text().contains("期限が過ぎたか"), "not at another society");
    let elsewhere = portal.browser("nanohana").post(&taro, "").await;
    assert!(elsewhere.status == 200 && elsewhere.text().contains("期限が過ぎたか"));

    let mut browser = portal.browser("minato");
    assert!(browser.get(&taro).await.text().contains("初回登録を始める"));
    assert_eq!(browser.post(&taro, "").await.location(), "/enrolment/birth-date", "strangers' guesses lock nobody out");
    assert_eq!(browser.get("/expenses").await.location(), "/login?return_to=%2Fexpenses", "nothing else");
    assert_eq!(browser.get("/login/password").await.location(), "/enrolment/birth-date", "no step is skipped");
    enrol(&portal, &mut browser, "19790822", "taro@mail.example", "taro-new").await;
    for mut other in [portal.browser("minato"), browser.clone()] {
        assert!(other.get(&taro).await.text().contains("期限が過ぎたか"), "used up");
        assert!(other.post(&taro, "").await.text().contains("期限が過ぎたか"));
    }

    let mut begun = portal.browser("minato");
    begun.post(&ichiro, "").await;
    begun.post("/enrolment/birth-date", "birth_date=19850115").await;
    let groups = migration::progress(&portal.app.db, &scope, portal.app.clock.now()).await.unwrap();
    let group = |origin, accounts, mailed, begun, finished| MigrationGroup {
        origin,
        accounts,
        mailed,
        begun,
        finished,
        expired: 0,
    };
    assert_eq!(groups, [group("was_active", 2, 1, 0, 1), group("was_idle", 1, 1, 1, 0), group("new", 0, 0, 0, 0)]);

    // Who has no address gets a pair under the user ID they know; who joined since, too.
    let (count, csv) = issue(&portal, &scope, Recipients::WithoutPair).await;
    assert_eq!((count, pair(&csv, "菊").0.as_str()), (1, "kiku-older"), "{csv}");

    // The last day was changed with the announcement.
    move_to(&portal, until.checked_sub(30.days()).unwrap(), 23);
    assert!(portal.browser("minato").get(&ichiro).await.text().contains("初回登録を始める"), "the last day counts");
    move_to(&portal, until.checked_sub(29.days()).unwrap(), 0);
    assert!(portal.browser("minato").get(&ichiro).await.text().contains("期限が過ぎたか"));
    let groups = migration::progress(&portal.app.db, &scope, portal.app.clock.now()).await.unwrap();
    assert_eq!((groups[1].begun, groups[1].expired), (1, 1));

    // What is in use stays; the rest is as if it had never come.
    assert_eq!(imports::withdraw(&portal.app, &scope, batch, "誤り").await.unwrap(), 2);
    let groups = migration::progress(&portal.app.db, &scope, portal.app.clock.now()).await.unwrap();
    assert_eq!(groups.map(|group| group.accounts), [1, 1, 0]);
    let again = import(&portal, &scope, &file, (FirstLogin::Link, days(&portal, 9)), &mut vec![]).await.unwrap();
    assert_eq!((again.outcome, again.accepted), (Outcome::Done, 3), "and may come again");
    let groups = migration::progress(&portal.app.db, &scope, portal.app.clock.now()).await.unwrap();
    assert_eq!(groups.map(|group| group.accounts), [2, 1, 0]);
}

#[portal_test]
async fn a_withdrawal_takes_waiting_mail_and_pairs_along(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let plan = (FirstLogin::Link, days(&portal, 60));
    let file = portal.file("older.csv", older_users());
    let batch = import(&portal, &scope, &file, plan, &mut vec![]).await.unwrap().batch_id.unwrap();
    migration::announce(&portal.app, &scope, days(&portal, 1), None).await.unwrap();
    issue(&portal, &scope, Recipients::Account("taro-older")).await;
    assert_eq!(migration::take_back(&portal.app, &scope).await.unwrap(), 1, "paper takes the place of the mail");
    migration::announce(&portal.app, &scope, days(&portal, 1), None).await.unwrap();
    assert_eq!(imports::withdraw(&portal.app, &scope, batch, "誤り").await.unwrap(), 0);
    move_to(&portal, days(&portal, 2), 12);
    assert_eq!(deliver_due(&portal.app).await.unwrap().sent, 0);
    for there in [Sql::accounts_there(), Sql::links_there(), Sql::pairs_kept()] {
        let name = format!("{there:?}");
        assert_eq!(count_of(&portal, there).await, 0, "{name}");
    }
}

#[portal_test]
async fn a_guessable_password_has_few_tries_and_a_last_day(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let until = days(&portal, 10);
    let plan = (FirstLogin::NumbersAndBirthDate, until);
    import(&portal, &scope, &portal.file("older.csv", older_users()), plan, &mut vec![]).await.unwrap();

    let mut browser = portal.browser("minato");
    let answer = browser.log_in("kiku-older", "4220010101").await;
    assert_eq!(answer.location(), "/enrolment/birth-date", "an empty symbol and a number in full width");
    assert_eq!(portal.browser("minato").log_in("kari000002", "800567819850115").await.status, 303);
    assert_eq!(issue(&portal, &scope, Recipients::WithoutPair).await.0, 0, "they have a way in");

    for _ in 0..4 {
        portal.browser("minato").log_in("taro-older", "800123419790823").await;
    }
    let right = portal.browser("minato").log_in("taro-older", "800123419790822").await;
    assert_eq!(right.status, 303, "four are forgiven");
    portal.browser("minato").log_in("taro-older", "800123419790823").await;
    let locked = portal.browser("minato").log_in("taro-older", "800123419790822").await;
    assert_eq!(locked.first(".error-summary li"), REFUSED, "the fifth locks, in the same words");
    account::staff::unlock(&portal.app, &scope, "taro-older").await.unwrap();
    assert_eq!(portal.browser("minato").log_in("taro-older", "800123419790822").await.status, 303);

    // Sixty wrong tries at once are allowed to a network; here each counts twice, for any user ID.
    move_to(&portal, days(&portal, 1), 12);
    let mut statuses = Vec::new();
    for at in 0..31 {
        statuses.push(portal.browser("minato").log_in(&format!("nobody{at}"), "wrong").await.status);
    }
    assert_eq!((statuses[..30].iter().all(|status| *status == 200), statuses[30]), (true, 429), "{statuses:?}");

    move_to(&portal, until, 23);
    assert_eq!(portal.browser("minato").log_in("taro-older", "800123419790822").await.status, 303);
    assert_eq!(deliver_due(&portal.app).await.unwrap().sent, 2, "of the lock and its end");
    migration::announce(&portal.app, &scope, days(&portal, 1), Some(days(&portal, 2))).await.unwrap();
    move_to(&portal, days(&portal, 1), 12);
    assert_eq!(deliver_due(&portal.app).await.unwrap().sent, 2);
    let words = portal.browser_at("localhost:8080").get("/mailbox.json").await.text();
    assert!(words.contains("記号＋番号＋生年月日"), "{words}");
    assert_eq!(portal.browser("minato").log_in("taro-older", "800123419790822").await.status, 303, "prolonged");
    move_to(&portal, days(&portal, 2), 0);
    let late = portal.browser("minato").log_in("taro-older", "800123419790822").await;
    assert!(late.text().contains("有効期限が切れています"), "{}", late.text());
    let (count, csv) = issue(&portal, &scope, Recipients::Expired).await;
    assert_eq!(count, 3);
    let (user_id, password) = pair(&csv, "テスト タロウ");
    assert_eq!(user_id, "taro-older");
    assert_eq!(portal.browser("minato").log_in(&user_id, &password).await.status, 303);
    for at in 0..31 {
        let answer = portal.browser("minato").log_in(&format!("nobody{at}"), "wrong").await;
        assert_eq!(answer.status, 200, "with no guessable password left, a try counts once");
    }
}

#[portal_test]
async fn the_older_host_shows_where_the_portal_is(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let nanohana = portal.society(Preset::Nanohana, "06149041").await;
    assert_eq!(portal.browser_at("old.example").get("/").await.status, 404);
    let closes = days(&portal, 5);
    let keep = async |scope: &SystemScope, host: &str, closes| {
        societies::older_host::keep(&portal.app, scope, host, closes).await.map_err(|error| error.to_string())
    };
    for wrong in ["", "Old.example", "old.example:80", "nanohana.localhost"] {
        assert!(keep(&scope, wrong, closes).await.is_err(), "{wrong}");
    }
    keep(&scope, "old.example", closes).await.unwrap();
    assert!(keep(&nanohana, "old.example", closes).await.unwrap_err().contains("another society's"));

    for (day, ja, en) in [(0, "に終了します。", "closes on"), (5, "に終了しました。", "closed on")] {
        move_to(&portal, closes.checked_add((day - 5).days()).unwrap(), 12);
        let mut browser = portal.browser_at("OLD.example:443");
        let page = browser.get("/").await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains(ja) && page.text().contains("てすと健康保険組合"), "{}", page.text());
        assert!(page.text().contains("href=\"http://minato.localhost:8080/\""));
        assert!(browser.get("/?lang=en").await.text().contains(en));
        assert_eq!(page.headers.get("x-content-type-options").unwrap(), "nosniff");
        assert!(page.headers.get("content-security-policy").unwrap().to_str().unwrap().contains("default-src 'none'"));
        for path in ["/login", "/mypage/index.do?x=1", "/language?to=en"] {
            let gone = browser.get(path).await;
            assert_eq!((gone.status, gone.text().contains("http://minato.localhost:8080/")), (410, true), "{path}");
        }
        let posted = browser.post("/", "user_id=a&password=b").await;
        assert_eq!(posted.status, 410);
        assert!(posted.headers.get("set-cookie").is_none() && browser.cookies.is_empty(), "no cookies");
        let style = page.text().split("/assets/").nth(1).unwrap().split('"').next().unwrap().to_owned();
        assert_eq!(browser.get(&format!("/assets/{style}")).await.status, 200);
    }
    assert_eq!(portal.browser("minato").get("/").await.status, 200, "the portal itself is as it was");
}

#[portal_test]
async fn new_terms_are_asked_for_at_the_next_login(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Soyokaze, INSURER).await;
    portal.register(&scope, &portal.file("r.csv", REGISTER), PLAIN).await.unwrap();
    let new = NewAccount {
        holder: (INSURER, "800", "1234"),
        user_id: "testtaro01",
        password: PASSWORD,
        state: AccountState::Enrolled,
        email: None,
        locked_at: None,
        factor: None,
    };
    account::create::create(&portal.app, &scope, &new).await.unwrap();
    let login = async || portal.browser("soyokaze").log_in("testtaro01", PASSWORD).await.location().to_owned();
    assert_eq!(login().await, "/");
    let tomorrow = portal.app.clock.now().checked_add(SignedDuration::from_hours(24)).unwrap();
    assert_eq!(terms::publish(&portal.app, &scope, "新しい規約です。", tomorrow).await.unwrap(), 2);
    assert!(terms::publish(&portal.app, &scope, "それより前。", portal.app.clock.now()).await.is_err());
    assert!(terms::publish(&portal.app, &scope, " \n", tomorrow).await.is_err());
    assert_eq!(login().await, "/", "not before its day");
    portal.app.clock.advance(24 * 3600 + 1);
    let mut browser = portal.browser("soyokaze");
    assert_eq!(browser.log_in("testtaro01", PASSWORD).await.location(), "/login/terms");
    assert!(browser.get("/login/terms").await.text().contains("新しい規約です。"));
    assert_eq!(browser.post("/login/terms", "version=1").await.location(), "/login/terms", "the old one will not do");
    assert_eq!(browser.post("/login/terms", "version=2").await.location(), "/");
    assert_eq!(login().await, "/", "asked once");
    let versions = terms::versions(&portal.app.db, &scope).await.unwrap();
    assert_eq!(versions.iter().map(|one| (one.version, one.agreed)).collect::<Vec<_>>(), [(1, 1), (2, 1)]);
}

#[portal_test]
async fn what_is_over_is_deleted_and_what_lives_stays(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let plan = (FirstLogin::Link, days(&portal, 1));
    import(&portal, &scope, &portal.file("older.csv", older_users()), plan, &mut vec![]).await.unwrap();
    migration::announce(&portal.app, &scope, days(&portal, 1), None).await.unwrap();
    let (_, csv) = issue(&portal, &scope, Recipients::WithoutPair).await;
    let (user_id, password) = pair(&csv, "菊");
    portal.browser("minato").log_in(&user_id, "wrong").await;
    portal.browser("minato").log_in(&user_id, &password).await;
    let taro = portal.app.db.one(Sql::taro()).await.unwrap().id;
    let now = portal.app.clock.now();
    for (name, hours) in [(1_u8, 1), (2, 500 * 24)] {
        let ends = now.checked_add(SignedDuration::from_hours(hours)).unwrap();
        let token = vec![name; 32];
        for row in [Sql::session(1, &token, taro, ends), Sql::ceremony(1, &token, taro, ends)] {
            portal.db.db.execute(row).await.unwrap();
        }
    }
    for (name, seen) in [(1_u8, 390), (2, 401)] {
        let seen: Timestamp = now.checked_sub(SignedDuration::from_hours(24 * seen)).unwrap();
        portal.db.db.execute(Sql::device(1_i64, &[name; 32], taro, seen)).await.unwrap();
    }
    let tidied = account::tidy(&portal.app).await.unwrap();
    assert_eq!((tidied.logins, tidied.ceremonies, tidied.sessions, tidied.links, tidied.devices), (0, 0, 0, 0, 1));
    assert_eq!(count_of(&portal, Sql::throttles_there()).await, 2, "tries that are not back yet");
    move_to(&portal, days(&portal, 2), 0);
    let tidied = account::tidy(&portal.app).await.unwrap();
    assert_eq!((tidied.logins, tidied.ceremonies, tidied.sessions, tidied.links, tidied.devices), (1, 1, 1, 2, 0));
    assert_eq!(count_of(&portal, Sql::throttles_there()).await, 0);
    assert_eq!(account::tidy(&portal.app).await.unwrap(), account::Tidied::default());
}

#[derive(yui_db::Row)]
struct Id {
    id: i64,
}

async fn count_of(portal: &Portal, there: yui_db::Query<i64>) -> i64 {
    portal.db.db.one(there).await.unwrap()
}

yui_db::statements! {
    fn pairs_kept() -> i64 = "SELECT COUNT(*) AS id FROM issued_pairs";
    fn accounts_there() -> i64 = "SELECT COUNT(*) AS id FROM accounts";
    fn links_there() -> i64 = "SELECT COUNT(*) AS id FROM mailed_links";
    fn throttles_there() -> i64 = "SELECT COUNT(*) AS id FROM throttles";
    fn taro() -> Id = "SELECT account_id AS id FROM accounts WHERE user_id = 'taro-older'";
    fn session(society_id: i64, token_hash: &[u8], account_id: i64, ends_at: Timestamp) = "
        INSERT INTO sessions (society_id, token_hash, account_id, created_at, last_seen_at, idle_until, ends_at, remembered)
        VALUES ($1, $2, $3, $4, $4, $4, $4, FALSE)";
    fn ceremony(society_id: i64, token_hash: &[u8], account_id: i64, ends_at: Timestamp) = "
        INSERT INTO ceremonies (society_id, token_hash, kind, account_id, sealed_state, ends_at)
        VALUES ($1, $2, 'test', $3, $2, $4)";
    fn device(society_id: i64, token_hash: &[u8], account_id: i64, seen: Timestamp) = "
        INSERT INTO devices (society_id, token_hash, account_id, wrong_passwords, last_seen_at) VALUES ($1, $2, $3, 0, $4)";
}
