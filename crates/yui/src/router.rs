//! Every route with its permission, and the authorisation that every request passes.

pub(crate) mod paths;

use paths::RoutePaths;
mod late;

use std::net::{IpAddr, SocketAddr};

use axum::{
    Router,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use tower_http::compression::CompressionLayer;
use yui_db::in_request;

use self::late::{Late, RedirectTarget, referring_page, with_kept_form};
use crate::{
    core::{
        app::App,
        client_info::ClientInfo,
        error::AppError,
        routes::{Permission, Route},
        scope::PublicScope,
        security,
        society::{InSociety, maintenance},
    },
    features::{
        account::{self, RanOut},
        kept::{self, FormOwner},
        societies::{self, older_host},
        staff,
    },
    ui::{self, PageContext, Signed},
    wiring,
};

/// The portal as a service, and the list of its routes.
pub fn portal(app: &App) -> (Router, Vec<Route>) {
    let all = wiring::routes(app.demo.is_some()).into_all();
    let list: Vec<_> = all.iter().map(|(route, _)| route.clone()).collect();
    let open = list.iter().filter(|route| route.method == Method::GET).map(|route| route.path);
    let pages = RoutePaths(open.collect());
    let (mut society, mut demo, mut machine) = (Router::new(), Router::new(), Router::new());
    for (Route { path, permission, .. }, handler) in all {
        let side = match permission {
            Permission::Anybody
            | Permission::Member
            | Permission::Fresh
            | Permission::Step
            | Permission::Service(_)
            | Permission::Staff(_)
            | Permission::StaffFresh(_) => &mut society,
            Permission::DemoVisitor => &mut demo,
            Permission::Machine => &mut machine,
        };
        let authorize = from_fn_with_state((app.clone(), permission, pages.clone()), authorize);
        *side = std::mem::take(side).route(path, handler.layer(authorize));
    }
    let nothing = || async { AppError::NotFound };
    let hosts = Hosts {
        app: app.clone(),
        society: society.merge(machine.clone()).fallback(nothing).with_state(app.clone()),
        demo: demo.merge(machine.clone()).fallback(nothing).with_state(app.clone()),
        machine: machine.fallback(stranger).with_state(app.clone()),
    };
    let router = Router::new()
        .fallback(by_host)
        .with_state(hosts)
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(app.clone(), outermost));
    (router, list)
}

#[derive(Clone)]
struct Hosts {
    app: App,
    society: Router,
    demo: Router,
    machine: Router,
}

/// The host name a request was sent to, without port, in lower case.
#[derive(Clone)]
struct HostName(String);

/// Hands the request to the side of the portal that its host name belongs to.
async fn by_host(State(hosts): State<Hosts>, mut request: Request) -> Result<Response, AppError> {
    use tower::ServiceExt;
    let app = &hosts.app;
    // What the machine asks for is the same on every host, and must not wait for the database to tell whose that is.
    if is_machines(request.uri().path()) {
        return Ok(hosts.machine.oneshot(request).await.into_response());
    }
    let name = request.extensions().get::<HostName>().map(|name| name.0.clone()).unwrap_or_default();
    let side = match app.societies.at_host(&app.db, app.clock.now(), &name).await? {
        Some(society) => {
            let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
            if !ui::same_origin(request.method(), request.headers(), host, &app.portal_address(&society)) {
                return Err(AppError::Forbidden);
            }
            let now = app.clock.now();
            let window = societies::closed(&society, request.uri().path(), now);
            let (method, coming) = (request.method().clone(), maintenance::announced(&society.policy.maintenance, now));
            if let Some(context) = request.extensions_mut().get_mut::<PageContext>() {
                context.society = Some(society.clone());
                context.coming = coming;
                if let Some(window) = window {
                    return Ok(societies::closed_answer(context, &window, &method, now));
                }
            }
            request.extensions_mut().insert(PublicScope::authorize(society));
            hosts.society
        }
        None if app.demo.is_some() && name == "localhost" => hosts.demo,
        None => {
            // An older system's host has one page.
            let older = app.societies.older_at_host(&app.db, app.clock.now(), &name).await?;
            if let Some(older) = older {
                let context =
                    request.extensions().get::<PageContext>().ok_or_else(|| AppError::missing_scope("PageContext"))?;
                return Ok(older_host::answer(app, context, &older, request.method(), request.uri()));
            }
            hosts.machine
        }
    };
    Ok(side.oneshot(request).await.into_response())
}

/// Returns whether only the machine's routes can be meant.
fn is_machines(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz") || path.starts_with("/assets/")
}

/// The answer at an unknown host name: it names no society.
async fn stranger() -> Response {
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], "404 Not Found\n").into_response()
}

/// The answer while the society of a host name is unknown: the database has not answered since the start.
fn nobody_yet() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::RETRY_AFTER, "5")];
    (StatusCode::SERVICE_UNAVAILABLE, headers, "503 Service Unavailable\n").into_response()
}

/// Checks a request against the permission of its route, and makes its scope.
async fn authorize(
    State((app, permission, pages)): State<(App, Permission, RoutePaths)>,
    mut request: Request,
    next: Next,
) -> Result<Response, AppError> {
    if matches!(permission, Permission::Machine | Permission::DemoVisitor) {
        return Ok(next.run(request).await);
    }
    if !request.method().is_safe()
        && let Some(context) = request.extensions_mut().get_mut::<PageContext>()
    {
        // The form may be on the answer to another POST request, whose path has no GET route.
        let path = context.path.split('?').next().unwrap_or_default();
        if let Some(page) = pages.above(path).filter(|page| *page != path) {
            context.path = page.to_owned();
        }
    }
    let scope =
        request.extensions().get::<PublicScope>().cloned().ok_or_else(|| AppError::missing_scope("PublicScope"))?;
    if let Permission::Service(service) = permission
        && !scope.society().policy.services.contains(&service)
    {
        return Err(AppError::NotFound);
    }
    let client =
        request.extensions().get::<ClientInfo>().cloned().ok_or_else(|| AppError::missing_scope("ClientInfo"))?;
    if request.uri().path().split('/').nth(1) == Some("console") {
        return authorize_staff(&app, permission, (&scope, &client, &pages), request, next).await;
    }
    let member = account::resolve(&app, &scope, request.headers(), &client).await?;
    let proof_due = match (&member, permission) {
        (_, Permission::Anybody) => false,
        // Adding a factor while signed in needs a recent confirmation, as any change of credentials does.
        (Some(member), Permission::Step) => {
            request.uri().path().starts_with("/factors") && account::confirm_due(&app, member, request.method())
        }
        (_, Permission::Staff(_) | Permission::StaffFresh(_)) => return Err(AppError::NotFound),
        (None, Permission::Step) => match account::ran_out(&app, &scope, request.headers()).await? {
            None => false,
            Some(ran_out) => {
                let (owner, way): (i64, RedirectTarget) = match ran_out {
                    RanOut::Login(owner) => (owner, |_, told| account::login_path_after("/", told)),
                    RanOut::Session(owner) => (owner, account::login_path_after),
                };
                let late = Late { owner: Some(FormOwner::Member(owner)), otherwise: "/", way };
                return late.answer(&app, &scope, &pages, request).await;
            }
        },
        (None, _) => {
            let owner = account::owner_of_session(&app, &scope, request.headers()).await?.map(FormOwner::Member);
            let late = Late { owner, otherwise: "/", way: account::login_path_after };
            return late.answer(&app, &scope, &pages, request).await;
        }
        (Some(member), Permission::Fresh) => account::confirm_due(&app, member, request.method()),
        (Some(member), Permission::Service(_)) => account::due_for_health(&app, member),
        (Some(_), _) => false,
    };
    if let Some(member) = member.as_ref().filter(|_| proof_due) {
        let (owner, otherwise) = (Some(FormOwner::Member(member.account_id)), request.uri().path().to_owned());
        let late = Late { owner, otherwise: &otherwise, way: account::confirm_path_after };
        return late.answer(&app, &scope, &pages, request).await;
    }
    let mut owner = member.as_ref().map(|member| FormOwner::Member(member.account_id));
    if owner.is_none() && permission == Permission::Step && kept::BrowserKey::of(&app, request.headers()).is_some() {
        owner = account::owner_of_login(&app, &scope, request.headers()).await?.map(FormOwner::Member);
    }
    if let Some(member) = member {
        if let Some(context) = request.extensions_mut().get_mut::<PageContext>() {
            context.user = Some(member.name.clone());
        }
        request.extensions_mut().insert(member);
    }
    with_kept_form(&app, &scope, owner, request, next).await
}

/// Authorises staff: members' sessions are not valid here, nor are the staff's elsewhere.
async fn authorize_staff(
    app: &App,
    permission: Permission,
    (scope, client, pages): (&PublicScope, &ClientInfo, &RoutePaths),
    mut request: Request,
    next: Next,
) -> Result<Response, AppError> {
    let signed_in = staff::resolve(app, scope, request.headers(), client).await?;
    match (&signed_in, permission) {
        (_, Permission::Anybody | Permission::Step) => {}
        (None, Permission::Staff(_) | Permission::StaffFresh(_)) => {
            let owner = staff::owner_of_session(app, scope, request.headers()).await?.map(FormOwner::Staff);
            let late = Late { owner, otherwise: "/console", way: staff::login_path_after };
            return late.answer(app, scope, pages, request).await;
        }
        (Some(staff), Permission::Staff(right) | Permission::StaffFresh(right)) if !staff.role.has(right) => {
            return Err(AppError::NotAllowed);
        }
        (Some(staff), Permission::StaffFresh(_)) if staff::confirm_due(app, staff, request.method()) => {
            let owner = Some(FormOwner::Staff(staff.staff_id));
            let late = Late { owner, otherwise: "/console", way: staff::confirm_path_after };
            return late.answer(app, scope, pages, request).await;
        }
        (Some(_), Permission::Staff(_) | Permission::StaffFresh(_)) => {}
        _ => return Err(AppError::NotFound),
    }
    let owner = signed_in.as_ref().map(|staff| FormOwner::Staff(staff.staff_id));
    if let Some(staff) = signed_in {
        if let Some(context) = request.extensions_mut().get_mut::<PageContext>() {
            context.staff = Some(Signed { name: staff.name.clone(), role: staff.role });
        }
        request.extensions_mut().insert(staff);
    }
    with_kept_form(app, scope, owner, request, next).await
}

/// Returns the path of the page that the answer stands for: an act's answer shows the page that its form was sent from, and its own
/// path cannot be opened.
fn page_path(request: &Request) -> String {
    if request.method().is_safe() {
        return request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    }
    ui::local_path(&referring_page(request))
}

/// The parts of every answer: the frame in the client's language, strict headers, and a page for every failure.
async fn outermost(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let https = app.config.http.https;
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name).to_lowercase();
    let mut context = PageContext {
        lang: ui::language::chosen(request.headers(), https),
        society: None,
        user: None,
        staff: None,
        coming: None,
        path: page_path(&request),
        style: app.assets.style_path.clone(),
        script: app.assets.script_path.clone(),
        icon: app.assets.icon_path.clone(),
        demo: app.demo.is_some(),
    };
    if !is_machines(request.uri().path()) {
        let found = in_request(app.patience(), app.societies.at_host(&app.db, app.clock.now(), &name)).await;
        context.society = found.ok().flatten();
    }
    request.extensions_mut().insert(context.clone());
    request.extensions_mut().insert(HostName(name));
    let peer =
        request.extensions().get::<ConnectInfo<SocketAddr>>().map_or(IpAddr::from([0, 0, 0, 0]), |info| info.0.ip());
    let client = ClientInfo::of(peer, request.headers(), &app.config.http.trusted_proxies, https);
    request.extensions_mut().insert(client);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());

    let mut response = match context.society.as_ref().filter(|_| came_in_clear(&app, peer, request.headers())) {
        Some(society) => to_https(&app.portal_address(society), &request),
        None => in_request(app.patience(), next.run(request)).await,
    };
    // What an extractor refused, as a query that cannot be read, gets a page as well.
    let answered = response.status() == StatusCode::TOO_MANY_REQUESTS;
    let refused = response.status().is_client_error() && !answered && context.society.is_some();
    let error = response.extensions_mut().remove::<AppError>().or(refused.then_some(AppError::NotFound));
    if answered || matches!(error, Some(AppError::Busy(_))) {
        app.slow_refusal.pause().await;
    }
    if let Some(error) = error {
        let reference = reference(&app);
        // What follows /link/… and the like is a secret.
        let place = path.split_inclusive('/').take(3).collect::<String>();
        match &error {
            AppError::Bug(bug) => tracing::error!(reference, %method, path = place, "{bug:#}"),
            AppError::Database(late) => tracing::warn!(%method, path = place, "answered 503: {late:#}"),
            _ => {}
        }
        if let AppError::Forbidden | AppError::NotAllowed = &error {
            let why = if matches!(error, AppError::Forbidden) { "another site" } else { "role" };
            let place = path.split_inclusive('/').take(3).collect::<String>();
            security::not_allowed(context.society.as_ref().map(|society| society.society_id), why, &method, &place);
        }
        response = match (&context.society, app.demo.is_some()) {
            (None, _) if matches!(error, AppError::Database(_)) => nobody_yet(),
            (None, false) => stranger().await,
            _ => ui::error_page(&context, &error, &reference, response),
        };
    }
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(*name).or_insert(HeaderValue::from_static(value));
    }
    // Proxies that gather answers would keep what is told as it happens until it is over.
    if headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream") {
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    }
    if https && context.society.is_some() {
        headers
            .insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000; includeSubDomains"));
    }
    response
}

/// Returns whether a trusted proxy says that a request reached it by plain http, where members come by https.
fn came_in_clear(app: &App, peer: IpAddr, headers: &HeaderMap) -> bool {
    let http = &app.config.http;
    http.https
        && headers.get("x-forwarded-proto").is_some_and(|proto| proto == "http")
        && http.trusted_proxies.iter().any(|network| network.contains(&peer.to_canonical()))
}

/// Leads to the same page by https. A form posted in clear is not accepted: its sender sees the first page.
fn to_https(portal: &str, request: &Request) -> Response {
    let safe = request.method().is_safe();
    let path = request.uri().path_and_query().filter(|_| safe).map_or("/", |path| path.as_str());
    let status = if safe { StatusCode::MOVED_PERMANENTLY } else { StatusCode::SEE_OTHER };
    (status, [(header::LOCATION, format!("{portal}{path}"))]).into_response()
}

/// The headers that restrict browsers on our pages: they may only show them and send their forms back to us.
const HEADERS: &[(&str, &str)] = &[
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ("cache-control", "no-store"),
];

/// Returns the number that an apology and its log line share.
fn reference(app: &App) -> String {
    let bytes: [u8; 8] = app.random.bytes().unwrap_or_default();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
