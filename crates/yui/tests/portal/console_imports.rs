//! Files through the console: what is asked and told on each page, over HTTP, as a browser sends it.

use axum::{body::Body, http::Request};
use futures::stream;
use portal_test::portal_test;
use yui::{core::society::InSociety, features::imports};
use yui_db::Engine;

use crate::support::{Answer, Browser, EXPENSE_HEADER, Portal, encode, state_of};

/// The demo society's insurer number, and its first household.
const INSURER: &str = "06139034";

/// A withdrawal's form.
const REASON: &str = "reason=%E8%AA%A4%E3%82%8A";

const BOUNDARY: &str = "----yui-test-boundary";

/// Returns the beginning of a form with a file, up to the file's first byte.
fn form_until_file(kind: &str, fields: &[(&str, &str)], name: &str) -> String {
    let field = |(name, value): &(&str, &str)| {
        format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let kind = ("kind", kind);
    let fields: String = [&kind].into_iter().chain(fields).map(field).collect();
    format!(
        "{fields}--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         content-type: application/octet-stream\r\n\r\n"
    )
}

fn posted(body: Body) -> Request<Body> {
    Request::post("/console/imports/new")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
        .body(body)
        .unwrap()
}

/// Sends a file with the form of new files.
pub(crate) async fn send(
    browser: &mut Browser,
    kind: &str,
    fields: &[(&str, &str)],
    name: &str,
    file: &[u8],
) -> Answer {
    let mut body = form_until_file(kind, fields, name).into_bytes();
    body.extend(file);
    body.extend(format!("\r\n--{BOUNDARY}--\r\n").bytes());
    browser.send(posted(body.into())).await
}

fn files_in(portal: &Portal) -> usize {
    let Ok(societies) = std::fs::read_dir(portal.files()) else { return 0 };
    societies.map(|society| std::fs::read_dir(society.unwrap().path()).unwrap().count()).sum()
}

fn row(key: &str, month: &str, provider: &str, total: i64) -> String {
    let self_pay = total * 3 / 10;
    format!("{key},,{INSURER},800,1234,00,{month},{provider},通院,1,{total},{},0,{self_pay},\r\n", total - self_pay)
}

/// Sends a file, has it checked and returns where it is shown.
pub(crate) async fn checked(portal: &Portal, staff: &mut Browser, kind: &str, name: &str, file: &[u8]) -> String {
    let answer = send(staff, kind, &[], name, file).await;
    assert_eq!(answer.status, 303, "{name}: {}", answer.text());
    let path = answer.location().to_owned();
    imports::work_due(&portal.app).await.unwrap();
    path
}

#[portal_test]
async fn from_the_file_to_the_members_statement_and_back(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let mut member = portal.signed_in("minato", "testtaro01").await;
    let before = state_of(&portal).await;
    let list = staff.get("/console/imports").await;
    assert!(list.text().contains("新しいファイルを取り込む") && list.text().contains("expenses-2025.csv"));
    let template = staff.get("/console/imports/template/expenses").await;
    assert!(template.text().starts_with("\u{feff}請求番号,"));

    let rows = format!(
        "{EXPENSE_HEADER}{}{}{}{}",
        row("N1", "2026-08", "あたらし医院", 10_000),
        row("N2", "2026-08", "あたらし薬局", 2_000),
        row("N3", "2026-13", "あたらし医院", 2_000),
        row("N4", "2026-08", "よその医院", 2_000).replace(INSURER, "06149033"),
    );
    let answer = send(&mut staff, "expenses", &[], "C:\\共有\\十月分.csv", rows.as_bytes()).await;
    let upload = answer.location().to_owned();
    assert_eq!(upload, "/console/imports/uploads/1", "{}", answer.text());
    let running = staff.get(&upload).await;
    assert_eq!(running.first("h1"), "中身を確認しています");
    assert_eq!(running.attribute("[data-progress]", "data-progress"), format!("{upload}/progress"));
    imports::work_due(&portal.app).await.unwrap();
    let events = staff.get(&format!("{upload}/progress")).await;
    assert!(events.headers["content-type"].to_str().unwrap().starts_with("text/event-stream"));
    assert_eq!(events.headers["x-accel-buffering"], "no", "nginx passes each event on at once");
    assert!(events.text().contains("event: done"), "{}", events.text());

    let page = staff.get(&upload).await;
    assert_eq!(page.first("h1"), "取込内容の確認");
    assert!(page.first(".facts").contains("十月分.csv") && !page.text().contains("共有"));
    let figures = page.all(".figures li");
    assert_eq!(&figures[..4], ["ファイルの件数 4", "取り込める 2", "誤り 1", "台帳にいない・対象外 1"]);
    let text = page.text();
    assert!(text.contains("「2026-13」") && text.contains("06149033"), "{text}");
    let compared = page.all("section[aria-labelledby=differences] tbody tr");
    assert!(compared.is_empty(), "a month is not compared with a year: {compared:?}");
    assert_eq!(state_of(&portal).await, before, "a check changes nothing");
    let csv = staff.get(&format!("{upload}/faults.csv")).await.text();
    assert!(csv.starts_with("\u{feff}行,記号・番号,氏名,列,理由\r\n4,"), "{csv}");

    // A browser takes it compressed.
    let zipped = Request::get(format!("{upload}/faults.csv")).header("accept-encoding", "gzip");
    let zipped = staff.send(zipped.body(Body::empty()).unwrap()).await;
    assert_eq!(zipped.headers["content-encoding"], "gzip");
    assert!(zipped.bytes.starts_with(b"\x1F\x8B"));

    let answer = staff.post(&format!("{upload}/apply"), "").await;
    assert_eq!(answer.location(), upload);
    assert_eq!(staff.get(&upload).await.first("h1"), "取り込んでいます");
    imports::work_due(&portal.app).await.unwrap();
    let batch = staff.get(&upload).await.location().to_owned();
    let page = staff.get(&batch).await;
    assert!(page.first("h1").ends_with("十月分.csv"));
    assert_eq!(page.first(".state"), "公開前");
    assert!(page.first("section[aria-labelledby=steps] tbody tr").starts_with("アップロード "));
    assert!(staff.get(&format!("{batch}/faults.csv")).await.text().contains("06149033"));
    let statement = "/expenses/statement?month=2026-08";
    assert!(!member.get(statement).await.text().contains("あたらし医院"));

    // At a time, taken back, and now.
    let publish = format!("{batch}/publish");
    assert!(staff.get(&publish).await.text().contains("12,000円"));
    let past = staff.post(&publish, "when=at&at=2020-01-01T09:00").await;
    assert!(past.text().contains("公開する日時が過ぎています。"));
    let at = staff.post(&publish, &format!("when=at&at={}", encode("2026-12-01T09:00"))).await;
    assert_eq!(at.location(), format!("{batch}?done=scheduled"));
    imports::work_due(&portal.app).await.unwrap();
    assert!(staff.get(&batch).await.text().contains("2026/12/01 09:00に公開する予定です。"));
    assert!(!member.get(statement).await.text().contains("あたらし医院"));
    assert_eq!(staff.post(&format!("{publish}/cancel"), "").await.location(), format!("{batch}?done=unscheduled"));
    assert_eq!(staff.post(&publish, "when=now").await.location(), format!("{batch}?done=published"));
    imports::work_due(&portal.app).await.unwrap();
    assert!(member.get(statement).await.text().contains("あたらし医院"));
    let told: Vec<_> = portal.mails().await.into_iter().filter(|mail| mail["kind"] == "expenses_published").collect();
    assert_eq!(told.len(), 1);

    // The same file once more changes nothing; a withdrawal takes all of it back.
    let again = checked(&portal, &mut staff, "expenses", "again.csv", rows.as_bytes()).await;
    let page = staff.get(&again).await;
    assert!(page.text().contains("まったく同じ内容です") && !page.text().contains("取り込む</button>"));
    assert_eq!(staff.post(&format!("{again}/drop"), "").await.location(), "/console/imports?done=dropped");
    assert_eq!(files_in(&portal), 0);
    let ask = staff.get(&format!("{batch}/withdraw")).await;
    assert!(
        ask.text().contains("取り込んだ2件が、すべて元に戻ります。") && ask.text().contains("すぐに見えなくなります")
    );
    let waiting = async |staff: &mut Browser| staff.get(&format!("{batch}/withdraw/status")).await.text();
    assert_eq!(waiting(&mut staff).await, r#"{"moved_on":true}"#);
    let gone = staff.post(&format!("{batch}/withdraw"), REASON).await;
    assert_eq!(gone.location(), format!("{batch}?done=withdraw"));
    let page = staff.get(gone.location()).await;
    assert_eq!(page.first(".state"), "取下げの処理中");
    assert!(page.text().contains("取下げを受け付けました。") && !page.text().contains("取り下げる</a>"));
    assert_eq!(waiting(&mut staff).await, r#"{"moved_on":false}"#);
    assert!(
        staff.post(&format!("{batch}/withdraw"), REASON).await.text().contains("ほかの職員がこの取込を変更しました")
    );
    imports::work_due(&portal.app).await.unwrap();
    assert_eq!(waiting(&mut staff).await, r#"{"moved_on":true}"#);
    assert_eq!(staff.get(&batch).await.first(".state"), "取下げ");
    assert!(!member.get(statement).await.text().contains("あたらし医院"));
    assert_eq!(state_of(&portal).await, before);
    assert!(staff.post(&format!("{batch}/withdraw"), REASON).await.text().contains("すでに取り下げられています"));

    // Everything is in the log, by name.
    let mut admin = portal.staff("minato", "kanri").await;
    let log = admin.look_for("/console/audit", "text=%E5%8D%81%E6%9C%88%E5%88%86").await.text();
    for act in [
        "取込ファイルをアップロード",
        "取込内容の確認結果を表示",
        "取込の誤りの一覧をダウンロード",
        "取込を指示",
        "取込を完了",
        "取込データの公開を指示",
        "取込データの公開予約を取消",
        "取込データを公開",
        "取込を取下げ",
    ] {
        assert!(log.contains(act), "{act}");
    }
    assert!(!log.contains("import worker"), "work is recorded in the name of its requester");
}

#[portal_test]
async fn every_bad_file_is_refused_in_words_and_leaves_nothing(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let before = state_of(&portal).await;
    let mut bomb = b"PK\x03\x04\x14\0\0\0\x08\0".to_vec();
    bomb.extend(vec![0; 100_000]);
    for (kind, name, file, words) in [
        ("expenses", "a.pdf", b"%PDF-1.7\n".to_vec(), "PDFのファイルです"),
        ("expenses", "a.xlsx", b"PK\x03\x04\x14\0\x06\0[Content_Types].xml".to_vec(), "Excel（xlsx）のファイルです"),
        ("expenses", "bomb.zip", bomb.clone(), "ZIPの圧縮ファイルを読み取れません"),
        ("register", "bomb.zip", bomb, "圧縮ファイルを開きません"),
        ("register", "a.png", b"\x89PNG\r\n\x1A\n\0\0".to_vec(), "画像（PNG）のファイルです"),
        ("register", "a.csv", b"a\0b\0c".to_vec(), "文字のファイルではありません"),
        ("register", "a.uke", b"IR,2,13,1,1234567\r\n".to_vec(), "「医療費」を選んで"),
        ("expenses", "empty.csv", Vec::new(), "ファイルが空です"),
        ("expenses", "", b"x".to_vec(), "ファイルを選んでください"),
        ("nothing", "a.csv", b"x".to_vec(), "ファイルの種類を選んでください"),
        ("older_users", "a.csv", b"x".to_vec(), "期限の日付を入力してください"),
    ] {
        let answer = send(&mut staff, kind, &[], name, &file).await;
        assert_eq!(answer.status, 200, "{name}");
        let told = answer.first(".error-summary");
        assert!(told.contains(words), "{name}: {told}");
        assert_eq!(files_in(&portal), 0, "{name}");
    }
    // What only reading tells.
    let sjis = |text: &str| encoding_rs::SHIFT_JIS.encode(text).0.into_owned();
    let mut mixed = sjis(&format!("{EXPENSE_HEADER}{}", row("S1", "2026-08", "医院", 1_000)));
    mixed.extend(b"\x81\x0A\r\n");
    // Cut before its last record, in the middle of a claim.
    let cut = b"IR,2,13,1,1234567,,\x8C\xA9\x96\x7B,50810,00,03\r\nRE,1,1112,50809,a,1,3600101\r\n".to_vec();
    for (name, file, words) in [
        ("missing.csv", "保険者番号,記号\r\n06139034,1\r\n".as_bytes().to_vec(), "必要な列がありません"),
        ("headings.csv", EXPENSE_HEADER.as_bytes().to_vec(), "1件もデータがありません"),
        ("date.csv", format!("{EXPENSE_HEADER}{}", row("D1", "2026-99", "医院", 1_000)).into_bytes(), "「2026-99」"),
        ("mixed.csv", mixed, "Shift_JIS(Windows-31J)として読めない文字"),
        (
            "insurer.csv",
            format!("{EXPENSE_HEADER}{}", row("I1", "2026-08", "医院", 1_000).replace(INSURER, "06149033"))
                .into_bytes(),
            "保険者番号 06149033 は、この組合のものではありません",
        ),
        ("cut.uke", cut, "途中で切れていないか確認してください"),
    ] {
        let path = checked(&portal, &mut staff, "expenses", name, &file).await;
        let page = staff.get(&path).await;
        let told = page.first("main");
        assert!(told.contains(words), "{name}: {told}");
        staff.post(&format!("{path}/drop"), "").await;
    }
    assert_eq!(state_of(&portal).await, before);
    assert_eq!(files_in(&portal), 0);
}

#[portal_test]
async fn ten_thousand_mistakes_are_bounded_on_the_page_and_whole_in_the_csv(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let rows: String = (0..10_000).map(|at| row(&format!("B{at}"), "2026-13", "医院", 1_000)).collect();
    let path = checked(&portal, &mut staff, "expenses", "bad.csv", format!("{EXPENSE_HEADER}{rows}").as_bytes()).await;
    let page = staff.get(&path).await;
    assert_eq!(page.all("section[aria-labelledby=faults] tbody tr").len(), 100);
    assert!(page.text().contains("取り込めない行の理由（10,000件）"));
    assert!(page.bytes.len() < 100_000);
    let csv = staff.get(&format!("{path}/faults.csv")).await.text();
    assert_eq!(csv.lines().count(), 10_001);
    // All of them wrong: nothing comes of it, and nothing is left.
    staff.post(&format!("{path}/apply"), "all_or_nothing=yes").await;
    imports::work_due(&portal.app).await.unwrap();
    assert_eq!(staff.get(&path).await.first("h1"), "取り込みませんでした");
}

#[portal_test]
async fn an_upload_that_breaks_off_or_is_too_large_leaves_nothing(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let beginning = form_until_file("expenses", &[], "e.csv") + EXPENSE_HEADER;
    let pieces = [Ok(beginning.clone().into_bytes()), Err(std::io::Error::other("the line is cut"))];
    let answer = staff.send(posted(Body::from_stream(stream::iter(pieces)))).await;
    assert!(answer.first(".error-summary").contains("最後まで受け取れませんでした"), "{}", answer.text());
    assert_eq!(files_in(&portal), 0);

    // Cut where the file is whole, but the form is not.
    let pieces = [Ok(format!("{beginning}\r\n--{BOUNDARY}").into_bytes()), Err(std::io::Error::other("cut"))];
    staff.send(posted(Body::from_stream(stream::iter(pieces)))).await;
    assert_eq!(files_in(&portal), 0);

    // A whole megabyte is allowed in this portal, not a byte more.
    for (setting, megabytes, words) in [
        ("YUI_UPLOAD_LIMIT", "1", "1 MBまでです"),
        ("YUI_UPLOAD_QUOTA", "1", "取り込んでいないファイルの合計が1 MBを超えます"),
        ("YUI_DISK_RESERVE", "10000000", "空き容量などの問題です"),
    ] {
        let small = Portal::demo_with(engine, &[(setting, megabytes)]).await;
        let mut staff = small.staff("minato", "kyufu").await;
        let line = row("L", "2026-08", "医院", 1_000);
        let many = line.repeat((1 << 20) / line.len() + 1);
        let answer = send(&mut staff, "expenses", &[], "e.csv", format!("{EXPENSE_HEADER}{many}").as_bytes()).await;
        assert!(answer.first(".error-summary").contains(words), "{setting}: {}", answer.first(".error-summary"));
        assert_eq!(files_in(&small), 0, "{setting}");
    }
}

/// Review L11: half-open uploads keep no other society out, and hold at most a few places.
#[portal_test]
async fn only_so_many_files_of_a_society_come_in_at_once(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let (minato, midori) = (portal.scope("minato").await, portal.scope("midori").await);
    let name = |number: usize| format!("{number:032x}");
    let mut half: Vec<_> = (0..4).filter_map(|number| portal.app.files.receive(&minato, name(number))).collect();
    assert_eq!(half.len(), 4);
    let mut staff = portal.staff("minato", "kyufu").await;
    let text = format!("{EXPENSE_HEADER}{}", row("L", "2026-08", "医院", 1_000));
    let answer = send(&mut staff, "expenses", &[], "e.csv", text.as_bytes()).await;
    assert!(answer.first(".error-summary").contains("ほかのファイルを受け取っている途中です"));
    assert!(portal.app.files.receive(&midori, name(5)).is_some(), "another society's");
    half.pop().unwrap().give_up().await;
    assert_eq!(send(&mut staff, "expenses", &[], "e.csv", text.as_bytes()).await.status, 303);
}

#[portal_test]
async fn what_two_decide_is_published_by_the_second(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut policy = portal.scope("minato").await.society().policy.clone();
    policy.two_person = vec![yui::core::society::Guarded::Publication];
    portal.set_policy("minato", &policy).await;
    let mut one = portal.staff("minato", "kyufu").await;
    let mut other = portal.staff("minato", "kanri").await;
    let text = format!("{EXPENSE_HEADER}{}", row("T1", "2026-08", "ふたり医院", 1_000));
    let upload = checked(&portal, &mut one, "expenses", "two.csv", text.as_bytes()).await;
    one.post(&format!("{upload}/apply"), "").await;
    imports::work_due(&portal.app).await.unwrap();
    let batch = one.get(&upload).await.location().to_owned();
    assert!(one.get(&format!("{batch}/publish")).await.text().contains("もう一人の職員の承認が必要です"));
    let asked = one.post(&format!("{batch}/publish"), &format!("when=at&at={}", encode("2026-12-01T09:00"))).await;
    assert_eq!(asked.location(), format!("{batch}?done=asked"));
    assert!(one.get(&batch).await.text().contains("承認待ち"));
    imports::work_due(&portal.app).await.unwrap();
    assert_eq!(one.post("/console/approvals/1/approve", "").await.status, 403, "the same person cannot");
    let done = other.post("/console/approvals/1/approve", "").await;
    assert_eq!(done.location(), "/console/approvals?done=approved", "{}", done.text());
    assert!(one.get(&batch).await.text().contains("2026/12/01 09:00に公開する予定です。"));
    portal.app.clock.advance(15 * 24 * 3600);
    imports::work_due(&portal.app).await.unwrap();
    let mut member = portal.signed_in("minato", "testtaro01").await;
    assert!(member.get("/expenses/statement?month=2026-08").await.text().contains("ふたり医院"));
}

#[portal_test]
async fn a_register_and_older_users_go_the_same_way(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let register = format!(
        "保険者番号,記号,番号,枝番,氏名,カナ氏名,性別,生年月日,続柄,資格取得日,資格喪失日\r\n\
         {INSURER},900,1,00,新規 一郎,シンキ イチロウ,男,1985-01-15,本人,2026-04-01,\r\n\
         {INSURER},900,1,01,新規 春,シンキ ハル,女,1986-01-15,家族,2026-04-01,\r\n"
    );
    let upload = checked(&portal, &mut staff, "register", "r.csv", register.as_bytes()).await;
    let page = staff.get(&upload).await;
    let figures = page.all(".figures li");
    assert!(
        figures.contains(&"新しい世帯 1".to_owned()) && figures.contains(&"新しい加入者 2".to_owned()),
        "{figures:?}"
    );
    assert!(page.text().contains("取り込むと、すぐに反映されます。"));
    staff.post(&format!("{upload}/apply"), "").await;
    imports::work_due(&portal.app).await.unwrap();
    let batch = staff.get(&upload).await.location().to_owned();
    assert_eq!(staff.get(&batch).await.first(".state"), "反映済み");
    assert!(!staff.get(&batch).await.text().contains("公開する</a>"), "a register is in force already");

    let users = format!("ユーザID,保険者番号,記号,番号,ログイン済み\r\nshinki01,{INSURER},900,1,1\r\n");
    let fields = [("first_login", "link"), ("until", "2027-03-31")];
    let answer = send(&mut staff, "older_users", &fields, "u.csv", users.as_bytes()).await;
    let upload = answer.location().to_owned();
    assert!(!upload.is_empty(), "{}", answer.text());
    imports::work_due(&portal.app).await.unwrap();
    assert!(staff.get(&upload).await.all(".figures li").contains(&"ログインしたことのある方 1".to_owned()));
    staff.post(&format!("{upload}/apply"), "").await;
    imports::work_due(&portal.app).await.unwrap();
    let users = staff.get(&upload).await.location().to_owned();
    assert!(staff.get(&users).await.text().contains("ログインしたことのある方"));

    // The register cannot go while an account stands on it.
    let withdraw = async |staff: &mut Browser, batch: &str| {
        assert!(staff.post(&format!("{batch}/withdraw"), REASON).await.location().ends_with("?done=withdraw"));
        imports::work_due(&portal.app).await.unwrap();
        staff.get(batch).await
    };
    let refused = withdraw(&mut staff, &batch).await;
    assert_eq!(refused.first(".state"), "反映済み");
    let why = refused.first("[role=alert]");
    assert!(why.starts_with("取り下げられませんでした。") && why.contains("医療費またはアカウントがあります"), "{why}");
    assert_eq!(withdraw(&mut staff, &users).await.first(".state"), "取下げ");
    let gone = withdraw(&mut staff, &batch).await;
    assert_eq!((gone.first(".state"), gone.all("[role=alert]").len()), ("取下げ".to_owned(), 0));
}

#[portal_test]
async fn who_may_only_look_sees_counts_and_no_acts(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut viewer = portal.staff("minato", "etsuran").await;
    let list = viewer.get("/console/imports").await.text();
    assert!(list.contains("expenses-2025.csv") && !list.contains("新しいファイルを取り込む"));
    let batch = viewer.get("/console/imports/2").await;
    assert_eq!(batch.status, 200);
    assert!(!batch.text().contains("取り下げる"));
}
