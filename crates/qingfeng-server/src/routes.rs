//! The routes: one table, of which the router, the description and the counters are made.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use axum::RequestExt as _;
use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{
    ACCEPT_LANGUAGE, AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    HOST, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri};
use axum::routing::{MethodFilter, MethodRouter, on};
use axum::{Router, extract};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use qingfeng::read::Format;
use qingfeng::{AssessError, Assessment, By};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::batch::{self, BatchWish};
use crate::log::LogRecord;
use crate::problem::{Problem, ProblemCode};
use crate::recent::RecentDeclaration;
use crate::reload::ReloadWish;
use crate::state::{Live, State, lock};
use crate::tokens::Role;
use crate::trace::Trace;
use crate::view::Shown;
use crate::{body, metrics, openapi};

/// The header with the digest of the pack that made an answer.
const PACK_DIGEST: HeaderName = HeaderName::from_static("qingfeng-pack-digest");
/// The header with the snapshot of the store of its lookup tables.
const SNAPSHOT: HeaderName = HeaderName::from_static("qingfeng-snapshot");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Bytes of a body with wishes.
const WISH_BYTES: usize = 4 << 10;

pub(crate) const JSON: &str = "application/json";
pub(crate) const NDJSON: &str = "application/x-ndjson";
pub(crate) const CSV: &str = "text/csv";
pub(crate) const ARROW: &str = "application/vnd.apache.arrow.stream";
const HTML: &str = "text/html; charset=utf-8";
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Assess,
    Batch,
    Explain,
    Check,
    Pack,
    Rules,
    Rule,
    Fields,
    Shadow,
    Reload,
    Health,
    Ready,
    Metrics,
    OpenApi,
    Console,
    Declaration,
}

/// A route.
pub(crate) struct Route {
    pub method: &'static str,
    pub path: &'static str,
    /// What a token must allow; nothing where everybody may ask.
    pub role: Option<Role>,
    pub summary: &'static str,
    /// Content types of the body.
    pub takes: &'static [&'static str],
    pub gives: &'static str,
    /// The schema of the answer, in the description.
    pub schema: Option<&'static str>,
    pub endpoint: Endpoint,
}

const fn get(
    path: &'static str,
    role: Option<Role>,
    summary: &'static str,
    (gives, schema): (&'static str, Option<&'static str>),
    endpoint: Endpoint,
) -> Route {
    Route { method: "GET", path, role, summary, takes: &[], gives, schema, endpoint }
}

const fn post(
    path: &'static str,
    role: Role,
    summary: &'static str,
    takes: &'static [&'static str],
    (gives, schema): (&'static str, Option<&'static str>),
    endpoint: Endpoint,
) -> Route {
    Route { method: "POST", path, role: Some(role), summary, takes, gives, schema, endpoint }
}

/// All routes.
pub(crate) const ROUTES: [Route; 16] = [
    post(
        "/v1/assess",
        Role::Assess,
        "Assess one declaration",
        &[JSON],
        (JSON, Some("Assessment")),
        Endpoint::Assess,
    ),
    post(
        "/v1/assess/batch",
        Role::Assess,
        "Assess many declarations; rows, rejects and at the end a summary, as they are assessed",
        &[NDJSON, CSV, ARROW],
        (NDJSON, None),
        Endpoint::Batch,
    ),
    post(
        "/v1/explain",
        Role::Explain,
        "Explain the decision about one declaration",
        &[JSON],
        (JSON, Some("Explanation")),
        Endpoint::Explain,
    ),
    post(
        "/v1/check",
        Role::Reload,
        "Check a pack, a tar archive: its mistakes, its tests, and what it would change",
        &["application/x-tar", "application/gzip", "application/zstd"],
        (JSON, Some("Check")),
        Endpoint::Check,
    ),
    post(
        "/v1/reload",
        Role::Reload,
        "Exchange the pack for the one on the disk",
        &[JSON],
        (JSON, Some("Reload")),
        Endpoint::Reload,
    ),
    get(
        "/v1/pack",
        Some(Role::Read),
        "The pack that runs, with its counts",
        (JSON, Some("Pack")),
        Endpoint::Pack,
    ),
    get("/v1/rules", Some(Role::Read), "The rules of the pack", (JSON, Some("Rules")), Endpoint::Rules),
    get("/v1/rules/{id}", Some(Role::Read), "One rule of the pack", (JSON, Some("Rule")), Endpoint::Rule),
    get(
        "/v1/fields",
        Some(Role::Read),
        "Fields that rules read, and keys and fields that nobody reads or fills",
        (JSON, Some("Fields")),
        Endpoint::Fields,
    ),
    get(
        "/v1/shadow",
        Some(Role::Read),
        "What the shadow pack would have decided",
        (JSON, Some("Shadow")),
        Endpoint::Shadow,
    ),
    get("/healthz", None, "Whether the service lives", (JSON, Some("Health")), Endpoint::Health),
    get(
        "/readyz",
        None,
        "Whether it takes requests, and which pack runs",
        (JSON, Some("Ready")),
        Endpoint::Ready,
    ),
    get("/metrics", Some(Role::Read), "Counts for Prometheus", (METRICS, None), Endpoint::Metrics),
    get("/openapi.json", None, "This description", (JSON, None), Endpoint::OpenApi),
    get("/", Some(Role::Read), "The console", (HTML, None), Endpoint::Console),
    get(
        "/declarations/{number}",
        Some(Role::Explain),
        "Why one of the last declarations got its channel, as a page",
        (HTML, None),
        Endpoint::Declaration,
    ),
];

/// The router of all routes.
pub(crate) fn router(state: &Arc<State>) -> Router {
    let mut router = Router::new();
    for (at, route) in ROUTES.iter().enumerate() {
        let filter = if route.method == "POST" { MethodFilter::POST } else { MethodFilter::GET };
        let of_route = Arc::clone(state);
        let methods: MethodRouter =
            on(filter, move |request: extract::Request| answer(of_route, Some(at), request));
        let allow = if route.method == "POST" { "POST" } else { "GET, HEAD" };
        let other = move || async move {
            let message = format!("{} takes {allow}", route.path);
            let problem = Problem::new(ProblemCode::MethodNotAllowed, message, format!("send it as {allow}"));
            Problem { allow: Some(allow), ..problem }.response()
        };
        router = router.route(route.path, methods.fallback(other));
    }
    let state = Arc::clone(state);
    router.fallback(move |request: extract::Request| answer(state, None, request))
}

/// How long ago that is, to the microsecond.
pub(crate) fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_micros() as f64 / 1_000.0
}

/// Who asks, and what it may.
struct Granted {
    name: Option<String>,
    /// `None` where everybody may do everything.
    roles: Option<Vec<Role>>,
}

impl Granted {
    fn has(&self, role: Role) -> bool {
        self.roles.as_ref().is_none_or(|roles| roles.contains(&role))
    }
}

/// An answer, and the pack that made it.
struct Answer {
    response: Response<Body>,
    live: Option<Arc<Live>>,
}

impl Answer {
    fn new(content_type: &'static str, body: impl Into<Body>, live: Option<Arc<Live>>) -> Self {
        let mut response = Response::new(body.into());
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self { response, live }
    }

    fn json(value: &impl Serialize, live: Option<Arc<Live>>) -> Result<Self, Problem> {
        let text = serde_json::to_string(value).map_err(|_| Problem::panicked())?;
        Ok(Self::new(JSON, text + "\n", live))
    }

    fn with_status(mut self, status: StatusCode) -> Self {
        *self.response.status_mut() = status;
        self
    }
}

async fn answer(state: Arc<State>, route: Option<usize>, request: extract::Request) -> Response<Body> {
    let started = Instant::now();
    let method = request.method().clone();
    let trace = state.traces.of(text_of(request.headers(), &TRACEPARENT));
    let mut token = None;
    let answered = respond(&state, route, request, &trace, &mut token).await;
    let mut response = match answered {
        Ok(Answer { mut response, live }) => {
            if let Some(live) = live {
                let headers = response.headers_mut();
                if let Ok(digest) = HeaderValue::from_str(live.engine.digest()) {
                    headers.insert(PACK_DIGEST, digest);
                }
                if let Some(snapshot) =
                    live.snapshot().and_then(|snapshot| HeaderValue::from_str(snapshot).ok())
                {
                    headers.insert(SNAPSHOT, snapshot);
                }
            }
            response
        }
        Err(problem) => {
            if problem.code == ProblemCode::Busy {
                state.counters.queue_full.fetch_add(1, Ordering::Relaxed);
            }
            problem.response()
        }
    };
    let headers = response.headers_mut();
    if let Ok(header) = HeaderValue::from_str(&trace.header()) {
        headers.insert(TRACEPARENT, header);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let status = response.status().as_u16();
    let class = match status {
        ..400 => 0,
        400..500 => 1,
        _ => 2,
    };
    if let Some(counts) = state.counters.requests.get(route.unwrap_or(ROUTES.len())) {
        counts[class].fetch_add(1, Ordering::Relaxed);
    }
    state.log(LogRecord {
        event: "request",
        level: if class == 2 { "error" } else { "info" },
        trace: Some(trace.id),
        token,
        method: Some(if method.as_str().len() <= 10 { method.to_string() } else { "other".to_owned() }),
        route: Some(route.map_or("other", |at| ROUTES[at].path)),
        status: Some(status),
        ms: Some(milliseconds(started)),
        ..LogRecord::default()
    });
    response
}

fn text_of<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

async fn respond(
    state: &Arc<State>,
    route: Option<usize>,
    mut request: extract::Request,
    trace: &Trace,
    token: &mut Option<String>,
) -> Result<Answer, Problem> {
    check_sender(state, request.headers())?;
    let Some(route) = route.and_then(|at| ROUTES.get(at)) else {
        return Err(Problem::new(
            ProblemCode::NotFound,
            "there is no such route",
            "`GET /openapi.json` describes all routes",
        ));
    };
    let granted = granted(state, route, request.method(), request.headers());
    let granted = match (granted, route.role) {
        (Ok(granted), _) => granted,
        // What everybody may ask is answered to whoever has no token, with less in it.
        (Err(_), None) => Granted { name: None, roles: Some(Vec::new()) },
        (Err(problem), Some(_)) => return Err(problem),
    };
    token.clone_from(&granted.name);
    if let Some(role) = route.role
        && !granted.has(role)
    {
        return Err(Problem::new(
            ProblemCode::Forbidden,
            format!("the token has not the role `{}`", role.name()),
            "use a token that has it, or add the role in the file of tokens",
        ));
    }
    match route.endpoint {
        Endpoint::Assess => assess(state, &granted, request).await,
        Endpoint::Batch => many(state, &granted, request, trace).await,
        Endpoint::Explain => explain(state, request).await,
        Endpoint::Check => check(state, request).await,
        Endpoint::Reload => reload(state, request).await,
        Endpoint::Pack => {
            let state = Arc::clone(state);
            aside(move || Answer::json(&state.view(false), Some(state.live()))).await
        }
        Endpoint::Rules => {
            let live = state.live();
            aside(move || rules(live)).await
        }
        Endpoint::Rule => {
            let id = parameter(&mut request).await?;
            let live = state.live();
            aside(move || rule(live, &id)).await
        }
        Endpoint::Fields => {
            let live = state.live();
            Answer::json(&state.fields(&live), Some(Arc::clone(&live)))
        }
        Endpoint::Shadow => match state.shadow() {
            Some(shadow) => Answer::json(&shadow.view(), Some(state.live())),
            None => Err(Problem::new(
                ProblemCode::NotFound,
                "there is no shadow pack",
                "start the service with `--shadow PACK`",
            )),
        },
        Endpoint::Health => Answer::json(&serde_json::json!({ "alive": true }), None),
        Endpoint::Ready => ready(state, granted.has(Role::Read)),
        Endpoint::Metrics => {
            let state = Arc::clone(state);
            aside(move || Ok(Answer::new(METRICS, metrics::text(&state), None))).await
        }
        Endpoint::OpenApi => Answer::json(&openapi::description(), None),
        Endpoint::Console => {
            console(state, granted.has(Role::Explain), request.uri(), request.headers()).await
        }
        Endpoint::Declaration => {
            let number = parameter(&mut request).await?;
            declaration(state, &number, request.uri(), request.headers()).await
        }
    }
}

/// Refuses what a browser sends for a page of another site, and where no token is asked for what comes under a name that
/// is not this machine's.
fn check_sender(state: &State, headers: &HeaderMap) -> Result<(), Problem> {
    let host = text_of(headers, &HOST);
    let refused = |message: &str, remedy: &str| Err(Problem::new(ProblemCode::Forbidden, message, remedy));
    if headers.contains_key(ORIGIN) {
        let origin = text_of(headers, &ORIGIN).and_then(|origin| Some(origin.split_once("://")?.1));
        if origin.is_none() || origin != host {
            return refused("a page of another site sent this", "send it from a program, not from a page");
        }
    }
    if state.options.tokens.is_none()
        && let Some(host) = host
        && !is_this_machine(host)
    {
        return refused(
            "the service answers under names of this machine alone, since it has no tokens",
            "ask `localhost` or `127.0.0.1`, or start the service with `--tokens FILE`",
        );
    }
    Ok(())
}

fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// What whoever asks may do. A browser gives the token as the password of a user of any name; that counts for pages alone,
/// since a browser gives it without being asked.
fn granted(state: &State, route: &Route, method: &Method, headers: &HeaderMap) -> Result<Granted, Problem> {
    let Some(tokens) = &state.options.tokens else { return Ok(Granted { name: None, roles: None }) };
    let unauthorized = |message: &str| {
        Problem::new(
            ProblemCode::Unauthorized,
            message,
            "send `Authorization: Bearer TOKEN` with a token that is in force",
        )
    };
    let Some(given) = text_of(headers, &AUTHORIZATION) else {
        return Err(unauthorized("no token was given"));
    };
    let (scheme, rest) = given.split_once(' ').unwrap_or_default();
    let token = match scheme {
        scheme if scheme.eq_ignore_ascii_case("bearer") => Some(rest.trim().to_owned()),
        scheme if scheme.eq_ignore_ascii_case("basic") && method != Method::POST && route.method == "GET" => {
            let pair = BASE64.decode(rest.trim()).ok().and_then(|pair| String::from_utf8(pair).ok());
            pair.and_then(|pair| Some(pair.split_once(':')?.1.to_owned()))
        }
        _ => None,
    };
    let found = token.as_deref().and_then(|token| tokens.find(token));
    let (name, roles) = found.ok_or_else(|| unauthorized("the token is not known"))?;
    Ok(Granted { name: Some(name.to_owned()), roles: Some(roles.to_vec()) })
}

/// Does work that may take a while in a thread for it.
async fn aside(work: impl FnOnce() -> Result<Answer, Problem> + Send + 'static) -> Result<Answer, Problem> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(Problem::panicked()))
}

async fn parameter(request: &mut extract::Request) -> Result<String, Problem> {
    let found = request.extract_parts::<Path<String>>().await;
    found
        .map(|Path(text)| text)
        .map_err(|_| Problem::new(ProblemCode::NotFound, "the path is no text", "correct it"))
}

/// Refuses a body of another type than those of the route. One without a type is what the route takes usually.
fn check_type<'t>(headers: &HeaderMap, takes: &[&'t str]) -> Result<&'t str, Problem> {
    let refused = |message: String| {
        Err(Problem::new(
            ProblemCode::UnsupportedFormat,
            message,
            format!("send it as {}", takes.join(" or ")),
        ))
    };
    if headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return refused("the body is compressed, and is not unpacked here".to_owned());
    }
    let Some(given) = headers.get(CONTENT_TYPE) else { return Ok(takes[0]) };
    let given = given.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let known = takes.iter().find(|known| known.eq_ignore_ascii_case(given));
    match known {
        Some(known) => Ok(known),
        // What `curl -d` says where it is not told otherwise.
        None if given.eq_ignore_ascii_case("application/x-www-form-urlencoded") => Ok(takes[0]),
        None if takes.contains(&NDJSON) && matches!(given, "application/ndjson" | "application/jsonl") => {
            Ok(NDJSON)
        }
        None => refused(format!("`{}` is no format that is taken here", given.escape_default())),
    }
}

/// Has an answer made by the threads that assess.
async fn assessed<T: Send + 'static>(
    state: &Arc<State>,
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    after: impl FnOnce() + Send + 'static,
) -> Result<T, Problem> {
    let (reply, answer) = oneshot::channel();
    let job = move || {
        // Whoever asked may be gone.
        let _ = reply.send(work());
        after();
    };
    let full = |_| Problem::busy("more declarations wait than there is room for");
    state.workers.submit(job).map_err(full)?;
    answer.await.unwrap_or_else(|_| Err(Problem::panicked()))
}

async fn assess(state: &Arc<State>, granted: &Granted, request: extract::Request) -> Result<Answer, Problem> {
    check_type(request.headers(), &[JSON])?;
    let may_explain = granted.has(Role::Explain);
    let (message, held) = body::whole(state, request.into_body(), state.options.limits.message_bytes).await?;
    let shared = Arc::new(std::sync::Mutex::new(None));
    let work = {
        let (state, message, shared) = (Arc::clone(state), message.clone(), Arc::clone(&shared));
        move || {
            let (answer, channel) = assess_now(&state, &message, may_explain)?;
            *lock(&shared) = Some(channel);
            Ok(answer)
        }
    };
    let after = {
        let state = Arc::clone(state);
        move || {
            // The client has its answer; what the shadow pack says is for others.
            if let (Some(channel), Some(shadow)) = (lock(&shared).take(), state.shadow()) {
                if state.workers.is_pressed() {
                    shadow.skip();
                } else {
                    shadow.follow(&message, &channel);
                }
            }
            drop(held);
        }
    };
    let (json, live) = assessed(state, work, after).await?;
    Ok(Answer::new(JSON, json, Some(live)))
}

/// An answer, and the pack that made it.
type AssessedNow = (Vec<u8>, Arc<Live>);

/// The answer to a message, and the channel.
fn assess_now(state: &State, message: &Bytes, may_explain: bool) -> Result<(AssessedNow, String), Problem> {
    let live = state.live();
    let started = Instant::now();
    let found = live.engine.assess_json_seen(message, |lines| live.see(lines));
    state.counters.assess_seconds.add(started.elapsed());
    let found = found.inspect_err(|error| {
        let kind = match error {
            AssessError::Rejected(rejects) => rejects.first().map(|reject| reject.kind),
            _ => None,
        };
        state.count_reject(kind);
    })?;
    state.counters.declarations.fetch_add(1, Ordering::Relaxed);
    state.counters.lines.fetch_add(found.items.len() as u64, Ordering::Relaxed);
    live.count(&found);
    state.note_unknown(found.notes.unknown_fields.iter());
    state.recent.add(RecentDeclaration {
        number: 0,
        at: state.now(),
        id: found.declaration_id.clone(),
        channel: found.channel.clone(),
        score: found.score,
        // A piece of a connection's buffer would keep all of the buffer.
        message: Bytes::copy_from_slice(message),
    });
    let channel = found.channel.clone();
    let mut json = if may_explain { serde_json::to_vec(&found) } else { withheld(found) }
        .map_err(|_| Problem::panicked())?;
    json.push(b'\n');
    Ok(((json, live), channel))
}

/// An assessment without rules and reasons, which says so.
fn withheld(mut found: Assessment) -> serde_json::Result<Vec<u8>> {
    for item in &mut found.items {
        item.fired.clear();
        item.faults.clear();
        item.undecided.clear();
    }
    let mut json = serde_json::to_vec(&found)?;
    json.pop();
    json.extend_from_slice(br#","withheld":["fired","faults","undecided"]}"#);
    Ok(json)
}

async fn explain(state: &Arc<State>, request: extract::Request) -> Result<Answer, Problem> {
    check_type(request.headers(), &[JSON])?;
    let (message, held) = body::whole(state, request.into_body(), state.options.limits.message_bytes).await?;
    let work = {
        let state = Arc::clone(state);
        move || {
            let live = state.live();
            let explanation = live.engine.explain_json(&message)?;
            Answer::json(&explanation, Some(live))
        }
    };
    assessed(state, work, move || drop(held)).await
}

async fn many(
    state: &Arc<State>,
    granted: &Granted,
    request: extract::Request,
    trace: &Trace,
) -> Result<Answer, Problem> {
    let format = match check_type(request.headers(), &[NDJSON, CSV, ARROW])? {
        CSV => Format::Csv,
        ARROW => Format::Arrow,
        _ => Format::Ndjson,
    };
    let may_explain = granted.has(Role::Explain);
    let mut wish = BatchWish { format, by: By::Declaration, reasons: false, may_explain };
    for (key, value) in query(request.uri()) {
        match (key, value) {
            ("by", "declaration") => wish.by = By::Declaration,
            ("by", "item") => wish.by = By::Item,
            ("reasons", "false") => wish.reasons = false,
            ("reasons", "true") if may_explain => wish.reasons = true,
            ("reasons", "true") => {
                return Err(Problem::new(
                    ProblemCode::Forbidden,
                    "reasons are for tokens with the role `explain`",
                    "leave `reasons` out, or use a token that has the role",
                ));
            }
            _ => {
                return Err(Problem::new(
                    ProblemCode::BadRequest,
                    format!("`{}={}` is not known here", key.escape_default(), value.escape_default()),
                    "use `by=declaration`, `by=item`, `reasons=true` or `reasons=false`",
                ));
            }
        }
    }
    let permit = Arc::clone(&state.batches).try_acquire_owned();
    let permit =
        permit.map_err(|_| Problem::busy("as many bodies with many declarations are under way as may be"))?;
    let live = state.live();
    let body =
        batch::answer(state, Arc::clone(&live), request.into_body(), wish, trace.clone(), permit).await?;
    Ok(Answer::new(NDJSON, body, Some(live)))
}

/// The pairs of a query. No value that is known here has anything to decode.
fn query(uri: &Uri) -> impl Iterator<Item = (&str, &str)> {
    let pairs = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

async fn check(state: &Arc<State>, request: extract::Request) -> Result<Answer, Problem> {
    let (archive, held) = body::whole(state, request.into_body(), state.options.limits.pack_bytes).await?;
    let state = Arc::clone(state);
    aside(move || {
        let checked = state.check(&archive)?;
        drop(held);
        Ok(Answer::new(JSON, checked + "\n", None))
    })
    .await
}

/// What a reload may be asked for.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Wish {
    max_change: Option<f64>,
    expected_digest: Option<String>,
}

async fn reload(state: &Arc<State>, request: extract::Request) -> Result<Answer, Problem> {
    check_type(request.headers(), &[JSON])?;
    let (text, held) = body::whole(state, request.into_body(), WISH_BYTES).await?;
    let bad = |message: String| {
        let remedy =
            "send nothing, or an object such as {\"max_change\": 0.05, \"expected_digest\": \"...\"}";
        Problem::new(ProblemCode::BadRequest, message, remedy)
    };
    let wish: Wish = if text.is_empty() {
        Wish::default()
    } else {
        // A list would do for serde.
        let object = serde_json::from_slice::<serde_json::Map<_, _>>(&text);
        let wish = object.and_then(|object| serde_json::from_value(object.into()));
        wish.map_err(|error| bad(error.to_string()))?
    };
    if let Some(share) = wish.max_change.filter(|share| !(0.0..=1.0).contains(share)) {
        return Err(Problem {
            field: Some("max_change".to_owned()),
            ..bad(format!("`max_change` is {share}, and no share from 0 to 1"))
        });
    }
    drop(held);
    let wish = ReloadWish { max_change: wish.max_change, expected_digest: wish.expected_digest };
    let state = Arc::clone(state);
    aside(move || {
        let note = state.reload("request", &wish)?;
        let status = if note.outcome.is_refused() { StatusCode::CONFLICT } else { StatusCode::OK };
        Ok(Answer::json(&note, Some(state.live()))?.with_status(status))
    })
    .await
}

fn rules(live: Arc<Live>) -> Result<Answer, Problem> {
    let engine = &live.engine;
    let listing = serde_json::json!({ "pack": &**engine.pack_id(), "digest": engine.digest(), "rules": engine.listed_rules() });
    Answer::json(&listing, Some(Arc::clone(&live)))
}

fn rule(live: Arc<Live>, id: &str) -> Result<Answer, Problem> {
    let found = live.engine.listed_rule(id);
    let unknown = || {
        Problem::new(
            ProblemCode::NotFound,
            format!("the pack has no rule `{}`", id.escape_default()),
            "`GET /v1/rules` lists them",
        )
    };
    Answer::json(&found.ok_or_else(unknown)?, Some(Arc::clone(&live)))
}

fn ready(state: &State, may_read: bool) -> Result<Answer, Problem> {
    let live = state.live();
    let disk = lock(&state.disk).clone();
    let last = state.reloads.last().map(|note| {
        let mut last = serde_json::json!({ "at": note.at, "by": note.by, "outcome": note.outcome.name() });
        if may_read {
            last["reasons"] = note.reasons.into();
        }
        last
    });
    let is_ready = !state.is_ending();
    let answer = serde_json::json!({
        "ready": is_ready,
        "pack": &**live.engine.pack_id(),
        "digest": live.engine.digest(),
        "snapshot": live.snapshot(),
        "since": live.since,
        "on_disk": disk,
        "is_current": disk.digest.as_deref() == Some(live.engine.digest()),
        "last_reload": last,
        "waiting": state.workers.waiting(),
    });
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok(Answer::json(&answer, Some(live))?.with_status(status))
}

fn is_chinese(uri: &Uri, headers: &HeaderMap) -> bool {
    match query(uri).find(|(key, _)| *key == "lang") {
        Some((_, language)) => language.starts_with("zh"),
        None => text_of(headers, &ACCEPT_LANGUAGE)
            .is_some_and(|languages| languages.trim_start().starts_with("zh")),
    }
}

/// A page, which may use its own styles and nothing else.
fn page(
    state: &State,
    shown: Shown<'_>,
    is_chinese: bool,
    live: Option<Arc<Live>>,
) -> Result<Answer, Problem> {
    let Some(console) = &state.options.console else {
        return Err(Problem::new(ProblemCode::NotFound, "there is no console", "ask `GET /v1/pack`"));
    };
    let page = console.page(shown, is_chinese);
    let mut answer = Answer::new(HTML, page.html, live);
    let headers = answer.response.headers_mut();
    let policy = HeaderValue::from_str(&page.policy).map_err(|_| Problem::panicked())?;
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(answer)
}

async fn console(
    state: &Arc<State>,
    may_explain: bool,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Answer, Problem> {
    let is_chinese = is_chinese(uri, headers);
    let state = Arc::clone(state);
    aside(move || page(&state, Shown::Overview(&state.view(may_explain)), is_chinese, Some(state.live())))
        .await
}

async fn declaration(
    state: &Arc<State>,
    number: &str,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Answer, Problem> {
    let is_chinese = is_chinese(uri, headers);
    let message = number.parse().ok().and_then(|number| state.recent.message(number));
    let gone = || {
        Problem::new(
            ProblemCode::NotFound,
            "no declaration of this number is in memory any more",
            "post it to `/v1/explain`, or look at the console for the last ones",
        )
    };
    let message = message.ok_or_else(gone)?;
    let work = {
        let state = Arc::clone(state);
        move || {
            let live = state.live();
            let explanation = live.engine.explain_json(&message)?;
            let pack = Arc::clone(live.engine.pack());
            page(&state, Shown::Explanation(&explanation, &pack), is_chinese, Some(live))
        }
    };
    assessed(state, work, || {}).await
}

#[cfg(test)]
mod tests {
    use super::is_this_machine;

    #[test]
    fn names_of_this_machine_are_known() {
        for host in ["localhost", "LOCALHOST:80", "127.0.0.1:8080", "127.9.9.9", "[::1]:1", "[::1]"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in ["", "localhost.evil.example", "10.0.0.1", "[2001:db8::1]:80", "evil.example:80"] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
