//! Mail: never sent for what was rolled back, never twice, tried again, given up, and kept for the demo's mailbox.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use portal_test::portal_test;
use yui::{
    core::{
        mail::{Letter, MailFrame, MailKind, Recipient, Sender, enqueue},
        scope::SystemScope,
        society::{InSociety, Preset},
    },
    features::mails::{
        Delivered,
        admin::{self, MailState},
        deliver_due,
    },
    ui::Lang,
};
use yui_db::Engine;

use crate::support::{KEY, Portal};

const INSURER: &str = "06139018";

fn letter(portal: &Portal, scope: &SystemScope, subject: &str) -> Letter {
    let frame = MailFrame::of(&portal.app, scope.society(), Lang::Ja);
    Letter::new(&frame, Sender::NoReply, MailKind::parse("email_verify").unwrap(), subject)
        .p("下のリンクを開いてください。")
        .button("確認する", frame.url("/verify?token=secret-of-the-link"))
}

async fn write(portal: &Portal, scope: &SystemScope, subject: &str, due: Timestamp) -> i64 {
    let mut tx = portal.app.db.begin().await.unwrap();
    let to = Recipient { account_id: None, address: "taro@example.jp" };
    let id = enqueue(&mut tx, &portal.app, scope, to, &letter(portal, scope, subject), due).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn mailbox(portal: &Portal, filter: &str) -> Vec<serde_json::Value> {
    let answer = portal.browser_at("localhost:8080").get(&format!("/mailbox.json{filter}")).await;
    serde_json::from_slice(&answer.bytes).unwrap()
}

fn sent(count: usize) -> Delivered {
    Delivered { sent: count, ..Delivered::default() }
}

#[portal_test]
async fn what_was_rolled_back_sends_nothing_and_what_is_not_due_waits(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    let now = portal.app.clock.now();
    let mut tx = portal.app.db.begin().await.unwrap();
    let to = Recipient { account_id: None, address: "taro@example.jp" };
    enqueue(&mut tx, &portal.app, &scope, to, &letter(&portal, &scope, "無かったこと"), now).await.unwrap();
    drop(tx);
    assert_eq!(deliver_due(&portal.app).await.unwrap(), sent(0));
    assert!(admin::list(&portal.app, &scope).await.unwrap().is_empty());

    let tomorrow = now.checked_add(SignedDuration::from_hours(24)).unwrap();
    write(&portal, &scope, "明日のお知らせ", tomorrow).await;
    assert_eq!(deliver_due(&portal.app).await.unwrap(), sent(0));
    assert!(mailbox(&portal, "").await.is_empty(), "not before its time");
    portal.app.clock.advance(24 * 3600 + 1);
    assert_eq!(deliver_due(&portal.app).await.unwrap(), sent(1));
    assert_eq!(mailbox(&portal, "").await[0]["subject"], "明日のお知らせ");
    assert_eq!(deliver_due(&portal.app).await.unwrap(), sent(0), "once");
}

#[portal_test]
async fn workers_side_by_side_never_take_the_same_mail(engine: Engine) {
    const MAILS: usize = 60;
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    for at in 0..MAILS {
        write(&portal, &scope, &format!("{at}"), portal.app.clock.now()).await;
    }
    let workers = (0..4).map(|_| {
        let app = portal.app.clone();
        tokio::spawn(async move { deliver_due(&app).await.unwrap().sent })
    });
    let mut delivered = 0;
    for worker in workers.collect::<Vec<_>>() {
        delivered += worker.await.unwrap();
    }
    // A worker that lost a race leaves the rest to the one that won it, which goes on until nothing is due.
    assert_eq!(delivered, MAILS);
    let listed = admin::list(&portal.app, &scope).await.unwrap();
    assert_eq!(listed.len(), MAILS);
    for mail in listed {
        assert!(matches!(mail.state, MailState::Sent(_)), "{mail:?}");
        assert_eq!((mail.tries, mail.to.as_str()), (1, "t***@example.jp"), "{mail:?}");
    }
}

#[portal_test]
async fn a_killed_workers_mail_is_anothers_after_a_while(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    let now = portal.app.clock.now();
    let id = write(&portal, &scope, "取り残し", now).await;
    // As a worker leaves it that was killed while it sent.
    let until = now.checked_add(SignedDuration::from_secs(30)).unwrap();
    portal.db.db.execute(Sql::take(scope.society_id(), id, until)).await.unwrap();
    assert_eq!(deliver_due(&portal.app).await.unwrap(), sent(0), "it may still be at work");
    portal.app.clock.advance(31);
    assert_eq!(deliver_due(&portal.app).await.unwrap(), sent(1));
    assert_eq!(admin::list(&portal.app, &scope).await.unwrap()[0].tries, 2);
}

#[portal_test]
async fn the_mailbox_shows_what_was_delivered(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let (minato, midori) =
        (portal.society(Preset::Minato, INSURER).await, portal.society(Preset::Midori, "06271001").await);
    for (scope, subject) in [(&minato, "一"), (&minato, "二"), (&midori, "三 <b>")] {
        write(&portal, scope, subject, portal.app.clock.now()).await;
        deliver_due(&portal.app).await.unwrap();
    }
    let all = mailbox(&portal, "").await;
    let subjects: Vec<_> = all.iter().map(|mail| mail["subject"].as_str().unwrap()).collect();
    assert_eq!(subjects, ["三 <b>", "二", "一"], "newest first");
    assert_eq!(all[0]["society"], "midori");
    assert_eq!(all[0]["from"], "no-reply@midori.localhost");
    assert_eq!(all[0]["kind"], "email_verify");
    assert_eq!(all[0]["links"][0], "http://midori.localhost:8080/verify?token=secret-of-the-link");
    assert_eq!(mailbox(&portal, "?society=minato").await.len(), 2);
    assert_eq!(mailbox(&portal, "?to=TARO@example.jp").await.len(), 3);
    assert!(mailbox(&portal, "?to=hanako@example.jp").await.is_empty());

    let mut client = portal.browser_at("localhost:8080");
    let page = client.get("/mailbox").await;
    assert_eq!(page.all("article h2"), subjects);
    assert!(page.text().contains("<a href=\"http://midori.localhost:8080/verify?token=secret-of-the-link\">"));
    let html = client.get("/mailbox/midori/1").await;
    assert!(html.text().contains("三 &#60;b&#62;"), "{}", html.text());
    let policy = html.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("sandbox") && policy.contains("default-src 'none'"), "{policy}");
    assert_eq!(client.get("/mailbox/midori/2").await.status, 404);
    assert_eq!(portal.browser("midori").get("/mailbox/midori/1").await.status, 404);
}

#[portal_test]
async fn the_database_holds_no_word_of_a_mail_and_outside_the_demo_nothing_of_a_delivered_one(engine: Engine) {
    let portal = Portal::new(engine, false).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    write(&portal, &scope, "秘密", portal.app.clock.now()).await;
    // Without a mail server, mail waits.
    assert_eq!(deliver_due(&portal.app).await.unwrap(), sent(0));
    let row: Sealed = portal.db.db.one(Sql::sealed()).await.unwrap();
    let sealed = row.sealed_content.unwrap();
    let holds = |word: &str| sealed.windows(word.len()).any(|window| window == word.as_bytes());
    assert!(!holds("secret-of-the-link") && !holds("秘密"));
}

#[portal_test]
async fn a_worker_delivers_and_nothing_of_the_mail_stays(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    write(&portal, &scope, "はじめまして", portal.app.clock.now()).await;
    let (port, events) = mail_server(true);
    let mut worker = worker(&portal, port);
    assert_eq!(next(&events), "<no-reply@minato.localhost> <taro@example.jp>");
    assert_eq!(next(&events), "mail");
    let sealed = async || portal.db.db.one(Sql::sealed()).await.unwrap().sealed_content;
    // It writes down what it did just after the server took the mail, and before it ends.
    assert!(Command::new("kill").arg(worker.id().to_string()).status().unwrap().success());
    assert!(worker.wait().unwrap().success(), "it ends in peace");
    assert!(matches!(admin::list(&portal.app, &scope).await.unwrap()[0].state, MailState::Sent(_)));
    assert!(sealed().await.is_none(), "the link is gone");
}

#[portal_test]
async fn a_worker_killed_while_it_sends_leaves_the_mail_to_another(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    portal.at_the_machines_time();
    let scope = portal.society(Preset::Minato, INSURER).await;
    write(&portal, &scope, "途中", portal.app.clock.now()).await;
    let (port, events) = mail_server(false);
    let mut worker = worker(&portal, port);
    assert_eq!(next(&events), "<no-reply@minato.localhost> <taro@example.jp>");
    assert_eq!(next(&events), "mail");
    worker.kill().unwrap();
    worker.wait().unwrap();
    assert_eq!(deliver_due(&portal.app).await.unwrap(), sent(0), "it could still be at work");
    portal.at_the_machines_time();
    portal.app.clock.advance(20 * 60 + 1);
    assert_eq!(deliver_due(&portal.app).await.unwrap(), sent(1));
    assert_eq!(admin::list(&portal.app, &scope).await.unwrap()[0].tries, 2);
}

/// Starts `yui worker` on the portal's database, with a mail server on this port.
fn worker(portal: &Portal, port: u16) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yui"));
    command
        .env_clear()
        .env("YUI_DATABASE_URL", &portal.db.address)
        .env("YUI_KEYS", KEY)
        .env("YUI_SMTP_URL", format!("smtp://127.0.0.1:{port}?tls=none"))
        .arg("worker")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}

fn next(events: &Receiver<String>) -> String {
    events.recv_timeout(Duration::from_secs(30)).unwrap()
}

/// A mail server for one conversation; says from whom to whom, and when it has a mail. It may keep its answer to itself.
fn mail_server(answers: bool) -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, events) = channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let mut say = |line: &str| stream.write_all(format!("{line}\r\n").as_bytes()).unwrap();
        let (mut from, mut in_data) = (String::new(), false);
        say("220 here");
        while let Some(Ok(line)) = lines.next() {
            match line.as_str() {
                "." if in_data => {
                    in_data = false;
                    tell.send("mail".to_owned()).unwrap();
                    if answers {
                        say("250 taken");
                    }
                }
                _ if in_data => {}
                "DATA" => {
                    in_data = true;
                    say("354 go on");
                }
                "QUIT" => say("221 bye"),
                other => {
                    if let Some(address) = other.strip_prefix("MAIL FROM:") {
                        from = address.to_owned();
                    } else if let Some(to) = other.strip_prefix("RCPT TO:") {
                        tell.send(format!("{from} {to}")).unwrap();
                    }
                    say("250 yes");
                }
            }
        }
    });
    (port, events)
}

#[derive(yui_db::Row)]
struct Sealed {
    sealed_content: Option<Vec<u8>>,
}

yui_db::statements! {
    fn take(society_id: i64, mail_id: i64, until: Timestamp) =
        "UPDATE mails SET taken_until = $3, tries = tries + 1 WHERE society_id = $1 AND mail_id = $2";
    fn sealed() -> Sealed = "SELECT sealed_content FROM mails";
}
