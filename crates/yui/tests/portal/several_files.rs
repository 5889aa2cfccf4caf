//! Several files, or a ZIP of them, that come as one.

use std::io::{Cursor, Write as _};

use axum::{body::Body, http::Request};
use portal_test::portal_test;
use yui::{
    core::society::Preset,
    features::imports::{self, BatchState, Options, Source, UploadState},
};
use yui_db::Engine;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::{
    claims::claims,
    support::{Answer, Browser, EXPENSE_HEADER, Portal, register_csv, state_of},
};

/// The demo society's insurer number, and its first household.
const INSURER: &str = "06139034";

/// The insurer number of a society that a test founds.
const OWN_INSURER: &str = "06139018";

const BOUNDARY: &str = "----yui-test-boundary";

fn row(key: &str, month: &str, provider: &str) -> String {
    format!("{key},,{INSURER},800,1234,00,{month},{provider},通院,1,1000,700,0,300,\r\n")
}

fn csv(rows: &[String]) -> Vec<u8> {
    format!("{EXPENSE_HEADER}{}", rows.concat()).into_bytes()
}

/// A file with its name.
type Sent<'f> = (&'f str, &'f [u8]);

/// Sends files with the form of new files.
async fn send(browser: &mut Browser, kind: &str, files: &[Sent<'_>]) -> Answer {
    let mut body =
        format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"kind\"\r\n\r\n{kind}\r\n").into_bytes();
    for (name, bytes) in files {
        body.extend(
            format!(
                "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
                 content-type: application/octet-stream\r\n\r\n"
            )
            .bytes(),
        );
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").bytes());
    let request = Request::post("/console/imports/new")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
        .body(Body::from(body));
    browser.send(request.unwrap()).await
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A claim as payers receive it, for the first household of the demo society.
pub(crate) fn payer_claim(number: u64, points: u64) -> Vec<u8> {
    let text = format!(
        "2,1,0,MN,{number:010},東京都,,,,\r\n\
         1,2,0,IR,1,13,1,9900013,,みほんクリニック,202609,00,03\r\n\
         1,3,0,RE,7,1112,202608,テスト　太郎,1,19790822,,\r\n\
         1,4,0,HO,{INSURER},８００,１２３４,1,{points},,,,,,,,,\r\n\
         1,5,0,SN,1,01,,,,00,,\r\n\
         2,6,0,RC,Ver0001\r\n"
    );
    encoding_rs::SHIFT_JIS.encode(&text).0.into_owned()
}

fn files_in(portal: &Portal) -> usize {
    let Ok(societies) = std::fs::read_dir(portal.files()) else { return 0 };
    societies.map(|society| std::fs::read_dir(society.unwrap().path()).unwrap().count()).sum()
}

#[portal_test]
async fn several_files_are_one_batch_and_a_fault_names_its_file(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = portal.scope("minato").await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let before = state_of(&portal).await;
    let first = csv(&[row("S1", "2026-08", "みほん医院"), row("S2", "2026-99", "みほん医院")]);
    let second =
        csv(&[row("S3", "2026-08", "れいじ医院"), row("", "2026-08", "れいじ医院"), "壊れた行\r\n".to_owned()]);
    // The same row, without a number, in a third file is the same expense, told twice.
    let third = csv(&[row("", "2026-08", "れいじ医院")]);
    let files: [Sent<'_>; 3] = [("c.csv", &third), ("a.csv", &first), ("b.csv", &second)];
    let answer = send(&mut staff, "expenses", &files).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let path = answer.location().to_owned();
    imports::work_due(&portal.app).await.unwrap();
    let page = staff.get(&path).await;
    assert!(page.first(".facts").contains("a.csv、b.csv、c.csv"), "{}", page.first("main"));
    let told = page.all("tbody tr");
    assert!(told[0].starts_with("3 800-1234 a.csv 診療年月"), "{told:?}");
    assert!(told[1].starts_with("4 b.csv"), "{told:?}");
    assert!(told[2].starts_with("2 800-1234 枝番00 c.csv 請求番号 同じ請求"), "{told:?}");
    let list = staff.get(&format!("{path}/faults.csv")).await.text();
    assert!(list.starts_with("\u{feff}行,記号・番号,氏名,列,理由,ファイル\r\n3,800-1234,,診療年月,"), "{list}");
    assert!(list.lines().nth(1).unwrap().ends_with(",a.csv"), "{list}");

    staff.post(&format!("{path}/apply"), "").await;
    imports::work_due(&portal.app).await.unwrap();
    let batch = imports::batches(&portal.app, &scope).await.unwrap().pop().unwrap();
    assert_eq!((batch.file_name.as_str(), batch.state), ("a.csv、b.csv、c.csv", BatchState::Staged));
    assert_eq!((batch.position, batch.accepted, batch.rejected), (6, 3, 3));
    assert_eq!(files_in(&portal), 0);
    let faults = imports::faults(&portal.app, &scope, batch.batch_id).await.unwrap();
    let places: Vec<_> = faults.iter().map(|fault| (fault.file.as_str(), fault.line)).collect();
    assert_eq!(places, [("a.csv", 3), ("b.csv", 4), ("c.csv", 2)]);
    let page = staff.get(&format!("/console/imports/{}", batch.batch_id)).await;
    assert!(page.text().contains("b.csv"), "the batch's page names the files");

    // The same files in another order, and as a ZIP, are the same content; so are they on the command line.
    let again: [Sent<'_>; 3] = [("a.csv", &first), ("b.csv", &second), ("c.csv", &third)];
    for files in [vec![again[2], again[0], again[1]], vec![("set.zip", &zip(&again)[..])]] {
        let answer = send(&mut staff, "expenses", &files).await;
        assert_eq!(answer.status, 303, "{}", answer.first(".error-summary"));
        imports::work_due(&portal.app).await.unwrap();
        assert!(staff.get(answer.location()).await.text().contains(&format!("/console/imports/{}\"", batch.batch_id)));
        staff.post(&format!("{}/drop", answer.location()), "").await;
    }
    let paths: Vec<_> = again.iter().map(|(name, bytes)| portal.file(name, bytes).path).collect();
    let kind = imports::kind_of("expenses").unwrap();
    let source = Source::of_files(&paths, None, kind, 1 << 20).unwrap();
    let report = portal.expenses(&scope, &source, Options::default(), &mut vec![]).await.unwrap();
    assert_eq!(report.batch_id, Some(batch.batch_id));

    imports::withdraw(&portal.app, &scope, batch.batch_id, "誤り").await.unwrap();
    imports::work_due(&portal.app).await.unwrap();
    assert_eq!(state_of(&portal).await, before);
}

/// A claim of the second file that is matched later takes its fault along, and no other.
#[portal_test]
async fn a_claim_of_one_of_several_files_is_matched_later(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, OWN_INSURER).await;
    let options = Options { confirmed: true, ..Options::default() };
    let of = |row: String| row.replace(INSURER, OWN_INSURER);
    let late = of(row("S2", "2026-08", "みほん医院")).replace("1234", "9999");
    let never = of(row("S3", "2026-08", "みほん医院")).replace("1234", "8888");
    let known = of(row("S1", "2026-08", "みほん医院"));
    let files = [("a.csv", csv(&[never.clone(), known.clone()])), ("b.csv", csv(&[late, never.replace("S3", "S4")]))];
    let paths: Vec<_> = files.iter().map(|(name, bytes)| portal.file(name, bytes).path).collect();
    portal.register(&scope, &portal.file("r.csv", register_csv(OWN_INSURER)), options).await.unwrap();
    let source = Source::of_files(&paths, None, imports::kind_of("expenses").unwrap(), 1 << 20).unwrap();
    let report = portal.expenses(&scope, &source, options, &mut vec![]).await.unwrap();
    let batch_id = report.batch_id.unwrap();
    assert_eq!((report.accepted, report.unmatched), (1, 3));

    let later = format!(
        "{}{OWN_INSURER},800,9999,00,後日 次郎,ゴジツ ジロウ,男,1990-02-03,本人,2020-04-01,\r\n",
        register_csv(OWN_INSURER)
    );
    portal.register(&scope, &portal.file("later.csv", later), options).await.unwrap();
    imports::work_due(&portal.app).await.unwrap();
    let faults = imports::faults(&portal.app, &scope, batch_id).await.unwrap();
    let places: Vec<_> = faults.iter().map(|fault| (fault.file.as_str(), fault.line, &*fault.numbers)).collect();
    assert_eq!(places, [("a.csv", 2, "800-8888"), ("b.csv", 3, "800-8888")]);
}

#[portal_test]
async fn a_payers_set_comes_as_a_zip(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = portal.scope("minato").await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let (medical, dental) = (payer_claim(1, 1_000), payer_claim(2, 500));
    let set = zip(&[
        ("0_COMMON001/11_RECODEINFO_MED.CSV", &medical),
        ("0_COMMON001/13_RECODEINFO_DEN.CSV", &dental),
        ("0_COMMON001/Thumbs.db", b"x"),
    ]);
    let answer = send(&mut staff, "expenses", &[("202608.zip", &set)]).await;
    assert_eq!(answer.status, 303, "{}", answer.first(".error-summary"));
    imports::work_due(&portal.app).await.unwrap();
    let page = staff.get(answer.location()).await;
    let name = "11_RECODEINFO_MED.CSV、13_RECODEINFO_DEN.CSV";
    assert!(page.first(".facts").contains(name), "{}", page.first("main"));
    staff.post(&format!("{}/apply", answer.location()), "").await;
    imports::work_due(&portal.app).await.unwrap();
    let batch = imports::batches(&portal.app, &scope).await.unwrap().pop().unwrap();
    assert_eq!((batch.file_name.as_str(), batch.accepted, batch.rejected), (name, 2, 0));
    assert_eq!(files_in(&portal), 0);

    // On the command line, with a claim that is cut off in one of the files: the file is named.
    let cut = &claims()[..40];
    let set = portal.file("cut.zip", zip(&[("11.CSV", &payer_claim(3, 700)), ("12.UKE", cut)]));
    let kind = imports::kind_of("expenses").unwrap();
    let source = Source::of_files(&[set.path], None, kind, 1 << 20).unwrap();
    let refused = portal.expenses(&scope, &source, Options::default(), &mut vec![]).await.unwrap_err();
    let imports::Unconfirmed(faults) = refused.downcast_ref().unwrap();
    assert_eq!(faults[0].file, "12.UKE", "{faults:?}");
}

#[portal_test]
async fn what_is_not_taken_together_is_refused_in_words_and_leaves_nothing(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let one = csv(&[row("R1", "2026-08", "みほん医院")]);
    let archive = zip(&[("a.csv", &one)]);
    let (nested, document) = (zip(&[("b.zip", &archive)]), zip(&[("b.pdf", b"%PDF-1.7\n")]));
    let many: Vec<_> = (0..301).map(|number| (format!("{number}.csv"), format!("{number}"))).collect();
    let many: Vec<_> = many.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    let refusals: [(&str, Vec<Sent<'_>>, &str); 8] = [
        ("register", vec![("a.csv", b"x,1"), ("b.csv", b"x,2")], "1つずつ送ってください"),
        ("expenses", vec![("a.csv", &one), ("set.zip", &archive)], "ZIPは、ほかのファイルと一緒には送れません"),
        ("expenses", vec![("a.csv", &one), ("b.pdf", b"%PDF-1.7\n")], "「b.pdf」: PDFのファイルです"),
        ("expenses", vec![("a.csv", &one), ("b.csv", &one)], "「a.csv」と「b.csv」は、同じ内容"),
        ("expenses", vec![("a.zip", &nested)], "ZIPの中の「b.zip」: 圧縮ファイルの中の圧縮ファイル"),
        ("expenses", vec![("a.zip", &document)], "ZIPの中の「b.pdf」: PDF"),
        ("expenses", vec![("a.zip", &archive[..archive.len() - 9])], "読み取れません"),
        ("expenses", many, "ファイルが多すぎます"),
    ];
    for (kind, files, words) in refusals {
        let answer = send(&mut staff, kind, &files).await;
        let told = answer.first(".error-summary");
        assert!(answer.status == 200 && told.contains(words), "{words}: {told}");
        assert_eq!(files_in(&portal), 0, "{words}");
    }
    // One of several that has no good header: nothing of the others is taken.
    let files: [Sent<'_>; 2] = [("a.csv", &one), ("b.csv", "保険者番号,記号\r\n06139034,1\r\n".as_bytes())];
    let answer = send(&mut staff, "expenses", &files).await;
    imports::work_due(&portal.app).await.unwrap();
    let page = staff.get(answer.location()).await;
    assert_eq!(page.first("h1"), "読み取れないファイルです");
    assert!(page.first("main").contains("b.csv 1行目: 必要な列がありません"), "{}", page.first("main"));
    let small = Portal::demo_with(engine, &[("YUI_UPLOAD_LIMIT", "1")]).await;
    let mut staff = small.staff("minato", "kyufu").await;
    let row = row("L", "2026-08", "医院");
    let half = csv(&vec![row.clone(); (600 << 10) / row.len()]);
    let other = csv(&vec![row.clone(); (601 << 10) / row.len()]);
    for files in [
        vec![("a.csv", &half[..]), ("b.csv", &other)],
        vec![("a.zip", &zip(&[("a.csv", &half), ("b.csv", &other)])[..])],
    ] {
        let told = send(&mut staff, "expenses", &files).await.first(".error-summary");
        assert!(told.contains("1 MBまでです"), "{told}");
        assert_eq!(files_in(&small), 0);
    }
}

#[portal_test]
async fn an_import_of_several_files_goes_on_in_the_middle_of_them(engine: Engine) {
    const MANY: usize = 12_000;
    let portal = Portal::demo(engine).await;
    let scope = portal.scope("minato").await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let rows =
        |file: &str| (0..MANY).map(|at| row(&format!("{file}{at}"), "2026-08", "みほん医院")).collect::<Vec<_>>();
    let mut second = csv(&rows("B"));
    second.extend("壊れた行\r\n".bytes());
    let files: [Sent<'_>; 2] = [("a.csv", &csv(&rows("A"))), ("b.csv", &second)];
    let path = send(&mut staff, "expenses", &files).await.location().to_owned();
    imports::work_due(&portal.app).await.unwrap();
    staff.post(&format!("{path}/apply"), "").await;
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let upload = async || imports::upload_of(&portal.app, &scope, id).await.unwrap().unwrap();
    let working = tokio::spawn({
        let app = portal.app.clone();
        async move { imports::work_due(&app).await }
    });
    while upload().await.batch_id.is_none() {
        tokio::task::yield_now().await;
    }
    working.abort();
    // It may have come to its end before that.
    drop(working.await);
    portal.app.clock.advance(31);
    imports::work_due(&portal.app).await.unwrap();
    assert_eq!(upload().await.state, UploadState::Applied);
    let batch = imports::batches(&portal.app, &scope).await.unwrap().pop().unwrap();
    let many = i64::try_from(MANY).unwrap();
    assert_eq!((batch.position, batch.accepted, batch.rejected), (2 * many + 1, 2 * many, 1));
    let faults = imports::faults(&portal.app, &scope, batch.batch_id).await.unwrap();
    let line = u64::try_from(MANY).unwrap() + 2;
    assert_eq!(faults.iter().map(|fault| (fault.file.as_str(), fault.line)).collect::<Vec<_>>(), [("b.csv", line)]);
}
