//! Authorisation: every route as a stranger, as a member, as a member of another household and of another society.

use axum::http::Method;
use portal_test::portal_test;
use yui_db::Engine;

use crate::support::{Browser, Portal};

/// The expected answer of a route. A route that is not in the table fails the test.
struct Expected {
    method: Method,
    path: &'static str,
    /// An address of the route, with what it needs.
    address: &'static str,
    stranger: Access,
}

/// The access of a stranger.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Access {
    /// The page: nothing of any household is on it.
    Open,
    /// The way to the login page.
    Login,
    /// The way to the first page.
    Top,
}

fn table() -> Vec<Expected> {
    use Access::{Login, Open, Top};
    let line = |method, path, address, stranger| Expected { method, path, address, stranger };
    vec![
        line(Method::GET, "/", "/", Open),
        line(Method::GET, "/healthz", "/healthz", Open),
        line(Method::GET, "/readyz", "/readyz", Open),
        line(Method::GET, "/assets/{name}", "/assets/nothing.css", Open),
        line(Method::GET, "/language", "/language?to=ja", Open),
        line(Method::GET, "/brand/{file}", "/brand/1.css", Open),
        line(Method::GET, "/login", "/login", Open),
        line(Method::POST, "/login", "/login", Open),
        line(Method::GET, "/unsubscribe/{token}", "/unsubscribe/AAAA", Open),
        line(Method::POST, "/unsubscribe/{token}", "/unsubscribe/AAAA", Open),
        line(Method::GET, "/logout", "/logout", Login),
        line(Method::POST, "/logout", "/logout", Login),
        line(Method::POST, "/login/passkey/begin", "/login/passkey/begin", Open),
        line(Method::POST, "/login/passkey/finish", "/login/passkey/finish", Open),
        line(Method::GET, "/login/continue", "/login/continue", Login),
        line(Method::GET, "/login/refused", "/login/refused", Login),
        line(Method::POST, "/login/give-up", "/login/give-up", Top),
        line(Method::GET, "/login/factor", "/login/factor", Login),
        line(Method::POST, "/login/factor/app", "/login/factor/app", Login),
        line(Method::POST, "/login/factor/email", "/login/factor/email", Login),
        line(Method::POST, "/login/factor/email/again", "/login/factor/email/again", Login),
        line(Method::POST, "/login/factor/recovery", "/login/factor/recovery", Login),
        line(Method::POST, "/login/factor/passkey/begin", "/login/factor/passkey/begin", Login),
        line(Method::POST, "/login/factor/passkey/finish", "/login/factor/passkey/finish", Login),
        line(Method::GET, "/login/terms", "/login/terms", Login),
        line(Method::POST, "/login/terms", "/login/terms", Login),
        line(Method::GET, "/login/password", "/login/password", Login),
        line(Method::POST, "/login/password", "/login/password", Login),
        line(Method::POST, "/password/strength", "/password/strength", Open),
        line(Method::GET, "/confirm", "/confirm", Login),
        line(Method::POST, "/confirm", "/confirm", Login),
        line(Method::POST, "/confirm/passkey/begin", "/confirm/passkey/begin", Login),
        line(Method::POST, "/confirm/passkey/finish", "/confirm/passkey/finish", Login),
        line(Method::GET, "/forgotten/password", "/forgotten/password", Open),
        line(Method::POST, "/forgotten/password", "/forgotten/password", Open),
        line(Method::GET, "/forgotten/user-id", "/forgotten/user-id", Open),
        line(Method::POST, "/forgotten/user-id", "/forgotten/user-id", Open),
        line(Method::GET, "/link/email/{token}", "/link/email/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", Open),
        line(Method::POST, "/link/email/{token}", "/link/email/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", Open),
        line(Method::GET, "/link/password/{token}", "/link/password/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", Open),
        line(
            Method::POST,
            "/link/password/{token}",
            "/link/password/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            Open,
        ),
        line(Method::GET, "/link/first/{token}", "/link/first/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", Open),
        line(Method::POST, "/link/first/{token}", "/link/first/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", Open),
        line(Method::GET, "/.well-known/change-password", "/.well-known/change-password", Open),
        line(Method::GET, "/.well-known/passkey-endpoints", "/.well-known/passkey-endpoints", Open),
        line(Method::GET, "/enrolment/birth-date", "/enrolment/birth-date", Login),
        line(Method::POST, "/enrolment/birth-date", "/enrolment/birth-date", Login),
        line(Method::GET, "/enrolment/email", "/enrolment/email", Login),
        line(Method::POST, "/enrolment/email", "/enrolment/email", Login),
        line(Method::GET, "/enrolment/email/sent", "/enrolment/email/sent", Login),
        line(Method::GET, "/enrolment/email/status", "/enrolment/email/status", Open),
        line(Method::POST, "/enrolment/email/again", "/enrolment/email/again", Login),
        line(Method::POST, "/enrolment/email/change", "/enrolment/email/change", Login),
        line(Method::GET, "/enrolment/user-id", "/enrolment/user-id", Login),
        line(Method::POST, "/enrolment/user-id", "/enrolment/user-id", Login),
        line(Method::GET, "/enrolment/identity", "/enrolment/identity", Login),
        line(Method::POST, "/enrolment/identity", "/enrolment/identity", Login),
        line(Method::GET, "/enrolment/details", "/enrolment/details", Login),
        line(Method::POST, "/enrolment/details", "/enrolment/details", Login),
        line(Method::GET, "/enrolment/check", "/enrolment/check", Login),
        line(Method::POST, "/enrolment/check", "/enrolment/check", Login),
        line(Method::POST, "/enrolment/check/back", "/enrolment/check/back", Login),
        line(Method::GET, "/enrolment/done", "/enrolment/done", Login),
        line(Method::GET, "/factors", "/factors", Login),
        line(Method::POST, "/factors/later", "/factors/later", Login),
        line(Method::GET, "/factors/app", "/factors/app", Login),
        line(Method::POST, "/factors/app", "/factors/app", Login),
        line(
            Method::GET,
            "/factors/app/qr/{question}",
            "/factors/app/qr/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            Login,
        ),
        line(Method::GET, "/factors/email", "/factors/email", Login),
        line(Method::POST, "/factors/email/send", "/factors/email/send", Login),
        line(Method::POST, "/factors/email", "/factors/email", Login),
        line(Method::GET, "/factors/passkey", "/factors/passkey", Login),
        line(Method::POST, "/factors/passkey/begin", "/factors/passkey/begin", Login),
        line(Method::POST, "/factors/passkey/finish", "/factors/passkey/finish", Login),
        line(Method::GET, "/settings", "/settings", Login),
        line(Method::POST, "/settings", "/settings", Login),
        line(Method::GET, "/settings/login", "/settings/login", Login),
        line(Method::GET, "/settings/sessions", "/settings/sessions", Login),
        line(Method::POST, "/settings/sessions/end", "/settings/sessions/end", Login),
        line(Method::POST, "/settings/sessions/end-others", "/settings/sessions/end-others", Login),
        line(Method::GET, "/settings/user-id", "/settings/user-id", Login),
        line(Method::POST, "/settings/user-id", "/settings/user-id", Login),
        line(Method::GET, "/settings/email", "/settings/email", Login),
        line(Method::POST, "/settings/email", "/settings/email", Login),
        line(Method::GET, "/settings/password", "/settings/password", Login),
        line(Method::POST, "/settings/password", "/settings/password", Login),
        line(Method::GET, "/settings/factors/{id}/delete", "/settings/factors/1/delete", Login),
        line(Method::POST, "/settings/factors/{id}/delete", "/settings/factors/1/delete", Login),
        line(Method::GET, "/settings/factors/{id}/rename", "/settings/factors/1/rename", Login),
        line(Method::POST, "/settings/factors/{id}/rename", "/settings/factors/1/rename", Login),
        line(Method::GET, "/settings/recovery-codes", "/settings/recovery-codes", Login),
        line(Method::POST, "/settings/recovery-codes", "/settings/recovery-codes", Login),
        line(Method::GET, "/expenses", "/expenses", Login),
        line(Method::GET, "/expenses/statement", "/expenses/statement?month=2025-01", Login),
        line(Method::GET, "/expenses/statement.pdf", "/expenses/statement.pdf?month=2025-01", Login),
        line(Method::GET, "/deduction", "/deduction", Login),
        line(Method::GET, "/deduction/{year}", "/deduction/2025", Login),
        line(Method::GET, "/deduction/{year}/notice.xml", "/deduction/2025/notice.xml", Login),
        line(Method::GET, "/deduction/{year}/portal.csv", "/deduction/2025/portal.csv?member=1", Login),
        line(Method::GET, "/deduction/{year}/worksheet.xlsx", "/deduction/2025/worksheet.xlsx", Login),
    ]
}

/// The console: the right that each route requires, and an address of it.
fn console() -> Vec<(Method, &'static str, &'static str, Wants)> {
    use Wants::{Nobody, Right};
    use yui::core::role::Right::{Data, Help, Look, Manage};
    let get = |path, address, wants| (Method::GET, path, address, wants);
    let post = |path, address, wants| (Method::POST, path, address, wants);
    vec![
        get("/console", "/console", Right(Look)),
        post("/console/figures", "/console/figures", Right(Look)),
        get("/console/members", "/console/members", Right(Look)),
        post("/console/members", "/console/members", Right(Look)),
        get("/console/members/{id}", "/console/members/1", Right(Look)),
        get("/console/members/{id}/unlock", "/console/members/1/unlock", Right(Help)),
        post("/console/members/{id}/unlock", "/console/members/9999/unlock", Right(Help)),
        get("/console/members/{id}/sign-out", "/console/members/1/sign-out", Right(Help)),
        post("/console/members/{id}/sign-out", "/console/members/9999/sign-out", Right(Help)),
        get("/console/members/{id}/factors", "/console/members/1/factors", Right(Help)),
        post("/console/members/{id}/factors", "/console/members/9999/factors", Right(Help)),
        get("/console/members/{id}/pair", "/console/members/1/pair", Right(Data)),
        post("/console/members/{id}/pair", "/console/members/9999/pair", Right(Data)),
        get("/console/members/{id}/user-id", "/console/members/1/user-id", Right(Help)),
        post("/console/members/{id}/user-id", "/console/members/9999/user-id", Right(Help)),
        get("/console/members/{id}/stop", "/console/members/1/stop", Right(Help)),
        post("/console/members/{id}/stop", "/console/members/9999/stop", Right(Help)),
        get("/console/members/{id}/resume", "/console/members/1/resume", Right(Help)),
        post("/console/members/{id}/resume", "/console/members/9999/resume", Right(Help)),
        get("/console/members/{id}/certificate", "/console/members/1/certificate", Right(Help)),
        post("/console/members/{id}/certificate", "/console/members/9999/certificate", Right(Help)),
        get("/console/members/{id}/statement", "/console/members/1/statement", Right(Help)),
        post("/console/members/{id}/statement", "/console/members/9999/statement", Right(Help)),
        get("/console/members/{id}/objection", "/console/members/1/objection", Right(Help)),
        post("/console/members/{id}/objection", "/console/members/9999/objection", Right(Help)),
        get("/console/members/{id}/objection-end", "/console/members/1/objection-end", Right(Help)),
        post("/console/members/{id}/objection-end", "/console/members/9999/objection-end", Right(Help)),
        get("/console/members/{id}/non-disclosure", "/console/members/1/non-disclosure", Right(Help)),
        post("/console/members/{id}/non-disclosure", "/console/members/9999/non-disclosure", Right(Help)),
        get("/console/members/{id}/non-disclosure-end", "/console/members/1/non-disclosure-end", Right(Help)),
        post("/console/members/{id}/non-disclosure-end", "/console/members/9999/non-disclosure-end", Right(Help)),
        get("/console/login", "/console/login", Nobody),
        post("/console/login", "/console/login", Nobody),
        get("/console/login/factor", "/console/login/factor", Nobody),
        post("/console/login/factor/app", "/console/login/factor/app", Nobody),
        post("/console/login/factor/passkey/begin", "/console/login/factor/passkey/begin", Nobody),
        post("/console/login/factor/passkey/finish", "/console/login/factor/passkey/finish", Nobody),
        get("/console/invitation/{token}", "/console/invitation/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", Nobody),
        post("/console/invitation/{token}", "/console/invitation/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", Nobody),
        get("/console/register", "/console/register", Nobody),
        get("/console/register/qr/{question}", "/console/register/qr/AAAA", Nobody),
        post("/console/register/app", "/console/register/app", Nobody),
        post("/console/register/passkey/begin", "/console/register/passkey/begin", Nobody),
        post("/console/register/passkey/finish", "/console/register/passkey/finish", Nobody),
        post("/console/logout", "/console/logout", Right(Look)),
        get("/console/confirm", "/console/confirm", Right(Look)),
        post("/console/confirm", "/console/confirm", Right(Look)),
        post("/console/confirm/passkey/begin", "/console/confirm/passkey/begin", Right(Look)),
        post("/console/confirm/passkey/finish", "/console/confirm/passkey/finish", Right(Look)),
        get("/console/me", "/console/me", Right(Look)),
        post("/console/me/factors/{id}/delete", "/console/me/factors/99/delete", Right(Look)),
        post("/console/me/password", "/console/me/password", Right(Look)),
        post("/console/me/sign-out-others", "/console/me/sign-out-others", Right(Look)),
        get("/console/staff", "/console/staff", Right(Manage)),
        get("/console/staff/new", "/console/staff/new", Right(Manage)),
        post("/console/staff/new", "/console/staff/new", Right(Manage)),
        get("/console/staff/{id}", "/console/staff/1", Right(Manage)),
        post("/console/staff/{id}", "/console/staff/1", Right(Manage)),
        post("/console/staff/{id}/stop", "/console/staff/99/stop", Right(Manage)),
        post("/console/staff/{id}/unlock", "/console/staff/99/unlock", Right(Manage)),
        post("/console/staff/{id}/invite-again", "/console/staff/99/invite-again", Right(Manage)),
        get("/console/imports", "/console/imports", Right(Look)),
        get("/console/imports/help", "/console/imports/help", Right(Look)),
        get("/console/imports/template/{kind}", "/console/imports/template/expenses", Right(Look)),
        get("/console/imports/new", "/console/imports/new", Right(Data)),
        post("/console/imports/new", "/console/imports/new", Right(Data)),
        get("/console/imports/profiles", "/console/imports/profiles", Right(Data)),
        get("/console/imports/profiles/new", "/console/imports/profiles/new", Right(Data)),
        post("/console/imports/profiles/new", "/console/imports/profiles/new", Right(Data)),
        get("/console/imports/profiles/{id}", "/console/imports/profiles/99", Right(Data)),
        post("/console/imports/profiles/{id}", "/console/imports/profiles/99", Right(Data)),
        post("/console/imports/profiles/{id}/delete", "/console/imports/profiles/99/delete", Right(Data)),
        get("/console/imports/uploads/{id}", "/console/imports/uploads/99", Right(Data)),
        get("/console/imports/uploads/{id}/progress", "/console/imports/uploads/99/progress", Right(Data)),
        get("/console/imports/uploads/{id}/faults.csv", "/console/imports/uploads/99/faults.csv", Right(Data)),
        get("/console/imports/uploads/{id}/changes.csv", "/console/imports/uploads/99/changes.csv", Right(Data)),
        post("/console/imports/uploads/{id}/apply", "/console/imports/uploads/99/apply", Right(Data)),
        post("/console/imports/uploads/{id}/drop", "/console/imports/uploads/99/drop", Right(Data)),
        post("/console/imports/uploads/{id}/resume", "/console/imports/uploads/99/resume", Right(Data)),
        get("/console/imports/unmatched", "/console/imports/unmatched", Right(Data)),
        post("/console/imports/unmatched/refuse", "/console/imports/unmatched/refuse", Right(Data)),
        post("/console/imports/unmatched/{id}/assign", "/console/imports/unmatched/99/assign", Right(Data)),
        post("/console/imports/unmatched/{id}/refuse", "/console/imports/unmatched/99/refuse", Right(Data)),
        post("/console/imports/unmatched/{id}/again", "/console/imports/unmatched/99/again", Right(Data)),
        get("/console/imports/{id}/claims", "/console/imports/99/claims", Right(Data)),
        post("/console/imports/{id}/claims", "/console/imports/99/claims", Right(Data)),
        get("/console/imports/{id}/claims/{key}", "/console/imports/99/claims/00", Right(Data)),
        post("/console/imports/{id}/claims/{key}/correct", "/console/imports/99/claims/00/correct", Right(Data)),
        post("/console/imports/{id}/claims/{key}/withdraw", "/console/imports/99/claims/00/withdraw", Right(Data)),
        post("/console/imports/{id}/claims/{key}/undo", "/console/imports/99/claims/00/undo", Right(Data)),
        get("/console/imports/questions", "/console/imports/questions", Right(Data)),
        post("/console/imports/questions/{id}", "/console/imports/questions/99", Right(Data)),
        post("/console/imports/questions/{id}/drop", "/console/imports/questions/99/drop", Right(Data)),
        get("/console/imports/{id}", "/console/imports/1", Right(Look)),
        get("/console/imports/{id}/notices.csv", "/console/imports/99/notices.csv", Right(Data)),
        get("/console/imports/{id}/faults.csv", "/console/imports/1/faults.csv", Right(Data)),
        get("/console/imports/{id}/publish", "/console/imports/1/publish", Right(Data)),
        post("/console/imports/{id}/publish", "/console/imports/999/publish", Right(Data)),
        post("/console/imports/{id}/publish/cancel", "/console/imports/999/publish/cancel", Right(Data)),
        get("/console/imports/{id}/withdraw", "/console/imports/1/withdraw", Right(Data)),
        post("/console/imports/{id}/withdraw", "/console/imports/999/withdraw", Right(Data)),
        get("/console/imports/{id}/withdraw/status", "/console/imports/1/withdraw/status", Right(Look)),
        get("/console/approvals", "/console/approvals", Right(Look)),
        post("/console/approvals/{id}/approve", "/console/approvals/99/approve", Right(Look)),
        post("/console/approvals/{id}/refuse", "/console/approvals/99/refuse", Right(Look)),
        get("/console/temporary-ids", "/console/temporary-ids", Right(Data)),
        post("/console/temporary-ids", "/console/temporary-ids", Right(Data)),
        get("/console/temporary-ids/{run}", "/console/temporary-ids/9", Right(Data)),
        get("/console/temporary-ids/{run}/progress", "/console/temporary-ids/9/progress", Right(Data)),
        post("/console/temporary-ids/{run}/stop", "/console/temporary-ids/9/stop", Right(Data)),
        post("/console/temporary-ids/{run}/postcards", "/console/temporary-ids/9/postcards", Right(Data)),
        post("/console/temporary-ids/{run}/list", "/console/temporary-ids/9/list", Right(Data)),
        get("/console/temporary-ids/{run}/addresses.csv", "/console/temporary-ids/9/addresses.csv", Right(Data)),
        post("/console/temporary-ids/{run}/forget", "/console/temporary-ids/9/forget", Right(Data)),
        get("/console/migration", "/console/migration", Right(Data)),
        get("/console/migration/announce", "/console/migration/announce", Right(Data)),
        post("/console/migration/announce", "/console/migration/announce", Right(Data)),
        get("/console/migration/take-back", "/console/migration/take-back", Right(Data)),
        post("/console/migration/take-back", "/console/migration/take-back", Right(Data)),
        get("/console/migration/reconcile", "/console/migration/reconcile", Right(Data)),
        post("/console/migration/reconcile", "/console/migration/reconcile", Right(Data)),
        get("/console/migration/reconcile/template.csv", "/console/migration/reconcile/template.csv", Right(Data)),
        get("/console/mails-failed", "/console/mails-failed", Right(Look)),
        post("/console/mails-failed/retry-all", "/console/mails-failed/retry-all", Right(Help)),
        post("/console/mails-failed/{id}/retry", "/console/mails-failed/999/retry", Right(Help)),
        get("/console/settings/maintenance", "/console/settings/maintenance", Right(Manage)),
        post("/console/settings/maintenance", "/console/settings/maintenance", Right(Manage)),
        post("/console/settings/maintenance/remove", "/console/settings/maintenance/remove", Right(Manage)),
        get("/console/terms", "/console/terms", Right(Manage)),
        get("/console/terms/new", "/console/terms/new", Right(Manage)),
        post("/console/terms/new", "/console/terms/new", Right(Manage)),
        post("/console/terms/check", "/console/terms/check", Right(Manage)),
        post("/console/terms/publish", "/console/terms/publish", Right(Manage)),
        get("/console/terms/{version}", "/console/terms/1", Right(Manage)),
        get("/console/terms/{version}/agreements.csv", "/console/terms/1/agreements.csv", Right(Manage)),
        get("/console/settings", "/console/settings", Right(Manage)),
        get("/console/settings/policy", "/console/settings/policy", Right(Manage)),
        post("/console/settings/policy", "/console/settings/policy", Right(Manage)),
        post("/console/settings/policy/keep", "/console/settings/policy/keep", Right(Manage)),
        get("/console/settings/services", "/console/settings/services", Right(Manage)),
        post("/console/settings/services", "/console/settings/services", Right(Manage)),
        get("/console/settings/mail", "/console/settings/mail", Right(Manage)),
        post("/console/settings/mail", "/console/settings/mail", Right(Manage)),
        get("/console/settings/postcards", "/console/settings/postcards", Right(Manage)),
        post("/console/settings/postcards", "/console/settings/postcards", Right(Manage)),
        get("/console/settings/postcards/sample.pdf", "/console/settings/postcards/sample.pdf", Right(Manage)),
        get("/console/settings/branding", "/console/settings/branding", Right(Manage)),
        post("/console/settings/branding", "/console/settings/branding", Right(Manage)),
        get("/console/settings/signing-key", "/console/settings/signing-key", Right(Manage)),
        post("/console/settings/signing-key", "/console/settings/signing-key", Right(Manage)),
        get("/console/settings/older-hosts", "/console/settings/older-hosts", Right(Manage)),
        post("/console/settings/older-hosts", "/console/settings/older-hosts", Right(Manage)),
        post("/console/settings/older-hosts/remove", "/console/settings/older-hosts/remove", Right(Manage)),
        get("/console/audit", "/console/audit", Right(Manage)),
        post("/console/audit", "/console/audit", Right(Manage)),
        get("/console/audit.csv", "/console/audit.csv", Right(Manage)),
    ]
}

/// The right that a route of the console requires.
#[derive(Clone, Copy)]
enum Wants {
    /// Nothing: a page of logging in, which shows nothing of anybody.
    Nobody,
    /// A role with this right.
    Right(yui::core::role::Right),
}

/// The staff of every demo society, by role.
const STAFF: [(&str, yui::core::role::Role); 4] = [
    ("kanri", yui::core::role::Role::Admin),
    ("kyufu", yui::core::role::Role::Benefits),
    ("madoguchi", yui::core::role::Role::Desk),
    ("etsuran", yui::core::role::Role::Viewer),
];

#[portal_test]
async fn every_route_of_the_console_lets_in_whom_it_should_and_nobody_else(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let lines = console();
    let routes = portal.routes.iter().filter(|route| route.path.starts_with("/console"));
    for route in routes {
        let known = lines.iter().any(|(method, path, ..)| *method == route.method && *path == route.path);
        assert!(known, "{} {} is new: say in tests/portal/authorisation.rs who may use it", route.method, route.path);
    }
    let member = portal.signed_in("minato", "testtaro01").await;
    let elsewhere = portal.staff("fumitsuki", "kanri").await;
    let mut staff = Vec::new();
    for (user, role) in STAFF {
        staff.push((user, role, portal.staff("minato", user).await));
    }
    for (method, _, address, wants) in &lines {
        let line = Expected { method: method.clone(), path: "", address, stranger: Access::Open };
        let what = format!("{method} {address}");
        let Wants::Right(right) = wants else {
            let answer = ask(&mut portal.browser("minato"), &line).await;
            assert!(!tells_a_secret(&answer.text()) && answer.status < 500, "{what} as a stranger");
            continue;
        };
        let mut smuggled = portal.browser("minato");
        smuggled.cookies = elsewhere.cookies.clone();
        for (who, browser) in [
            ("a stranger", portal.browser("minato")),
            ("a member", member.clone()),
            ("another society's administrator", smuggled),
        ] {
            let answer = ask(&mut browser.clone(), &line).await;
            assert_eq!(answer.status, 303, "{what} as {who}");
            assert!(answer.location().starts_with("/console/login"), "{what} as {who}: {}", answer.location());
        }
        for (user, role, browser) in &staff {
            // Logging out is tried at the end of somebody else's session.
            let mut browser =
                if *address == "/console/logout" { portal.staff("minato", user).await } else { browser.clone() };
            let answer = ask(&mut browser, &line).await;
            assert_eq!(answer.status == 403, !role.has(*right), "{what} as {user}: {}", answer.status);
            assert!(answer.status < 500, "{what} as {user}: {}", answer.status);
            if !role.has(*right) {
                assert!(answer.text().contains("あなたの役割では"), "{what} as {user}");
            }
        }
    }
}

/// Words that only the household テスト タロウ / ハナコ may read.
const SECRETS: [&str; 2] = ["テスト タロウ", "テスト ハナコ"];

fn tells_a_secret(text: &str) -> bool {
    SECRETS.iter().any(|secret| text.contains(secret))
}

async fn ask(browser: &mut Browser, line: &Expected) -> crate::support::Answer {
    if line.method == Method::POST { browser.post(line.address, "").await } else { browser.get(line.address).await }
}

#[portal_test]
async fn every_route_lets_in_whom_it_should_and_nobody_else(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let table = table();
    for route in &portal.routes {
        let demo_only = route.permission == yui::core::routes::Permission::DemoVisitor;
        // The console has a table and a test of its own.
        let demo_only = demo_only || route.path.starts_with("/console");
        let known = table.iter().any(|line| line.method == route.method && line.path == route.path);
        assert!(
            demo_only || known,
            "{} {} is new: say in tests/portal/authorisation.rs who may use it",
            route.method,
            route.path
        );
    }
    let member = portal.signed_in("minato", "testtaro01").await;
    let other_household = portal.signed_in("minato", "mihon00002").await;
    let other_society = portal.signed_in("fumitsuki", "mihon00002").await;
    for line in &table {
        let what = format!("{} {}", line.method, line.address);

        let answer = ask(&mut portal.browser("minato"), line).await;
        assert!(!tells_a_secret(&answer.text()), "{what} as a stranger");
        if line.stranger != Access::Open {
            assert_eq!(answer.status, 303, "{what} as a stranger");
            let to = if line.stranger == Access::Login { "/login" } else { "/" };
            assert!(answer.location().starts_with(to), "{what} as a stranger: {}", answer.location());
        }

        // A cookie of another society is worth nothing here.
        let mut smuggled = portal.browser("minato");
        smuggled.cookies = other_society.cookies.clone();
        let smuggling = ask(&mut smuggled, line).await;
        assert_eq!(smuggling.status, answer.status, "{what} with another society's cookie");
        assert!(!tells_a_secret(&smuggling.text()), "{what} with another society's cookie");

        // Signed in, but another household's: never a word of ours.
        if line.path != "/logout" {
            let theirs = ask(&mut other_household.clone(), line).await;
            assert!(!tells_a_secret(&theirs.text()), "{what} as a member of another household");
            let ours = ask(&mut member.clone(), line).await;
            // Nothing has this name, the society has no such thing, or the act wants JSON.
            let absent = line.path.contains('{')
                || line.path == "/settings/recovery-codes"
                || line.path == "/confirm/passkey/begin";
            let named = absent && ours.status == 404;
            let wants_json = line.method == Method::POST && ours.status == 415;
            assert!(ours.status < 400 || named || wants_json, "{what} as its member: {}", ours.status);
        }
    }
    // Every way of naming another household's person or society by address.
    for person in 1..=90 {
        let mut theirs = other_household.clone();
        let month = theirs.get(&format!("/expenses/statement?from=2022-01&to=2026-11&member={person}")).await;
        assert!(!tells_a_secret(&month.text()), "member={person}");
        let csv = theirs.get(&format!("/deduction/2025/portal.csv?member={person}")).await;
        assert!(!tells_a_secret(&csv.text()), "portal.csv?member={person}");
    }
}

#[portal_test]
async fn a_request_from_another_site_changes_nothing(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut member = portal.signed_in("minato", "testtaro01").await;
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "http://fumitsuki.localhost:8080"),
        ("origin", "null"),
    ] {
        let request = axum::http::Request::post("/logout").header(name, value).body(axum::body::Body::empty());
        assert_eq!(member.send(request.unwrap()).await.status, 403, "{name}: {value}");
    }
    assert_eq!(member.get("/expenses").await.status, 200);
}

#[portal_test]
async fn an_unknown_host_learns_nothing(engine: Engine) {
    let portal = Portal::demo(engine).await;
    for host in ["evil.example", "127.0.0.1:8080", "nobody.localhost:8080", ""] {
        for path in ["/", "/login", "/expenses", "/demo.json"] {
            let answer = portal.browser_at(host).get(path).await;
            assert_eq!((answer.status, answer.text().as_str()), (404, "404 Not Found\n"), "{host:?} {path}");
        }
    }
}

#[portal_test]
async fn every_answer_has_strict_headers(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut member = portal.signed_in("minato", "testtaro01").await;
    for path in ["/", "/expenses", "/deduction/2025/notice.xml", "/nothing", "/expenses/statement.pdf?month=2025-01"] {
        let answer = member.get(path).await;
        let header = |name: &str| answer.headers.get(name).map_or("", |value| value.to_str().unwrap());
        assert!(header("content-security-policy").contains("default-src 'none'"), "{path}");
        assert!(!header("content-security-policy").contains("unsafe"), "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("cache-control"), "no-store", "{path}");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{path}");
    }
}
