//! A portal of a test's own, and a browser that keeps cookies.

use std::{io::Write, net::SocketAddr, process::Command, sync::atomic::AtomicI64};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, Response, header},
};
use scraper::{Html, Selector};
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};
use tower::ServiceExt;
use yui::{
    core::{
        app::{self, App},
        clock::Clock,
        config::Config,
        routes::Route,
        scope::SystemScope,
        society::{self, InSociety, Preset},
    },
    demo,
    features::{
        account,
        expenses::ExpenseFiles,
        imports::{self, Answers, ChunkFault, FileKind, Job, Options, Report, Source},
        mails,
        register::RegisterImport,
        societies,
    },
    router,
    serve::Server,
};
use yui_auth::password::Cost;
use yui_db::{Engine, testing::TestDb};

/// The password of all demo accounts.
pub(crate) const PASSWORD: &str = "Kumo-no-ue-2026";

/// The sealing key of all portals here: 32 bytes of 7.
pub(crate) const KEY: &str = "test:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// The time at which tests begin: noon of 20 November 2026 in Japan, in microseconds.
const THEN: i64 = 1_795_143_600_000_000;

/// A portal on a database of its own.
pub(crate) struct Portal {
    pub(crate) app: App,
    pub(crate) routes: Vec<Route>,
    router: Router,
    pub(crate) db: TestDb,
    folder: TempDir,
}

impl Portal {
    /// Returns the demo at a time when January 2025 is visible everywhere.
    pub(crate) async fn demo(engine: Engine) -> Self {
        Self::demo_with(engine, &[]).await
    }

    /// Returns the demo with these settings.
    pub(crate) async fn demo_with(engine: Engine, settings: &[(&str, &str)]) -> Self {
        Self::connected(TestDb::filled(engine, "demo", seed).await, true, settings).await
    }

    /// Moves the clock to the machine's, which programs beside the portal go by.
    pub(crate) fn at_the_machines_time(&self) {
        #[expect(clippy::disallowed_methods, reason = "another process asks the machine for the time, too")]
        let now = jiff::Timestamp::now();
        assert!(self.app.clock.advance(now.as_second() - self.app.clock.now().as_second()));
    }

    /// Returns an empty portal; with a movable clock it is a demo.
    pub(crate) async fn new(engine: Engine, in_demo: bool) -> Self {
        Self::connected(TestDb::on(engine).await, in_demo, &[]).await
    }

    /// Returns the demo on PostgreSQL with a single connection to it.
    pub(crate) async fn with_one_connection() -> Self {
        Self::demo_with(Engine::Postgres, &[("YUI_DATABASE_CONNECTIONS", "1")]).await
    }

    /// Returns the demo behind a proxy that is trusted.
    pub(crate) async fn behind_a_proxy(engine: Engine) -> Self {
        Self::demo_with(engine, &[("YUI_TRUSTED_PROXIES", "10.0.0.0/8")]).await
    }

    /// Returns the demo's data as members come to it outside a demo, with these settings.
    pub(crate) async fn in_earnest(engine: Engine, settings: &[(&str, &str)]) -> Self {
        let still = Clock::Still(AtomicI64::new(THEN));
        Self::connected_at(TestDb::filled(engine, "demo", seed).await, false, still, settings).await
    }

    /// Returns the portal as it is with other sealing keys.
    pub(crate) async fn with_keys(self, keys: &str) -> Self {
        self.app.db.close().await;
        Self::connected(self.db, true, &[("YUI_KEYS", keys)]).await
    }

    /// Returns this browser, its cookies kept, talking to this portal.
    pub(crate) fn taken_over(&self, browser: Browser) -> Browser {
        Browser { router: self.router.clone(), ..browser }
    }

    /// Returns the scope of a society.
    pub(crate) async fn scope(&self, society: &str) -> SystemScope {
        SystemScope::of_society(&self.app, society).await.unwrap()
    }

    /// Gives a society another policy.
    pub(crate) async fn set_policy(&self, society: &str, policy: &society::Policy) {
        let id = self.scope(society).await.society_id();
        let text = serde_json::to_string(policy).unwrap();
        self.db.db.execute(Sql::policy_renewed(id, &text, self.app.clock.now())).await.unwrap();
        // Societies are remembered for a few seconds.
        assert!(self.app.clock.advance(60));
    }

    /// Logs testtaro01 of minato in once more in this browser.
    pub(crate) async fn second_login(&self, browser: &mut Browser) {
        assert_eq!(browser.log_in("testtaro01", PASSWORD).await.location(), "/login/factor");
        assert_eq!(self.second_factor(browser).await.status, 303);
    }

    async fn connected(db: TestDb, in_demo: bool, more: &[(&str, &str)]) -> Self {
        // Time stands still unless a test moves it: how fast the machine is changes nothing.
        let clock = if in_demo { Clock::Still(AtomicI64::new(THEN)) } else { Clock::System };
        Self::connected_at(db, in_demo, clock, more).await
    }

    async fn connected_at(db: TestDb, in_demo: bool, clock: Clock, more: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = started(&db.address, &folder, in_demo, clock, more).await;
        let (router, routes) = router::portal(&app);
        Self { app, routes, router, db, folder }
    }

    /// Listens for real connections, with these settings besides; ends when told, within its limits.
    pub(crate) async fn listening(&self, settings: &[(&str, &str)]) -> Listening {
        let pairs = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let http = Config::from_pairs(pairs).unwrap().http;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::new(listener, self.router.clone(), &http, None);
        let (stop, told) = oneshot::channel::<()>();
        let app = self.app.clone();
        let ended = tokio::spawn(async move {
            let told = async {
                let _ = told.await;
            };
            server.run(told, &app.stopping).await;
        });
        Listening { address, stop, ended }
    }

    /// Returns the folder of files.
    pub(crate) fn files(&self) -> &std::path::Path {
        &self.app.config.files.folder
    }

    /// Makes a society with this policy, never closed for maintenance, and returns its scope.
    pub(crate) async fn society(&self, preset: Preset, insurer_number: &str) -> SystemScope {
        let new = societies::create::NewSociety {
            key: preset.key().into(),
            host: format!("{}.localhost", preset.key()),
            name: "てすと健康保険組合".into(),
            insurer_numbers: vec![insurer_number.parse().unwrap()],
            policy: society::Policy { maintenance: Vec::new(), ..preset.policy().unwrap() },
        };
        societies::create::create(&self.app, &new).await.unwrap();
        SystemScope::of_society(&self.app, preset.key()).await.unwrap()
    }

    /// Writes a file and returns it as a source.
    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> Source {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        Source::examine(&path, None).unwrap()
    }

    /// Imports a register.
    pub(crate) async fn register(
        &self,
        scope: &SystemScope,
        source: &Source,
        options: Options,
    ) -> anyhow::Result<Report> {
        let numbers = societies::insurer_numbers(&self.app, scope).await?;
        let importer = RegisterImport::new(scope.clone(), numbers, self.app.clock.now());
        imports::run(&self.app, scope, importer, source, options, |_| {}).await
    }

    /// Imports expenses; the reasons of faults are put into `told`.
    pub(crate) async fn expenses(
        &self,
        scope: &SystemScope,
        source: &Source,
        options: Options,
        told: &mut Vec<String>,
    ) -> anyhow::Result<Report> {
        let mut watch = |fault: &ChunkFault| told.push(fault.fault.to_string());
        let answers = Answers::default();
        let job = Job { app: &self.app, scope, source, options, answers: &answers, watch: &mut watch };
        ExpenseFiles.import(job).await
    }

    /// Makes an account for the household with these numbers, and returns a browser in which it is signed in.
    pub(crate) async fn member_of(&self, scope: &SystemScope, symbol: &str, number: &str) -> Browser {
        let numbers = societies::insurer_numbers(&self.app, scope).await.unwrap();
        let user_id = format!("member{symbol}x{number}");
        let new = account::create::NewAccount {
            holder: (&numbers[0], symbol, number),
            user_id: &user_id,
            password: PASSWORD,
            state: account::steps::AccountState::Enrolled,
            email: Some(&format!("{user_id}@mail.example")),
            locked_at: None,
            factor: (!scope.society().policy.factors.is_empty()).then_some(account::create::FirstFactor::Email),
        };
        account::create::create(&self.app, scope, &new).await.unwrap();
        self.signed_in(&scope.society().key, &user_id).await
    }

    /// Returns a browser at a society's host.
    pub(crate) fn browser(&self, society: &str) -> Browser {
        Browser { router: self.router.clone(), host: format!("{society}.localhost:8080"), cookies: Vec::new() }
    }

    /// Returns a browser at any host.
    pub(crate) fn browser_at(&self, host: &str) -> Browser {
        Browser { router: self.router.clone(), host: host.into(), cookies: Vec::new() }
    }

    /// Returns a browser in which this account of a demo society is signed in, with the second factor it has.
    pub(crate) async fn signed_in(&self, society: &str, user_id: &str) -> Browser {
        let mut browser = self.browser(society);
        let answer = browser.log_in(user_id, PASSWORD).await;
        assert_eq!(answer.status, 303, "{user_id} logs in at {society}");
        if answer.location() == "/login/factor" {
            let answer = self.second_factor(&mut browser).await;
            assert_eq!(answer.status, 303, "{user_id} proves the second factor at {society}: {}", answer.text());
        }
        browser
    }

    /// Proves the second factor of the login that stands there: the demo's app, or the code that is mailed.
    pub(crate) async fn second_factor(&self, browser: &mut Browser) -> Answer {
        let page = browser.get("/login/factor").await;
        if page.text().contains("/login/factor/email\"") {
            let code = self.mailed_code().await;
            return browser.post("/login/factor/email", &format!("code={code}")).await;
        }
        // A code is accepted once: the next login has the next one.
        assert!(self.app.clock.advance(30));
        let device = page.attribute("input[name=device]", "value");
        browser.post("/login/factor/app", &format!("device={device}&code={}", self.app_code(0))).await
    }

    /// Returns a browser in which this member of a demo society's staff is signed in: `kanri`, `kyufu`, `madoguchi` or `etsuran`.
    pub(crate) async fn staff(&self, society: &str, user: &str) -> Browser {
        let mut browser = self.browser(society);
        let typed = format!("email={user}%40{society}.example&password={PASSWORD}");
        assert_eq!(browser.post("/console/login", &typed).await.location(), "/console/login/factor");
        let answer = self.staff_factor(&mut browser, "/console/login/factor", "/console/login/factor/app").await;
        assert_eq!(answer.status, 303, "{user} proves the second factor: {}", answer.text());
        browser
    }

    /// Proves the second factor of a member of staff by the demo's app, on this page.
    pub(crate) async fn staff_factor(&self, browser: &mut Browser, page: &str, act: &str) -> Answer {
        let page = browser.get(page).await;
        // A code is accepted once: the next login has the next one.
        assert!(self.app.clock.advance(30));
        let (device, back) =
            (page.attribute("input[name=device]", "value"), page.attribute("input[name=return_to]", "value"));
        browser.post(act, &format!("device={device}&code={}&return_to={}", self.app_code(0), encode(&back))).await
    }

    /// Returns what the demo's app shows now, or so many seconds from now.
    pub(crate) fn app_code(&self, seconds: i64) -> String {
        let key = b"yui demo second step";
        let now = u64::try_from(self.app.clock.now().as_second() + seconds).unwrap();
        totp_code(key, now)
    }

    /// Delivers what is due and returns all mails, the newest first.
    pub(crate) async fn mails(&self) -> Vec<serde_json::Value> {
        mails::deliver_due(&self.app).await.unwrap();
        let answer = self.browser_at("localhost:8080").get("/mailbox.json").await;
        serde_json::from_slice(&answer.bytes).unwrap()
    }

    /// Returns the newest mail to this address.
    pub(crate) async fn mail_to(&self, address: &str) -> serde_json::Value {
        let mails = self.mails().await;
        mails.into_iter().find(|mail| mail["to"] == address).unwrap()
    }

    /// Returns the path of the link in the newest mail to this address.
    pub(crate) async fn mailed_link(&self, address: &str) -> String {
        let mail = self.mail_to(address).await;
        let link = mail["links"][0].as_str().unwrap();
        link.splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap()
    }

    /// Returns the path of the link in the newest mail of this kind.
    pub(crate) async fn mailed_link_of(&self, kind: &str) -> String {
        let mails = self.mails().await;
        let mail = mails.into_iter().find(|mail| mail["kind"] == kind).unwrap();
        let link = mail["links"][0].as_str().unwrap();
        link.splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap()
    }

    /// Returns the code in the newest mail that has one.
    pub(crate) async fn mailed_code(&self) -> String {
        let mails = self.mails().await;
        let code = |mail: &serde_json::Value| {
            let text = mail["text"].as_str()?.to_owned();
            text.lines()
                .map(str::trim)
                .find(|line| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit()))
                .map(str::to_owned)
        };
        mails.iter().filter(|mail| mail["kind"] == "mail_code").find_map(code).unwrap()
    }
}

/// Starts a portal on the database at this address, with its files in this folder.
async fn started(address: &str, folder: &TempDir, in_demo: bool, clock: Clock, more: &[(&str, &str)]) -> App {
    let files = folder.path().join("files");
    let settings =
        [("YUI_FILES", files.to_str().unwrap()), ("YUI_DATABASE_URL", address), ("YUI_HTTPS", "no"), ("YUI_KEYS", KEY)];
    let pairs = settings.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let config = Config::from_pairs(pairs).unwrap();
    let demo = app::Demo { port: 8080, password_cost: Cost::Least };
    App::start_with(config, in_demo.then_some(demo), clock).await.unwrap()
}

/// Puts the demo's data into the database at this address.
async fn seed(address: &str) {
    let folder = tempfile::tempdir().unwrap();
    let app = started(address, &folder, true, Clock::Still(AtomicI64::new(THEN)), &[]).await;
    demo::seed(&app).await.unwrap();
    app.db.close().await;
}

/// A portal that listens.
pub(crate) struct Listening {
    pub(crate) address: SocketAddr,
    pub(crate) stop: oneshot::Sender<()>,
    pub(crate) ended: JoinHandle<()>,
}

/// A browser: it keeps cookies and sends what a browser sends.
#[derive(Clone)]
pub(crate) struct Browser {
    router: Router,
    pub(crate) host: String,
    pub(crate) cookies: Vec<(String, String)>,
}

/// The answer to a request.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Browser {
    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&mut self, path: &str, fields: &str) -> Answer {
        let request = Request::post(path)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(fields.to_owned()));
        self.send(request.unwrap()).await
    }

    /// Sends a search, and goes where it leads.
    pub(crate) async fn look_for(&mut self, path: &str, fields: &str) -> Answer {
        let answer = self.post(path, fields).await;
        assert!(answer.location().starts_with(&format!("{path}?s=")), "{}: {}", answer.status, answer.location());
        self.get(answer.location()).await
    }

    pub(crate) async fn log_in(&mut self, user_id: &str, password: &str) -> Answer {
        self.post("/login", &format!("user_id={user_id}&password={password}")).await
    }

    pub(crate) async fn send(&mut self, mut request: Request<Body>) -> Answer {
        request.headers_mut().insert(header::HOST, self.host.parse().unwrap());
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request.headers_mut().insert(header::COOKIE, pairs.join("; ").parse().unwrap());
        }
        let response: Response<Body> = self.router.clone().oneshot(request).await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.into(), value.into()));
            }
        }
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec();
        Answer { status, headers, bytes }
    }
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub(crate) fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |location| location.to_str().unwrap())
    }

    /// Returns the words of every element that the selector finds.
    pub(crate) fn all(&self, selector: &str) -> Vec<String> {
        let page = Html::parse_document(&self.text());
        let words = |element: scraper::ElementRef<'_>| {
            element.text().collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
        };
        page.select(&Selector::parse(selector).unwrap()).map(words).collect()
    }

    /// Returns an attribute of the first element that the selector finds.
    pub(crate) fn attribute(&self, selector: &str, name: &str) -> String {
        let page = Html::parse_document(&self.text());
        let element = page.select(&Selector::parse(selector).unwrap()).next();
        element.and_then(|element| element.value().attr(name)).unwrap_or_default().to_owned()
    }

    /// Returns what a browser sends of this form as it stands.
    pub(crate) fn form(&self, selector: &str) -> String {
        let page = Html::parse_document(&self.text());
        let form = page.select(&Selector::parse(selector).unwrap()).next().unwrap();
        let named = Selector::parse("input[name], textarea[name]").unwrap();
        let value = |field: scraper::ElementRef<'_>| {
            let element = field.value();
            let ticked = matches!(element.attr("type"), Some("checkbox" | "radio"));
            if ticked && element.attr("checked").is_none() {
                return None;
            }
            let text =
                if element.name() == "textarea" { field.text().collect() } else { element.attr("value")?.to_owned() };
            Some(format!("{}={}", encode(element.attr("name")?), encode(&text)))
        };
        form.select(&named).filter_map(value).collect::<Vec<_>>().join("&")
    }

    /// Returns the words of the first element that the selector finds.
    pub(crate) fn first(&self, selector: &str) -> String {
        self.all(selector).into_iter().next().unwrap_or_default()
    }
}

/// Returns the text as a form sends it.
pub(crate) fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Returns the words in a PDF, pages ended by a form feed, as Poppler reads them.
pub(crate) fn text_of(pdf: &[u8]) -> String {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(pdf).unwrap();
    let output = Command::new("pdftotext").args(["-raw", "-enc", "UTF-8"]).arg(file.path()).arg("-").output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the code that an app with this key shows at this second (RFC 6238), by another implementation than ours.
pub(crate) fn totp_code(key: &[u8], now: u64) -> String {
    let totp = totp_rs::Builder::new().with_secret(key.to_vec()).build().unwrap();
    totp.generate(now).to_string()
}

/// A register with one household of two, and one of one, of an insurer.
pub(crate) fn register_csv(insurer_number: &str) -> String {
    format!(
        "保険者番号,記号,番号,枝番,氏名,カナ氏名,性別,生年月日,続柄,資格取得日,資格喪失日\r\n\
         {insurer_number},800,1234,00,テスト タロウ,テスト タロウ,男,1979-08-22,本人,2010-04-01,\r\n\
         {insurer_number},800,1234,01,テスト ハナコ,テスト ハナコ,女,1981-03-03,家族,2012-06-01,\r\n\
         {insurer_number},800,5678,00,見本 一郎,ミホン イチロウ,男,1985-01-15,本人,2015-04-01,\r\n"
    )
}

/// The header of an expense CSV.
pub(crate) const EXPENSE_HEADER: &str = "請求番号,取消,保険者番号,記号,番号,枝番,診療年月,医療機関名,診療区分,日数,医療費総額,保険者負担額,公費負担額,自己負担額,備考\r\n";

/// Returns everything of a table that a member could see or staff could lose, as one text, for comparing states.
pub(crate) async fn state_of(portal: &Portal) -> String {
    let mut all = String::new();
    for state in [Sql::state_members(), Sql::state_coverages(), Sql::state_keys(), Sql::state_expenses()] {
        portal.db.db.all(state).await.unwrap().iter().for_each(|row| all += &format!("{row}\n"));
    }
    all
}

yui_db::statements! {
    fn policy_renewed(society_id: i64, policy: &str, now: jiff::Timestamp) = "
        INSERT INTO society_policies (society_id, version, policy, valid_from)
        SELECT $1, MAX(version) + 1, $2, $3 FROM society_policies WHERE society_id = $1";
    fn state_members() -> String = "SELECT name || '|' || kana || '|' || sex || '|' || member_id || '|' || COALESCE(person_key, '-') AS text
                     FROM members ORDER BY society_id, member_id";
    fn state_coverages() -> String = "SELECT member_id || '|' || from_date || '|' || COALESCE(CAST(to_date AS TEXT), '-') || '|' || household_id
                       || '|' || holder_key || '|' || COALESCE(branch, '-') || '|' || relationship AS text
                       FROM coverages ORDER BY society_id, member_id, from_date";
    fn state_keys() -> String = "SELECT CAST(key || '|' || member_id AS TEXT) AS text FROM member_search_keys ORDER BY society_id, key, member_id";
    fn state_expenses() -> String = "SELECT e.household_id || '|' || e.treatment_month || '|' || e.provider_name || '|' || e.total || '|' || e.self_pay
                      || '|' || COALESCE(CAST(e.superseded_by AS TEXT), '-') || '|' || b.state AS text
                      FROM expenses e JOIN import_batches b ON b.society_id = e.society_id AND b.batch_id = e.batch_id
                      ORDER BY e.society_id, e.batch_id, e.household_id, e.treatment_month, e.provider_name, e.total";
}
