//! From a request to an answer: which service, who calls, what goes wrong on request, and the wire format of it all.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use cloudgrant_sandbox_kit::ids::request_id;
use cloudgrant_sandbox_kit::management::PREFIX;
use cloudgrant_sandbox_kit::{Counter, Fate, Faults, Handler, Knobs, Request, Response, async_trait};
use http::header::CONTENT_TYPE;
use http::{HeaderName, Method, StatusCode};

use crate::authorization::caller_policies::{Allowed, Sent};
use crate::authorization::denials::{self, Why};
use crate::management::{self, Line, Log};
use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::json::Params;
use crate::protocol::query::Query;
use crate::protocol::{json, xml};
use crate::quotas::Quotas;
use crate::server::auth::{self, Caller, Scope};
use crate::services::{ecr, iam, kms, s3, secretsmanager, sts};
use crate::state::State;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// The services that are emulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Iam,
    Sts,
    Ecr,
    SecretsManager,
    Kms,
    S3,
}

/// The sandbox as the server sees it.
#[derive(Debug)]
pub(crate) struct Dispatcher {
    pub(crate) state: Mutex<State>,
    pub(crate) faults: Faults,
    pub(crate) counter: Arc<Counter>,
    pub(crate) log: Mutex<Log>,
    /// How many requests were carried out.
    pub(crate) carried_out: AtomicU64,
    /// How often the folder was in use; a part of request ids.
    pub(crate) start: u64,
    /// What callers may do, where a test says so.
    pub(crate) allowed: Allowed,
}

/// What a request asks for, before anybody looked at its parameters.
struct Asked {
    service: Service,
    /// As in `CreateRole`.
    operation: String,
    /// As in `iam:CreateRole`.
    action: String,
    /// What S3 is asked, where that is emulated.
    s3: Option<s3::Call>,
    /// The form, if this is the query protocol; it holds the name of the operation, so it was read already.
    query: Query,
}

enum Outcome {
    Xml(Option<xml::Xml>),
    Json(serde_json::Value),
    S3(s3::Body),
}

impl Outcome {
    /// The policy of a repository, a bucket or a key in it.
    fn policy(&self) -> Option<String> {
        let answer = match self {
            Self::Json(answer) => answer,
            Self::S3(s3::Body::Json(policy)) => return Some(policy.clone()),
            Self::Xml(_) | Self::S3(_) => return None,
        };
        let text = answer.get("policyText").or_else(|| answer.get("Policy"));
        text.and_then(serde_json::Value::as_str).map(str::to_owned)
    }
}

#[async_trait]
impl Handler for Dispatcher {
    async fn handle(&self, request: Request) -> Response {
        if request.path.starts_with(PREFIX) {
            return management::handle(self, &request);
        }
        let sequence = self.faults.next();
        self.faults.around(sequence, self.answer(sequence, request)).await
    }
}

impl Dispatcher {
    async fn answer(&self, sequence: u64, request: Request) -> Response {
        let request_id = request_id(self.start, sequence);
        let scope = auth::scope(&request);
        let asked = Asked::read(&request, scope.as_ref());
        self.counter.count(&asked.action);
        let fate = self.faults.decide(sequence, Instant::now());
        self.faults.wait().await;
        let mut turn = None;
        let outcome = match fate {
            Fate::DropBefore => {
                self.note(sequence, turn, scope.as_ref(), &asked, 0, None);
                return Response::dropped();
            }
            Fate::Throttle => Err(ApiError::new("Throttling", 400, "Rate exceeded")),
            Fate::Fail => Err(ApiError::new(
                "ServiceFailure",
                500,
                "The request processing has failed because of an unknown error, exception or failure.",
            )),
            Fate::Serve | Fate::DropAfter => self.carry_out(&request, scope.as_ref(), &asked, &mut turn),
        };
        let policy = outcome.as_ref().ok().and_then(|outcome| outcome.policy().or_else(|| asked.policy(&request)));
        let response = match outcome {
            Ok(outcome) => success(&asked, outcome, &request_id),
            Err(error) => failure(&asked, &request.method, error, &request_id),
        };
        self.note(sequence, turn, scope.as_ref(), &asked, response.status.as_u16(), policy);
        if fate == Fate::DropAfter { Response::dropped() } else { response }
    }

    /// Turns the knobs: faults, quotas and replication. What isn't named is as in a sandbox without knobs.
    pub(crate) fn turn(&self, knobs: Knobs) -> cloudgrant_sandbox_kit::Result<()> {
        let quotas = Quotas::new(&knobs.quotas)?;
        denials::check(&knobs.deny)?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.quotas = quotas;
        state.replication = knobs.replication;
        state.older_wording = knobs.older_wording;
        self.faults.turn(knobs);
        Ok(())
    }

    /// `turn` becomes the request's place among those that were carried out.
    fn carry_out(
        &self,
        request: &Request,
        scope: Option<&Scope>,
        asked: &Asked,
        turn: &mut Option<u64>,
    ) -> Answer<Outcome> {
        let scope = scope.ok_or_else(|| {
            ApiError::new("MissingAuthenticationToken", 403, "Request is missing Authentication Token")
        })?;
        let params = match asked.service {
            Service::Ecr | Service::SecretsManager | Service::Kms => Params::parse(&request.body)?,
            Service::Iam | Service::Sts | Service::S3 => Params::default(),
        };
        if asked.operation.is_empty() {
            let message = format!(
                "The sandbox emulates IAM, STS, ECR, KMS, Secrets Manager and the buckets of S3; this is a request for {}",
                scope.service
            );
            return Err(match asked.service {
                Service::S3 => ApiError::new("NotImplemented", 501, message),
                _ => ApiError::new("InvalidAction", 400, message),
            });
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *turn = Some(self.carried_out.fetch_add(1, Ordering::Relaxed) + 1);
        let caller = auth::caller(&state, scope, request.header("x-amz-security-token"))?;
        let knobs = self.faults.knobs();
        let has = |parameter: &str| asked.query.get(parameter).is_some() || params.value(parameter).is_some();
        if let Some(why) = denials::find(&knobs.deny, &asked.action, has) {
            let resource = asked.resources(&state, &caller, &params).swap_remove(0);
            return Err(match why {
                Why::NotAllowed => ApiError::denied(&caller.arn, &asked.action, &resource),
                Why::Explicit(by) => ApiError::denied_by(
                    &caller.arn,
                    &asked.action,
                    &resource,
                    &format!("with an explicit deny in {by}"),
                ),
            });
        }
        let sent = Sent { query: &asked.query, params: &params };
        for resource in asked.resources(&state, &caller, &params) {
            if !self.allowed.admits(&state, &caller, &asked.action, &sent, &resource) {
                return Err(ApiError::denied(&caller.arn, &asked.action, &resource));
            }
        }
        let state = &mut *state;
        match asked.service {
            Service::Iam => iam::call(state, &caller, &asked.operation, &asked.query).map(Outcome::Xml),
            Service::Sts => sts::call(state, &caller, &asked.operation, &asked.query).map(Outcome::Xml),
            Service::Ecr => ecr::call(state, &caller, &asked.operation, &params).map(Outcome::Json),
            Service::SecretsManager => {
                secretsmanager::call(state, &caller, &asked.operation, &params).map(Outcome::Json)
            }
            Service::Kms => kms::call(state, &caller, &asked.operation, &params).map(Outcome::Json),
            Service::S3 => match &asked.s3 {
                Some(call) => s3::call(state, &caller, call).map(Outcome::S3),
                None => Err(ApiError::new(
                    "NotImplemented",
                    501,
                    "A header you provided implies functionality that is not implemented",
                )),
            },
        }
    }

    fn note(
        &self,
        sequence: u64,
        turn: Option<u64>,
        scope: Option<&Scope>,
        asked: &Asked,
        status: u16,
        policy: Option<String>,
    ) {
        let key = scope.map(|scope| scope.key.clone()).unwrap_or_default();
        let (account, action) = (self.account(&key), asked.action.clone());
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let at_us = u64::try_from(log.since().as_micros()).unwrap_or(u64::MAX);
        log.note(Line { sequence, turn, at_us, account, key, action, status, policy });
    }

    /// The account that a key names, for the log.
    fn account(&self, key: &str) -> String {
        if let Some(account) = key.strip_prefix(auth::KEY_PREFIX) {
            return account.to_owned();
        }
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.sessions.get(key).map(|session| session.account.clone()).unwrap_or_default()
    }
}

impl Asked {
    fn read(request: &Request, scope: Option<&Scope>) -> Self {
        if let Some(target) = request.header("x-amz-target") {
            // An unknown service keeps its name in the operation, which is then unknown too.
            let (service, operation) = match target.split_once('.') {
                Some(("secretsmanager", operation)) => (Service::SecretsManager, operation),
                Some(("TrentService", operation)) => (Service::Kms, operation),
                Some(("AmazonEC2ContainerRegistry_V20150921", operation)) => (Service::Ecr, operation),
                _ => (Service::Ecr, target),
            };
            return Self::new(service, operation, Query::default());
        }
        if scope.is_some_and(|scope| scope.service == "s3") {
            let s3 = s3::Call::read(request);
            let (operation, action) = s3.as_ref().map_or(("", "s3:"), |call| (call.operation, call.action));
            return Self {
                service: Service::S3,
                operation: operation.to_owned(),
                action: action.to_owned(),
                query: Query::default(),
                s3,
            };
        }
        let form = if request.body.is_empty() { request.query.as_bytes() } else { &request.body };
        let query = Query::parse(form);
        // The version of the API tells the services apart where nobody signed.
        let service = match (scope.map(|scope| scope.service.as_str()), query.get("Version")) {
            (Some("sts"), _) | (None, Some("2011-06-15")) => Service::Sts,
            _ => Service::Iam,
        };
        let operation = query.get("Action").unwrap_or_default().to_owned();
        Self::new(service, &operation, query)
    }

    fn new(service: Service, operation: &str, query: Query) -> Self {
        let action = format!("{}:{operation}", service.prefix());
        Self { service, operation: operation.to_owned(), action, query, s3: None }
    }

    /// The policy that it writes, of which some services' answers say nothing.
    fn policy(&self, request: &Request) -> Option<String> {
        match self.action.as_str() {
            "s3:PutBucketPolicy" => self.s3.as_ref()?.policy().map(str::to_owned),
            "kms:PutKeyPolicy" => Params::parse(&request.body).ok()?.get("Policy").map(str::to_owned),
            _ => None,
        }
    }

    /// What it is about: one resource at least.
    fn resources(&self, state: &State, caller: &Caller, params: &Params) -> Vec<String> {
        match self.service {
            Service::Iam => vec![iam::resource(state, caller, &self.query)],
            Service::Sts => vec![sts::resource(&self.query)],
            Service::Ecr => ecr::resources(caller, params),
            Service::SecretsManager => vec![secretsmanager::resource(caller, params)],
            Service::Kms => vec![kms::resource(caller, params)],
            Service::S3 => vec![self.s3.as_ref().map_or_else(|| "*".to_owned(), |call| call.resource(caller))],
        }
    }
}

impl Service {
    fn prefix(self) -> &'static str {
        match self {
            Self::Iam => "iam",
            Self::Sts => "sts",
            Self::Ecr => "ecr",
            Self::SecretsManager => "secretsmanager",
            Self::Kms => "kms",
            Self::S3 => "s3",
        }
    }

    fn namespace(self) -> &'static str {
        if self == Self::Sts { sts::NAMESPACE } else { iam::NAMESPACE }
    }
}

fn success(asked: &Asked, outcome: Outcome, request_id: &str) -> Response {
    match outcome {
        Outcome::Xml(result) => {
            let result = result.map(xml::Xml::into_string);
            let text = xml::answer(&asked.operation, asked.service.namespace(), result.as_deref(), request_id);
            respond(200, "text/xml", text, request_id)
        }
        Outcome::Json(value) => respond(200, "application/x-amz-json-1.1", value.to_string(), request_id),
        Outcome::S3(s3::Body::Xml(text)) => of_s3(respond(200, "application/xml", text, request_id), request_id),
        Outcome::S3(s3::Body::Json(text)) => of_s3(respond(200, "application/json", text, request_id), request_id),
        Outcome::S3(s3::Body::Nothing) => of_s3(Response::new(StatusCode::NO_CONTENT, String::new()), request_id),
        Outcome::S3(s3::Body::Head(region)) => {
            of_s3(Response::new(StatusCode::OK, String::new()), request_id).header(BUCKET_REGION, &region)
        }
    }
}

/// S3 has its own name for the header.
fn of_s3(response: Response, request_id: &str) -> Response {
    response.header(HeaderName::from_static("x-amz-request-id"), request_id)
}

const BUCKET_REGION: HeaderName = HeaderName::from_static("x-amz-bucket-region");

fn failure(asked: &Asked, method: &Method, error: ApiError, request_id: &str) -> Response {
    let service = asked.service;
    match service {
        Service::S3 => {
            let status = if error.code == "Throttling" { 503 } else { error.status };
            let error = ApiError { code: s3_code(error.code), status, ..error };
            // An answer to HEAD has no body.
            let text = if method == Method::HEAD { String::new() } else { s3::error(&error, request_id) };
            let response = of_s3(respond(error.status, "application/xml", text, request_id), request_id);
            match &error.region {
                Some(region) => response.header(BUCKET_REGION, region),
                None => response,
            }
        }
        Service::Iam | Service::Sts => {
            let text = xml::error(service.namespace(), error.status, error.code, &error.message, request_id);
            respond(error.status, "text/xml", text, request_id)
        }
        Service::Ecr | Service::SecretsManager | Service::Kms => {
            let status = if error.status >= 500 { 500 } else { 400 };
            let text = json::error(service == Service::SecretsManager, json_code(error.code), &error.message);
            respond(status, "application/x-amz-json-1.1", text, request_id)
        }
    }
}

/// S3's names for errors that all services have. Source: Amazon S3 API reference, "Error responses".
fn s3_code(code: &'static str) -> &'static str {
    match code {
        "InvalidClientTokenId" => "InvalidAccessKeyId",
        "MissingAuthenticationToken" => "AccessDenied",
        "Throttling" => "SlowDown",
        "ServiceFailure" => "InternalError",
        other => other,
    }
}

/// The JSON services' names for errors that all services have. Source: "Common errors" of the API references.
fn json_code(code: &'static str) -> &'static str {
    match code {
        "InvalidClientTokenId" => "UnrecognizedClientException",
        "ExpiredToken" => "ExpiredTokenException",
        "MissingAuthenticationToken" => "MissingAuthenticationTokenException",
        "AccessDenied" => "AccessDeniedException",
        "Throttling" => "ThrottlingException",
        "ServiceFailure" => "InternalFailure",
        other => other,
    }
}

fn respond(status: u16, content_type: &str, body: String, request_id: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Response::new(status, body).header(CONTENT_TYPE, content_type).header(REQUEST_ID, request_id)
}
