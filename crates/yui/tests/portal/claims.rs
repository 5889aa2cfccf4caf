//! Electronic claim files become expenses of the right people.

use std::{collections::BTreeSet, path::PathBuf};

use kenpo_formats::claims::ClaimFile;
use portal_test::portal_test;
use yui::{
    core::{scope::SystemScope, society::Preset},
    features::imports::{self, Format, Options, Outcome, Source},
};
use yui_db::Engine;

use crate::{
    console_imports::checked,
    support::{Portal, register_csv},
};

const INSURER: &str = "06139018";

/// A made-up outpatient claim of テスト ハナコ and one that is paid from public funds alone.
pub(crate) fn claims() -> Vec<u8> {
    let mut hanako = vec![""; 38];
    (hanako[0], hanako[1], hanako[2], hanako[3], hanako[4]) = ("RE", "1", "1116", "202501", "テスト　花子");
    (hanako[5], hanako[6], hanako[36]) = ("2", "19810303", "テストハナコ");
    let mut nobody = hanako.clone();
    (nobody[1], nobody[2]) = ("2", "1212");
    let text = format!(
        "IR,1,13,1,9900013,,さんぷる医院,202502,00,\r\n{}\r\nHO,{INSURER},８００,１２３４,2,1140,,,,,,,,,\r\n{}\r\nKO,12136018,1234567,,1,300,,,,,,\r\nGO,2,1440,99\r\n",
        hanako.join(","),
        nobody.join(",")
    );
    encoding_rs::SHIFT_JIS.encode(&text).0.into_owned()
}

#[portal_test]
async fn a_claim_becomes_its_patients_expense_and_the_rest_is_listed(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    portal.register(&scope, &portal.file("r.csv", register_csv(INSURER)), Options::default()).await.unwrap();
    let source = portal.file("RECEIPTC.UKE", claims());
    assert_eq!(source.format, Format::Claims, "told by its first record");
    let mut told = Vec::new();
    let report = portal.expenses(&scope, &source, Options::default(), &mut told).await.unwrap();
    assert_eq!((report.accepted, report.unmatched, report.rejected), (1, 1, 0), "{told:?}");
    assert!(told[0].contains("公費単独"), "{told:?}");
    imports::publish(&portal.app, &scope, report.batch_id.unwrap()).await.unwrap();
    let page = portal.member_of(&scope, "800", "1234").await.get("/expenses/statement?month=2025-01").await;
    let row = page.all("tbody td");
    assert_eq!(row[..7], ["2025/01", "テスト ハナコ", "さんぷる医院 通院／2日", "11,400", "7,980", "0", "3,420"]);
    assert!(page.text().contains("法令の負担割合から計算しています"), "the share is marked as worked out");
}

/// Returns the public sample where it lies beside the checkout.
fn sample() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "tests are told by the environment where shared files are")]
    let told = std::env::var("YUI_TEST_SHARED").ok().map(PathBuf::from);
    let beside = PathBuf::from("../../../shared");
    let file = told.unwrap_or(beside).join("data/claims/RECEIPTC_GAIRAI_SAMPLE.UKE");
    file.is_file().then_some(file)
}

#[portal_test]
async fn the_public_sample_imports_for_a_register_that_holds_its_people(engine: Engine) {
    let Some(path) = sample() else {
        println!("skipped: the public sample of claims does not lie beside this checkout");
        return;
    };
    let portal = Portal::new(engine, true).await;
    let source = Source::examine(&path, None).unwrap();
    let all: Vec<_> = ClaimFile::open(source.open().unwrap()).unwrap().map(|claim| claim.unwrap()).collect();
    assert_eq!(all.len(), 75);
    let own: Vec<_> = all
        .iter()
        .filter(|claim| claim.coverage.as_ref().is_some_and(|held| held.insurer_number == "01010016"))
        .collect();
    // One of its invented people is born after the month of care: nobody was covered then.
    let unborn = own.iter().filter(|claim| claim.birth_date > claim.treatment_month.last_day()).count();
    // The register: everybody the claims of this insurer are about.
    let (mut rows, mut people, mut insured) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for claim in &own {
        let held = claim.coverage.as_ref().unwrap();
        let sex = if claim.sex == kenpo_formats::Sex::Male { "男" } else { "女" };
        let numbers = format!("{},{}", held.symbol, held.number);
        let kana = claim.kana.clone().unwrap_or_else(|| claim.name.clone());
        let person = format!("{},{kana},{sex},{}", claim.name, claim.birth_date);
        if people.insert((numbers.clone(), person.clone())) {
            // Some of them have the same number: one of these is the insured person.
            let relationship = if insured.insert(numbers.clone()) { "本人" } else { "家族" };
            rows.push(format!("01010016,{numbers},{person},{relationship},{},\r\n", claim.birth_date));
        }
    }
    let register = format!(
        "保険者番号,記号,番号,氏名,カナ氏名,性別,生年月日,続柄,資格取得日,資格喪失日\r\n{}",
        rows.into_iter().collect::<String>()
    );
    let scope = portal.society(Preset::Fumitsuki, "01010016").await;
    let report = portal.register(&scope, &portal.file("r.csv", register), Options::default()).await.unwrap();
    let wrong = imports::faults(&portal.app, &scope, report.batch_id.unwrap()).await.unwrap();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let mut told = Vec::new();
    // It states 140 claims and has 75.
    let confirmed = Options { confirmed: true, ..Options::default() };
    let report = portal.expenses(&scope, &source, confirmed, &mut told).await.unwrap();
    assert_eq!(report.outcome, Outcome::Done);
    assert_eq!(report.accepted + report.unmatched + report.rejected, 75, "every claim is taken or listed");
    assert_eq!(report.accepted, i64::try_from(own.len() - unborn).unwrap(), "{told:#?}");
    assert_eq!(report.rejected, 0);
    imports::publish(&portal.app, &scope, report.batch_id.unwrap()).await.unwrap();
}

/// Formats findings D11 and D13: a file that is cut off, or that states other totals than it has, waits until somebody confirms it.
#[portal_test]
async fn a_file_that_may_not_be_whole_has_to_be_confirmed(engine: Engine) {
    let whole = "IR,1,13,1,9900013,,みほん医院,202503,00,\r\n\
        RE,1,1112,202501,テスト タロウ,1,19790822,,,,,,,,,,,,\r\nHO,06139034,800,1234,2,1234,,,,,,,,,\r\n";
    let second = "RE,2,1112,202501,TEST TARO,1,19790822,,,,,,,,,,,,\r\nHO,06139034,800,12";
    for (name, end, why) in [
        ("cut.UKE", second, "途中で終わっています"),
        ("other.UKE", "GO,140,86392,99\r\n", "140件・86392点ですが、読み取れたのは1件・1234点です"),
        ("right.UKE", "GO,1,1234,99\r\n", ""),
    ] {
        let portal = Portal::demo(engine).await;
        let mut staff = portal.staff("minato", "kyufu").await;
        let (bytes, _, _) = encoding_rs::SHIFT_JIS.encode(whole);
        let file = [&bytes[..], end.as_bytes()].concat();
        let upload = checked(&portal, &mut staff, "expenses", name, &file).await;
        let page = staff.get(&upload).await.text();
        assert_eq!(page.contains("取り込む前に確かめてください"), !why.is_empty(), "{name}: {page}");
        assert!(page.contains(why), "{name}: {page}");
        if !why.is_empty() {
            let refused = staff.post(&format!("{upload}/apply"), "").await;
            assert!(refused.text().contains("チェックを入れてください"), "{name}: {}", refused.text());
            imports::work_due(&portal.app).await.unwrap();
            assert!(!staff.get(&upload).await.text().contains("取込を指示"), "nothing happened");
        }
        let taken = staff.post(&format!("{upload}/apply"), "confirmed=yes").await;
        assert_eq!(taken.status, 303);
        imports::work_due(&portal.app).await.unwrap();

        // The command line says so by its exit code.
        let scope = SystemScope::of_society(&portal.app, "minato").await.unwrap();
        let path = portal.file(&format!("again-{name}"), [&file[..], b"\r\n"].concat()).path;
        let source = Source::examine(&path, None).unwrap();
        let plain = Options::default();
        let result = portal.expenses(&scope, &source, plain, &mut vec![]).await;
        assert_eq!(result.is_err_and(|error| error.is::<imports::Unconfirmed>()), !why.is_empty(), "{name}");
    }
}
