//! From a request to an answer: who calls, whether they may, and what goes wrong on request.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use cloudgrant_sandbox_kit::ids::request_id;
use cloudgrant_sandbox_kit::management::PREFIX;
use cloudgrant_sandbox_kit::oidc::Issuer;
use cloudgrant_sandbox_kit::{Counter, Fate, Faults, Handler, Request, Response, async_trait};
use http::Method;
use serde_json::{Value, json};

use crate::authorization::caller::{Caller, User, caller};
use crate::authorization::rules::{Attributes, Rule, decide};
use crate::management::{self, Log};
use crate::protocol::answers::{Reply, respond};
use crate::protocol::bodies::Format;
use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::query::Query;
use crate::server::target::{Aim, Target};
use crate::services::objects::{self, Call};
use crate::services::tokens;
use crate::services::{discovery, openapi, reviews};
use crate::state::{State, now};

/// The sandbox as the server sees it.
#[derive(Debug)]
pub(crate) struct Dispatcher {
    pub(crate) state: Mutex<State>,
    pub(crate) users: Vec<User>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) issuer: Issuer,
    pub(crate) faults: Faults,
    pub(crate) counter: Arc<Counter>,
    pub(crate) log: Mutex<Log>,
    /// How often the folder was in use; a part of request ids.
    pub(crate) start: u64,
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
        let query = Query::parse(&request.query);
        let aim = Aim::read(&request.method, &request.path, &query);
        let action = aim.action();
        self.counter.count(&action);
        let fate = self.faults.decide(sequence, Instant::now());
        self.faults.wait().await;
        // What is no resource's is written in its own way, whatever is wanted.
        let wanted = Format::read(&request);
        let format = if aim.wanted.path.is_some() { Ok(wanted.unwrap_or(Format::Json)) } else { wanted };
        let (format, reply) = match (fate, format) {
            (Fate::DropBefore, _) => {
                self.note(sequence, &request, &action, 0);
                return Response::dropped();
            }
            (Fate::Throttle, _) => (Format::Json, Err(ApiError::too_many_requests())),
            (Fate::Fail, _) => (Format::Json, Err(ApiError::internal())),
            (Fate::Serve | Fate::DropAfter, Err(error)) => (Format::Json, Err(error)),
            (Fate::Serve | Fate::DropAfter, Ok(format)) => (format, self.carry_out(&request, &query, &aim, format)),
        };
        let response = respond(reply.unwrap_or_else(Reply::from), format, &request_id(self.start, sequence));
        self.note(sequence, &request, &action, response.status.as_u16());
        if fate == Fate::DropAfter { Response::dropped() } else { response }
    }

    fn carry_out(&self, request: &Request, query: &Query, aim: &Aim, format: Format) -> Answer<Reply> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let caller = caller(request, &self.users, &self.issuer, &state).ok_or_else(ApiError::unauthorized)?;
        let caller = self.impersonated(request, caller)?;
        self.authorize(&caller, aim)?;
        let now = now();
        let wanted = &aim.wanted;
        match &aim.target {
            Target::Objects(resource) => {
                let namespace = Some(wanted.namespace.as_str()).filter(|name| resource.namespaced && !name.is_empty());
                let call = Call {
                    resource,
                    namespace,
                    name: Some(wanted.name.as_str()).filter(|name| !name.is_empty()),
                    request,
                    query,
                    format,
                    caller: &caller,
                    rules: &self.rules,
                    now: &now,
                };
                let reply = objects::carry_out(&mut state, &call)?;
                // As soon as the answer is certain, and before anybody else asks.
                if request.method != Method::GET {
                    objects::empty(&mut state, &now)?;
                }
                Ok(reply)
            }
            Target::Token if request.method == Method::POST => {
                tokens::create(&state, &self.issuer, (&wanted.namespace, &wanted.name), request, &now)
            }
            Target::Token => Err(ApiError::method_not_allowed()),
            Target::Review(review) => reviews::carry_out(*review, request, &caller, &self.rules, &now),
            Target::UnknownResource => Err(ApiError::no_such_resource()),
            Target::Unknown => Ok(Reply::no_such_path()),
            _ if request.method != Method::GET => Err(ApiError::method_not_allowed()),
            target => Ok(self.describe(target, request, format)),
        }
    }

    /// What the server says of itself.
    fn describe(&self, target: &Target, request: &Request, format: Format) -> Reply {
        let host = request.header("host").unwrap_or("127.0.0.1");
        let aggregated = format == Format::Aggregated;
        let found = |value: Option<Value>| value.map_or_else(Reply::no_such_path, Reply::ok);
        match target {
            Target::Version => Reply::ok(discovery::version()),
            Target::Health => Reply::Text { code: 200, body: "ok" },
            Target::CoreVersions if aggregated => Reply::ok(discovery::aggregated_core()),
            Target::CoreVersions => Reply::ok(discovery::core_versions(host)),
            Target::Core => Reply::ok(discovery::core()),
            Target::Groups if aggregated => Reply::ok(discovery::aggregated_groups()),
            Target::Groups => Reply::ok(discovery::groups()),
            Target::Group(name) => found(discovery::group(name)),
            Target::GroupVersion(name) => found(discovery::resources(name)),
            Target::OpenApi => Reply::ok(openapi::index()),
            Target::OpenApiOfCore => Reply::ok(openapi::core()),
            Target::Issuer => {
                let body = self.issuer.configuration(&format!("https://{host}"));
                Reply::Document { content_type: "application/json", body }
            }
            Target::IssuerKeys => {
                Reply::Document { content_type: "application/jwk-set+json", body: self.issuer.keys() }
            }
            _ => Reply::no_such_path(),
        }
    }

    fn authorize(&self, caller: &Caller, aim: &Aim) -> Answer<()> {
        let wanted = &aim.wanted;
        let denied = self.faults.knobs().deny.contains(&aim.action());
        if !denied && decide(&self.rules, caller, wanted).allowed {
            return Ok(());
        }
        let why = wanted.refusal(&caller.user);
        Err(match wanted.path {
            Some(_) => ApiError::forbidden_path(&why),
            None => ApiError::forbidden(&wanted.group, &wanted.resource, &wanted.name, &why),
        })
    }

    /// Whom the caller acts as, if the request names somebody else and the caller may.
    fn impersonated(&self, request: &Request, caller: Caller) -> Answer<Caller> {
        let Some(user) = request.header("impersonate-user") else { return Ok(caller) };
        let groups = request.headers.get_all("impersonate-group").iter();
        let groups: Vec<String> = groups.filter_map(|group| group.to_str().ok()).map(str::to_owned).collect();
        let users = std::iter::once(("users", user));
        for (resource, name) in users.chain(groups.iter().map(|group| ("groups", group.as_str()))) {
            let wanted = Attributes {
                verb: "impersonate".to_owned(),
                resource: resource.to_owned(),
                name: name.to_owned(),
                ..Attributes::default()
            };
            if !decide(&self.rules, &caller, &wanted).allowed {
                return Err(ApiError::forbidden("", resource, name, &wanted.refusal(&caller.user)));
            }
        }
        let other = Caller::new(user, &groups);
        Ok(match other.service_account() {
            Some((namespace, name)) => Caller::of_service_account(namespace, name),
            None => other,
        })
    }

    fn note(&self, sequence: u64, request: &Request, action: &str, status: u16) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.push(json!({
            "sequence": sequence,
            "action": action,
            "method": request.method.as_str(),
            "path": if request.query.is_empty() { request.path.clone() } else { format!("{}?{}", request.path, request.query) },
            "status": status,
        }));
    }
}
