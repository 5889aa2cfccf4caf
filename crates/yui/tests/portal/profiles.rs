//! Column profiles: another program's CSV is read by what a society has said of its columns.

use axum::{body::Body, http::Request};
use portal_test::portal_test;
use yui::features::imports::{self, Options, Source, UsedProfile};
use yui_db::Engine;

use crate::{
    console_imports::{checked, send},
    support::{Browser, Portal, encode},
};

/// The demo society's insurer number, and its first household.
const INSURER: &str = "06139034";

const BOUNDARY: &str = "----yui-test-boundary";

/// An export of expenses as another program writes it.
fn theirs(rows: &str) -> String {
    format!(
        "被保険者証記号;被保険者証番号;枝番;受診年月;医療機関名称;種別;実日数;総医療費;給付額;公費;一部負担金;担当\r\n{rows}"
    )
}

const ROW: &str = "800;1234;00;2026-08;みほん医院;G;1;1000;700;0;300;総務\r\n";

/// Sends the form of a new profile.
async fn new_profile(staff: &mut Browser, kind: &str, name: &str, file: &[u8]) -> crate::support::Answer {
    let field = |name: &str, value: &str| {
        format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let mut body = [field("kind", kind), field("name", name)].concat().into_bytes();
    let disposition = "content-disposition: form-data; name=\"file\"; filename=\"their.csv\"";
    body.extend(format!("--{BOUNDARY}\r\n{disposition}\r\n\r\n").bytes());
    body.extend(file);
    body.extend(format!("\r\n--{BOUNDARY}--\r\n").bytes());
    let request = Request::post("/console/imports/profiles/new")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
        .body(Body::from(body));
    staff.send(request.unwrap()).await
}

/// Returns what a browser sends of the page of a profile, with these fields filled in.
fn filled(page: &crate::support::Answer, fields: &[(&str, &str, &str)]) -> String {
    // What is selected is not among the fields that `form` returns.
    let columns: Vec<_> =
        page.all("tbody tr th").iter().map(|name| name.split(' ').next().unwrap().to_owned()).collect();
    let mut typed = vec![format!("name={}", encode(&page.attribute("#name", "value")))];
    for (number, column) in columns.iter().enumerate() {
        let chosen = page.attribute(&format!("select[name=column-{number}] option[selected]"), "value");
        typed.push(format!("column-{number}={}", encode(&chosen)));
        for (_, what, value) in fields.iter().filter(|(name, ..)| name == column) {
            typed.retain(|field| !field.starts_with(&format!("{what}-{number}=")));
            typed.push(format!("{what}-{number}={}", encode(value)));
        }
    }
    typed.join("&")
}

#[portal_test]
async fn another_programs_file_is_recognised_by_its_header(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = portal.scope("minato").await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let file = theirs(ROW);
    // Without a profile, its columns are unknown, and the page says what helps.
    let path = checked(&portal, &mut staff, "expenses", "their.csv", file.as_bytes()).await;
    assert!(staff.get(&path).await.text().contains("/console/imports/profiles"));
    staff.post(&format!("{path}/drop"), "").await;

    for (kind, name, file, words) in [
        ("older_users", "甲", file.as_bytes(), "種類を選んで"),
        ("expenses", "", file.as_bytes(), "名前を"),
        ("expenses", "甲", b"", "空です"),
        ("expenses", "甲", b"only one cell\r\n", "1行目に見出し"),
    ] {
        let told = new_profile(&mut staff, kind, name, file).await.first(".error-summary");
        assert!(told.contains(words), "{words}: {told}");
    }
    let answer = new_profile(&mut staff, "expenses", "みほんシステム", file.as_bytes()).await;
    assert_eq!(answer.status, 303, "{}", answer.first(".error-summary"));
    let profile = answer.location().to_owned();
    let again = new_profile(&mut staff, "expenses", "みほんシステム", file.as_bytes()).await;
    assert!(again.first(".error-summary").contains("同じ名前"));

    // What names tell is chosen already; what the file does not have is asked for.
    let page = staff.get(&profile).await;
    let told = staff.post(&profile, &filled(&page, &[])).await;
    let told = told.all(".error-summary li");
    assert_eq!(
        told,
        ["保険者番号: 列を選ぶか、固定の値を入力してください。", "診療区分: 列を選ぶか、固定の値を入力してください。"]
    );
    let twice = [("診療区分", "column", "枝番"), ("保険者番号", "column", "ない列"), ("番号", "values", "x")];
    let told = staff.post(&profile, &filled(&page, &twice)).await.first(".error-summary");
    assert!(told.contains("「枝番」は「枝番」に使われています"), "{told}");
    assert!(told.contains("ファイルにある列を選んで") && told.contains("M=男"), "{told}");
    let fields = [
        ("保険者番号", "constant", INSURER),
        ("診療区分", "column", "種別"),
        ("診療区分", "values", "G=通院、N = 入院"),
    ];
    let answer = staff.post(&profile, &filled(&page, &fields)).await;
    assert_eq!(answer.location(), "/console/imports/profiles?done=saved", "{}", answer.first(".error-summary"));
    let list = staff.get(answer.location()).await;
    assert!(list.first("tbody tr").contains("みほんシステム") && list.text().contains("列の対応を保存しました"));

    let path = checked(&portal, &mut staff, "expenses", "their.csv", file.as_bytes()).await;
    let page = staff.get(&path).await;
    assert!(page.first(".facts").contains("列の対応 みほんシステム"), "{}", page.first("main"));
    // What is changed later counts for later files.
    staff.post(&format!("{profile}/delete"), "").await;
    assert_eq!(staff.get("/console/imports/profiles").await.all("tbody tr").len(), 0);
    staff.post(&format!("{path}/apply"), "").await;
    imports::work_due(&portal.app).await.unwrap();
    let batch = imports::batches(&portal.app, &scope).await.unwrap().pop().unwrap();
    assert_eq!((batch.accepted, batch.rejected), (1, 0));
    imports::publish(&portal.app, &scope, batch.batch_id).await.unwrap();
    let mut member = portal.signed_in("minato", "testtaro01").await;
    let statement = member.get("/expenses/statement?month=2026-08").await;
    assert!(statement.first("main").contains("みほん医院 通院／1日"), "{}", statement.first("main"));
    let log = portal.staff("minato", "kanri").await.get("/console/audit").await.text();
    assert!(log.contains("列の対応を保存") && log.contains("列の対応を削除"));
}

#[portal_test]
async fn a_profile_is_chosen_beside_the_file_and_named_on_the_command_line(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = portal.scope("minato").await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let register = "証番号,漢字氏名,フリガナ,性別区分,生年月日,本人家族区分,資格取得年月日\r\n\
                    1,見本 太郎,ミホン タロウ,M,19850401,1,20260401\r\n";
    let profile = new_profile(&mut staff, "register", "人事システム", register.as_bytes()).await.location().to_owned();
    let page = staff.get(&profile).await;
    let fields =
        [("保険者番号", "constant", INSURER), ("記号", "column", "（空欄）"), ("性別", "values", "M=男,F＝女")];
    assert_eq!(staff.post(&profile, &filled(&page, &fields)).await.status, 303);
    let page = staff.get(&profile).await;
    assert_eq!(page.attribute("select[name=column-1] option[selected]", "value"), "（空欄）");
    let id = profile.rsplit('/').next().unwrap();

    let wrong_kind = send(&mut staff, "expenses", &[("profile", id)], "r.csv", register.as_bytes()).await;
    assert!(wrong_kind.first(".error-summary").contains("選んだ種類のファイルの「列の対応」"));
    let answer = send(&mut staff, "register", &[("profile", id)], "r.csv", register.as_bytes()).await;
    assert_eq!(answer.status, 303, "{}", answer.first(".error-summary"));
    imports::work_due(&portal.app).await.unwrap();
    let preview = staff.get(answer.location()).await;
    assert!(preview.first(".facts").contains("人事システム"), "{}", preview.first("main"));
    assert!(preview.first(".figures").contains("取り込める 1"), "{}", preview.first(".figures"));

    // On the command line.
    let profiles = imports::profiles(&portal.app, &scope).await.unwrap();
    let kind = imports::kind_of("register").unwrap();
    let path = portal.file("r.csv", register).path;
    let source = Source::of_files(&[path], None, kind, 1 << 20).unwrap();
    let fitting = imports::fitting(&profiles, kind, &source).unwrap();
    assert_eq!(fitting.name, "人事システム");
    assert!(portal.register(&scope, &source, Options::default()).await.is_err(), "not by its own names");
    let source = source.with_profile(Some(UsedProfile::from(fitting)));
    let report = portal.register(&scope, &source, Options::default()).await.unwrap();
    assert_eq!((report.accepted, report.rejected), (1, 0));
    let own = portal.file("own.csv", crate::support::register_csv(INSURER));
    assert!(imports::fitting(&profiles, kind, &own).is_none(), "our own header needs none");
}
