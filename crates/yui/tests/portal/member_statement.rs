//! A month's statement of a member, opened by staff: the same lines, for a reason, and nothing else.

use portal_test::portal_test;
use yui::{
    core::society::{InSociety, Service},
    features::imports::Options,
};
use yui_db::Engine;

use crate::{
    members::found,
    support::{Answer, EXPENSE_HEADER, Portal, encode},
};

/// minato's insurer number in the demo.
const INSURER: &str = "06139034";

const PLAIN: Options = Options { dry_run: false, all_or_nothing: false, confirmed: true };

fn typed(month: &str) -> String {
    format!("month={month}&reason={}&identity={}", encode("自己負担額の問い合わせ"), encode("電話、生年月日"))
}

fn lines(page: &Answer) -> [Vec<String>; 2] {
    [page.all(".table-wide tbody tr"), page.all(".table-wide tfoot td")]
}

#[portal_test]
async fn staff_see_what_the_member_sees_and_it_is_written_down(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut member = portal.signed_in("minato", "testtaro01").await;
    let mut staff = portal.staff("minato", "madoguchi").await;
    let (taro, hanako) = (found(&mut staff, "testtaro01").await, found(&mut staff, "800-1234-01").await);
    let path = format!("/console/members/{taro}/statement");
    let person = staff.get(&format!("/console/members/{taro}")).await;
    assert_eq!(person.attribute(&format!("a[href='{path}']"), "href"), path);
    let form = staff.get(&path).await;
    assert_eq!(form.first("h1"), "医療費明細の照会");
    assert!(form.all(".table-wide").is_empty(), "nothing before a reason is given");
    assert_eq!(staff.post(&path, "month=2025-01").await.all(".error-summary li").len(), 2);

    // A row that is not published yet is in neither.
    let scope = portal.scope("minato").await;
    let row = format!("U1,,{INSURER},800,1234,00,2025-01,みこうかい医院,通院,1,1000,700,0,300,\r\n");
    let file = portal.file("staged.csv", format!("{EXPENSE_HEADER}{row}"));
    portal.expenses(&scope, &file, PLAIN, &mut vec![]).await.unwrap();
    let page = staff.post(&path, &typed("2025-01")).await;
    assert_eq!(page.status, 200);
    let own = member.get("/expenses/statement?month=2025-01").await;
    assert_eq!(lines(&page), lines(&own));
    assert!(page.text().contains("テスト ハナコ") && page.first("main").contains("2025年1月の医療費明細"));
    assert!(!page.text().contains("みこうかい医院") && page.all("a[href*='.pdf'], a[href*='.csv']").is_empty());
    assert_eq!(staff.post(&path, &typed("2025-03")).await.status, 200);

    // A person hidden from the household is hidden here.
    staff.post(&format!("/console/members/{hanako}/non-disclosure"), "reason=x&identity=y").await;
    let page = staff.post(&path, &typed("2025-01")).await;
    assert_eq!(lines(&page), lines(&member.get("/expenses/statement?month=2025-01").await));
    assert!(!page.first("main").contains("ハナコ"), "{}", page.first("main"));

    let entries = staff.get(&format!("/console/members/{taro}")).await.all("#entries ~ .scroll tbody tr");
    let said = "医療費明細を照会 2025/01診療分: 自己負担額の問い合わせ（本人確認: 電話、生年月日）";
    assert_eq!(entries.iter().filter(|entry| entry.contains(said)).count(), 2, "{entries:?}");
    let mut admin = portal.staff("minato", "kanri").await;
    let log = admin.look_for("/console/audit", "act=member.statement_viewed").await.all("tbody tr");
    assert_eq!(log.len(), 3);
    assert!(log.iter().all(|line| line.contains("テスト タロウ") && !line.contains("クリニック")), "{log:?}");
    assert_eq!(admin.post(&path, &typed("2025-01")).await.status, 200, "管理者 may as well");
}

#[portal_test]
async fn nobody_else_sees_it_and_nothing_beyond_what_the_member_sees(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut staff = portal.staff("minato", "madoguchi").await;
    let (taro, hanako) = (found(&mut staff, "testtaro01").await, found(&mut staff, "800-1234-01").await);
    let path = format!("/console/members/{taro}/statement");
    for user in ["kyufu", "etsuran"] {
        let mut other = portal.staff("minato", user).await;
        assert_eq!(other.get(&path).await.status, 403, "{user}");
        assert_eq!(other.post(&path, &typed("2025-01")).await.status, 403, "{user}");
        assert!(!other.get(&format!("/console/members/{taro}")).await.text().contains("医療費明細の照会"));
    }
    // The member's window: five whole years and this one, as far as it has come. It is 2026-11.
    for (month, status) in [("2021-01", true), ("2020-12", false), ("2026-12", false), ("", false), ("x", false)] {
        let page = staff.post(&path, &typed(month)).await;
        let refused = page.all(".error-summary li");
        assert_eq!(refused.is_empty(), status, "{month}: {refused:?}");
        assert!(status || refused[0].contains("2021年1月から2026年11月まで"), "{month}: {refused:?}");
    }
    // Without an account there is nothing to see, for staff either.
    let temporary = found(&mut staff, "kari000003").await;
    for id in [hanako, temporary] {
        let path = format!("/console/members/{id}/statement");
        let changed = format!("/console/members/{id}?done=changed");
        assert_eq!(staff.get(&path).await.location(), changed);
        assert_eq!(staff.post(&path, &typed("2025-01")).await.location(), changed);
    }
    assert_eq!(staff.post("/console/members/9999/statement", &typed("2025-01")).await.status, 404);

    // The same number at another society is another person, in the log of that society.
    let mut elsewhere = portal.staff("fumitsuki", "madoguchi").await;
    let theirs = found(&mut elsewhere, "testtaro01").await;
    assert_eq!(elsewhere.post(&format!("/console/members/{theirs}/statement"), &typed("2025-01")).await.status, 200);
    let mut admin = portal.staff("minato", "kanri").await;
    assert_eq!(admin.look_for("/console/audit", "act=member.statement_viewed").await.all("tbody tr").len(), 1);

    // An old proof asks again; what was typed comes back on the page.
    assert!(portal.app.clock.advance(21 * 60));
    let asks = staff.post(&path, &typed("2025-01")).await;
    assert!(asks.location().starts_with("/console/confirm"), "{}", asks.location());

    // A society that shows no expenses shows none to staff.
    let mut policy = portal.scope("minato").await.society().policy.clone();
    policy.services.retain(|service| *service != Service::Expenses);
    portal.set_policy("minato", &policy).await;
    let mut staff = portal.staff("minato", "madoguchi").await;
    let changed = format!("/console/members/{taro}?done=changed");
    assert_eq!(staff.post(&path, &typed("2025-01")).await.location(), changed);

    let mut stopped = portal.staff("fumitsuki", "madoguchi").await;
    stopped.post(&format!("/console/members/{theirs}/stop"), "reason=x&identity=y").await;
    let changed = format!("/console/members/{theirs}?done=changed");
    assert_eq!(stopped.get(&format!("/console/members/{theirs}/statement")).await.location(), changed);
}
