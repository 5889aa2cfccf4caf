//! 異議申出 and 情報非開示: nothing of the person is left anywhere on the household's side, and all is back afterwards.

use crate::{
    members::found,
    support::{Browser, Portal, encode, text_of},
};

/// Everything the household can look at or take away that tells of expenses.
const PAGES: [&str; 8] = [
    "/",
    "/expenses",
    "/expenses/statement?month=2025-01",
    "/expenses/statement?year=2025",
    "/expenses/statement?from=2025-01&to=2025-12&member=HANAKO",
    "/expenses/statement?from=2025-13&to=",
    "/deduction/2025",
    "/deduction/2025/notice.xml",
];

const HIDDEN: &str = "一部のご家族の医療費は表示していません";

async fn taken(member: &mut Browser, hanako: i64) -> Vec<String> {
    let mut all = Vec::new();
    for path in PAGES {
        all.push(member.get(&path.replace("HANAKO", &hanako.to_string())).await.text());
    }
    let pdf = member.get("/expenses/statement.pdf?month=2025-01").await;
    all.push(text_of(&pdf.bytes));
    all
}

#[tokio::test]
async fn nothing_of_a_flagged_person_is_left_anywhere_and_all_comes_back() {
    for portal in Portal::demos().await {
        let mut member = portal.signed_in("minato", "testtaro01").await;
        let mut staff = portal.staff("minato", "madoguchi").await;
        let (taro, hanako) = (found(&mut staff, "testtaro01").await, found(&mut staff, "800-1234-01").await);
        let person = format!("/console/members/{hanako}");
        let before = taken(&mut member, hanako).await;
        assert!(before[2].contains("テスト ハナコ") && before[8].contains("テスト ハナコ"));
        let sheet = member.get("/deduction/2025/worksheet.xlsx").await.bytes;
        for (kind, label) in [("objection", "異議申出"), ("non-disclosure", "情報非開示")] {
            let path = format!("{person}/{kind}");
            assert_eq!(
                staff.post(&path, "").await.all(".error-summary li").len(),
                2,
                "a reason and who was made sure of"
            );
            let typed = format!("reason={}&identity={}", encode("本人の申出"), encode("来所、身分証"));
            assert_eq!(staff.post(&path, &typed).await.location(), format!("{person}?done=flag-set"));
            let page = staff.get(&person).await;
            assert!(page.first("h1").contains(label) && page.text().contains("本人の申出（本人確認: 来所、身分証）"));

            let now = taken(&mut member, hanako).await;
            for (path, text) in PAGES.iter().chain(&["pdf"]).zip(&now) {
                for of_hanako in ["ハナコ", "3,420", "<PAID>3420", "11,400"] {
                    assert!(!text.contains(of_hanako), "{kind} {path}: {of_hanako}");
                }
                let told = !path.ends_with(".xml");
                assert_eq!(text.replace('\n', "").contains(HIDDEN), told, "{kind} {path}: {text}");
            }
            let statement = member.get("/expenses/statement?month=2025-01").await;
            assert_eq!(statement.first(".amount"), "300 円");
            assert_eq!(statement.all("select option"), ["家族全員", "テスト タロウ"]);
            assert_eq!(member.get(&format!("/deduction/2025/portal.csv?member={hanako}")).await.status, 404);
            assert_eq!(member.get(&format!("/deduction/2025/portal.csv?member={taro}")).await.status, 200);
            let short = member.get("/deduction/2025/worksheet.xlsx").await.bytes;
            assert!(short.len() < sheet.len(), "{} {}", short.len(), sheet.len());

            // Whom it concerns is told nothing, and nobody who may not do it can.
            assert_eq!(staff.post(&path, &typed).await.location(), format!("{person}?done=changed"));
            let end = format!("{person}/{kind}-end");
            assert_eq!(portal.staff("minato", "kyufu").await.post(&end, &typed).await.status, 403);
            assert_eq!(staff.post(&end, &typed).await.location(), format!("{person}?done=flag-ended"));
            assert_eq!(taken(&mut member, hanako).await, before, "{kind}: all is back");
        }
        // Both at once: one alone still hides.
        let typed = "reason=x&identity=y";
        for act in ["objection", "non-disclosure", "objection-end"] {
            assert_eq!(staff.post(&format!("{person}/{act}"), typed).await.status, 303);
        }
        assert!(!member.get("/expenses/statement?month=2025-01").await.text().contains("ハナコ"));
        // Whoever helps the household sees it beside the name, wherever that stands.
        let relative = staff.get(&format!("/console/members/{taro}")).await.all("#household ~ .scroll tbody tr");
        assert!(relative.iter().any(|row| row.contains("ハナコ") && row.contains("情報非開示")), "{relative:?}");
        let found = staff.look_for("/console/members", &format!("q={}", encode("テストハナコ"))).await.all("tbody th");
        assert!(found[0].contains("情報非開示"), "{found:?}");
        let history = staff.get(&person).await.all("#flags ~ .scroll tbody tr");
        assert_eq!(history.len(), 4, "{history:?}");
        assert!(portal.mails().await.iter().all(|mail| !mail.to_string().contains("ハナコ")));
        let mut admin = portal.staff("minato", "kanri").await;
        assert_eq!(admin.look_for("/console/audit", "act=member.flag_set").await.all("tbody tr").len(), 4);
        assert_eq!(admin.look_for("/console/audit", "act=member.flag_ended").await.all("tbody tr").len(), 3);
        // Another society's person of the same number is another person.
        let mut elsewhere = portal.signed_in("fumitsuki", "testtaro01").await;
        assert!(elsewhere.get("/expenses/statement?month=2025-01").await.text().contains("テスト ハナコ"));
    }
}
