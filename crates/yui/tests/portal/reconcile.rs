//! The history of an older portal: it comes without mails, stands behind every other file, and its totals are held against the older portal's.

use std::collections::BTreeMap;

use axum::{body::Body, http::Request};
use portal_test::portal_test;
use yui::{
    core::{
        scope::SystemScope,
        society::{InSociety, Preset},
    },
    features::{
        expenses::{self, ReconciliationDifference, Summary, Sums, UnreadableTotals},
        imports::{self, ChunkFault, Job, Options, Report, Through},
    },
};
use yui_db::Engine;

use crate::{
    operator::command,
    support::{Answer, Browser, EXPENSE_HEADER, Portal, register_csv},
};

const INSURER: &str = "06139018";
const PLAIN: Options = Options { dry_run: false, all_or_nothing: false, confirmed: true };
const TOTALS_HEADER: &str = "保険者番号,記号,番号,診療年月,件数,医療費総額,自己負担額\r\n";

fn row(key: &str, number: &str, month: &str, total: i64) -> String {
    let paid = total * 3 / 10;
    format!("{key},,{INSURER},800,{number},00,{month},みほん医院,通院,1,{total},{},0,{paid},\r\n", total - paid)
}

async fn import(portal: &Portal, scope: &SystemScope, name: &str, rows: &str, history: bool) -> Report {
    let source = portal.file(name, format!("{EXPENSE_HEADER}{rows}"));
    let answer = ("history".to_owned(), "yes".to_owned());
    let answers = if history { BTreeMap::from([answer]) } else { BTreeMap::new() };
    let mut watch = |_: &ChunkFault| {};
    let job = Job { app: &portal.app, scope, source: &source, options: PLAIN, answers: &answers, watch: &mut watch };
    imports::kind_of("expenses").unwrap().import(job).await.unwrap()
}

async fn compared(portal: &Portal, scope: &SystemScope, rows: &str) -> (Summary, Vec<ReconciliationDifference>) {
    let path = portal.files().with_file_name("totals.csv");
    std::fs::write(&path, format!("{TOTALS_HEADER}{rows}")).unwrap();
    let mut all = Vec::new();
    let each = |difference: &ReconciliationDifference| {
        all.push(difference.clone());
        Ok(())
    };
    let summary = expenses::reconcile(&portal.app, scope, path, each).await.unwrap();
    (summary, all)
}

fn sums(claims: i64, total: i64, self_pay: i64) -> Sums {
    Sums { claims, total, self_pay }
}

#[portal_test]
async fn a_history_is_shown_without_mails_behind_every_other_file(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    portal.register(&scope, &portal.file("r.csv", register_csv(INSURER)), PLAIN).await.unwrap();
    let mut member = portal.member_of(&scope, "800", "1234").await;
    let newer = import(&portal, &scope, "new.csv", &row("A1", "1234", "2025-01", 10_000), false).await;
    imports::publish(&portal.app, &scope, newer.batch_id.unwrap()).await.unwrap();
    imports::work_due(&portal.app).await.unwrap();
    let mails = portal.mails().await.len();
    assert!(portal.mails().await.iter().any(|mail| mail["kind"] == "expenses_published"));

    let rows = [row("A1", "1234", "2025-01", 9_000), row("H1", "1234", "2022-02", 5_000)].concat();
    let report = import(&portal, &scope, "history.csv", &rows, true).await;
    assert_eq!((report.accepted, report.corrections), (2, 0));
    assert!(report.details.contains(&("claims of other batches", 1)), "{:?}", report.details);
    let batch = report.batch_id.unwrap();
    let listed = imports::batches(&portal.app, &scope).await.unwrap();
    assert_eq!(listed.iter().map(imports::Batch::is_history).collect::<Vec<_>>(), [false, false, true]);
    imports::publish_through(&portal.app, &scope, batch, Through::Is(None)).await.unwrap();
    imports::work_due(&portal.app).await.unwrap();
    assert_eq!(portal.mails().await.len(), mails, "nobody is mailed of a history");

    let shown = async |member: &mut Browser, month: &str| {
        member.get(&format!("/expenses/statement?month={month}")).await.first(".table-wide tfoot td")
    };
    assert_eq!(shown(&mut member, "2025-01").await, "10,000", "another file is newer, whenever it came");
    assert_eq!(shown(&mut member, "2022-02").await, "5,000");

    // A later file corrects it, and its withdrawal brings it back.
    let later = import(&portal, &scope, "later.csv", &row("H1", "1234", "2022-02", 6_000), false).await;
    assert_eq!(later.corrections, 1);
    imports::publish(&portal.app, &scope, later.batch_id.unwrap()).await.unwrap();
    assert_eq!(shown(&mut member, "2022-02").await, "6,000");
    for withdrawn in [later, newer] {
        imports::withdraw(&portal.app, &scope, withdrawn.batch_id.unwrap(), "誤り").await.unwrap();
    }
    assert_eq!(shown(&mut member, "2022-02").await, "5,000");
    assert_eq!(shown(&mut member, "2025-01").await, "9,000");
}

#[portal_test]
async fn differences_are_listed_by_household_and_month(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    portal.register(&scope, &portal.file("r.csv", register_csv(INSURER)), PLAIN).await.unwrap();
    let rows = [
        row("H1", "1234", "2022-02", 5_000),
        row("H2", "1234", "2022-02", 1_000).replace(",00,2022", ",01,2022"),
        row("H3", "1234", "2022-03", 2_000),
        row("H4", "5678", "2022-03", 4_000),
        row("H5", "5678", "2022-04", 7_000),
    ];
    let history = import(&portal, &scope, "history.csv", &rows.concat(), true).await.batch_id.unwrap();
    // Staged rows count; of a claim its newest version does.
    let newer = import(&portal, &scope, "newer.csv", &row("H3", "1234", "2022-03", 3_000), false).await;
    let before = crate::support::state_of(&portal).await;
    let same = "06139018,800,1234,2022-02,2,6000,1800\r\n6139018,800,1234,2022年3月,1,3000,900\r\n";
    let all = format!("{same}06139018,0800,5678,2022-03,1,4000,1200\r\n06139018,800,5678,2022-04,1,7000,2100\r\n");
    let (summary, differences) = compared(&portal, &scope, &all).await;
    assert_eq!((summary.rows, summary.same, summary.different), (4, 4, 0), "{differences:?}");
    assert_eq!(summary.theirs, summary.ours);
    assert_eq!(summary.theirs, sums(5, 20_000, 6_000));

    let told = |differences: &[ReconciliationDifference]| -> Vec<_> {
        let of = |d: &ReconciliationDifference| (d.number.clone(), d.month.number(), d.reason(), d.theirs, d.ours);
        differences.iter().map(of).collect()
    };
    let file = format!(
        "06139018,800,9999,2022-02,1,100,30\r\n{same}06139018,800,1234,2022-04,1,8000,2400\r\n\
         06139018,800,5678,2022-03,1,4000,1201\r\n06139018,800,1234,2022-02,1,500,150\r\n"
    );
    let (summary, differences) = compared(&portal, &scope, &file).await;
    let (none, paid) = (sums(0, 0, 0), sums(1, 4_000, 1_200));
    assert_eq!(
        told(&differences),
        [
            ("9999".into(), 202_202, "台帳にない世帯", sums(1, 100, 30), none),
            // Two rows of one household and month are added up.
            ("1234".into(), 202_202, "件数が違う", sums(3, 6_500, 1_950), sums(2, 6_000, 1_800)),
            ("1234".into(), 202_204, "取り込まれていない", sums(1, 8_000, 2_400), none),
            ("5678".into(), 202_203, "金額が違う", sums(1, 4_000, 1_201), paid),
            ("5678".into(), 202_204, "以前のシステムにない", none, sums(1, 7_000, 2_100)),
        ]
    );
    assert_eq!((summary.rows, summary.same, summary.different), (6, 1, 5));
    // Only the months of the file are compared.
    let (summary, differences) = compared(&portal, &scope, "06139018,800,1234,2022-02,2,6000,1800\r\n").await;
    assert_eq!((summary.same, summary.different), (1, 0), "{differences:?}");
    assert_eq!(crate::support::state_of(&portal).await, before, "nothing changes");

    // What is withdrawn is not imported.
    imports::withdraw(&portal.app, &scope, history, "誤り").await.unwrap();
    imports::withdraw(&portal.app, &scope, newer.batch_id.unwrap(), "誤り").await.unwrap();
    let (summary, _) = compared(&portal, &scope, &all).await;
    assert_eq!((summary.same, summary.different, summary.ours), (0, 4, none));

    let path = portal.files().with_file_name("wrong.csv");
    std::fs::write(&path, format!("{TOTALS_HEADER}06139018,800,1234,2022-13,1,100,x\r\n")).unwrap();
    let error = expenses::reconcile(&portal.app, &scope, path, |_| Ok(())).await.unwrap_err();
    let faults = error.downcast::<UnreadableTotals>().unwrap().0;
    assert_eq!(faults.iter().map(|fault| fault.column.as_str()).collect::<Vec<_>>(), ["診療年月", "自己負担額"]);
}

async fn sent(staff: &mut Browser, path: &str, file: &str) -> Answer {
    let body = format!(
        "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"totals.csv\"\r\n\r\n{file}\r\n--x--\r\n"
    );
    let request = Request::post(path)
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "multipart/form-data; boundary=x")
        .body(Body::from(body));
    staff.send(request.unwrap()).await
}

#[portal_test]
async fn the_console_and_the_command_line_tell_the_same(engine: Engine) {
    const PAGE: &str = "/console/migration/reconcile";
    let portal = Portal::demo(engine).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    assert_eq!(staff.get("/console/migration").await.attribute(&format!("a[href='{PAGE}']"), "href"), PAGE);
    assert!(sent(&mut staff, PAGE, "").await.text().contains("ファイルの誤り"), "an empty file");
    let template = staff.get(&format!("{PAGE}/template.csv")).await.text();
    assert!(template.contains("06139034,101,1,2025-01,2,"), "{template}");
    let wrong = format!("{TOTALS_HEADER}06139034,800,1234,2025-01,x,1,1\r\n");
    let page = sent(&mut staff, PAGE, &wrong).await;
    assert!(page.first("section[aria-labelledby=faults] li").starts_with("2行目: 件数: "), "{}", page.text());

    // The reference household's January is 27,120 yen, of which 3,720 were paid.
    let good = format!("{TOTALS_HEADER}06139034,800,1234,2025-01,3,27120,3720\r\n");
    let page = sent(&mut staff, PAGE, &good.replace("3720", "3721")).await;
    let differs = page.all("#differences tbody tr");
    assert!(
        differs.contains(&"800-1234 2025/01 金額が違う 3／3 27,120／27,120 3,721／3,720".to_owned()),
        "{differs:?}"
    );
    let others = page.all(".figures li");
    let csv = sent(&mut staff, &format!("{PAGE}?as=csv"), &good.replace("3720", "3721")).await;
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    let csv = csv.text();
    assert!(csv.contains("06139034,800,1234,2025-01,金額が違う,3,3,27120,27120,3721,3720\r\n"), "{csv}");
    assert_eq!(format!("違う世帯・月 {}", csv.lines().count() - 1), others[1]);
    let folder = portal.files().join(portal.scope("minato").await.society_id().to_string());
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0, "the file is gone");

    let path = portal.files().with_file_name("cli.csv");
    std::fs::write(&path, good.replace("3720", "3721")).unwrap();
    let list = portal.files().with_file_name("differences.csv");
    let line = ["reconcile", "--society", "minato", "--differences", list.to_str().unwrap(), path.to_str().unwrap()];
    let done = command(&portal, &line).output().unwrap();
    assert!(!done.status.success(), "a script notices");
    assert_eq!(std::fs::read_to_string(&list).unwrap(), csv, "{}", String::from_utf8_lossy(&done.stderr));

    let rows = row("CLI1", "1234", "2022-02", 5_000).replace(INSURER, "06139034");
    std::fs::write(&path, format!("{EXPENSE_HEADER}{rows}")).unwrap();
    let line = ["import", "expenses", "--history", "--society", "minato", path.to_str().unwrap()];
    let done = command(&portal, &line).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let batches = imports::batches(&portal.app, &portal.scope("minato").await).await.unwrap();
    assert!(batches.last().unwrap().is_history());
    let batch = batches.last().unwrap().batch_id;
    assert!(staff.get(&format!("/console/imports/{batch}")).await.text().contains("以前のシステムの履歴"));
    let publication = staff.get(&format!("/console/imports/{batch}/publish")).await.text();
    assert!(publication.contains("お知らせメールは送りません"), "{publication}");

    let mut admin = portal.staff("minato", "kanri").await;
    let log = admin.look_for("/console/audit", "act=expenses.reconciled").await.all("tbody tr");
    assert!(log.len() == 2 && log.iter().all(|entry| entry.contains("totals.csv: 一致")), "{log:?}");
    assert_eq!(portal.staff("minato", "madoguchi").await.get(PAGE).await.status, 403);
}
