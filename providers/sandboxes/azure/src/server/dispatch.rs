//! From a request to an answer: which service, who calls, and what goes wrong on request.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use cloudgrant_sandbox_kit::ids::request_id;
use cloudgrant_sandbox_kit::management::PREFIX;
use cloudgrant_sandbox_kit::{Counter, Fate, Faults, Handler, Knobs, Request, Response, async_trait};
use http::HeaderName;
use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::management::{self, Course, Log};
use crate::protocol::answers::{Outcome, base, correlation, failed, respond, throttled, too_many, unknown_path};
use crate::protocol::errors::{Answer, ArmError};
use crate::protocol::query::Query;
use crate::quotas::Quotas;
use crate::server::target::Target;
use crate::server::throttle::{Class, Taken, Throttle};
use crate::server::writes::{self, Writes};
use crate::services::arm::request::call::{Call, Reply};
use crate::services::arm::request::route::{Kind, Route};
use crate::services::arm::request::versions;
use crate::services::arm::resources::federated_credentials;
use crate::services::blob::{self, BlobError, Place};
use crate::services::entra::caller::{self, Caller, Service};
use crate::services::entra::errors::TokenError;
use crate::services::entra::jwt::Key;
use crate::services::entra::{Wish, discovery, token};
use crate::services::graph::errors::GraphError;
use crate::services::graph::{self, call as graph_call};
use crate::services::{arm, metadata};
use crate::state::State;
use crate::state::ids::is_guid;

/// The sandbox as the server sees it.
#[derive(Debug)]
pub(crate) struct Dispatcher {
    pub(crate) state: Mutex<State>,
    pub(crate) faults: Faults,
    pub(crate) counter: Arc<Counter>,
    pub(crate) log: Mutex<Log>,
    pub(crate) throttle: Throttle,
    pub(crate) writes: Writes,
    pub(crate) key: Key,
    pub(crate) cloud: &'static Cloud,
    /// How many requests were carried out.
    pub(crate) carried_out: AtomicU64,
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
        let request_id = request_id(self.start, sequence);
        let target = Target::read(&request);
        let action = target.action(&request);
        self.counter.count(&action);
        let fate = self.faults.decide(sequence, Instant::now());
        // A write is under way from here to the answer.
        let write = match &target {
            Target::Arm(Some(route))
                if action.ends_with("/federatedIdentityCredentials/write")
                    || action.ends_with("/federatedIdentityCredentials/delete") =>
            {
                let identity = federated_credentials::identity_of(&route.id);
                Some(self.writes.begin(identity.key()).ok_or_else(|| federated_credentials::clash(&identity)))
            }
            _ => None,
        };
        if matches!(write, Some(Ok(_))) {
            tokio::time::sleep(writes::SHORTEST).await;
        }
        self.faults.wait().await;
        let clash = write.as_ref().and_then(|write| write.as_ref().err());
        let mut course = Course::default();
        let outcome = match fate {
            Fate::DropBefore => {
                self.note(sequence, &request, &action, course, 0);
                return Response::dropped();
            }
            Fate::Throttle => throttled(&target, &request_id),
            Fate::Fail => failed(&target, &request_id),
            Fate::Serve | Fate::DropAfter => self.carry_out(&request, &target, &request_id, clash, &mut course),
        };
        let response = respond(&request, outcome, &request_id);
        self.note(sequence, &request, &action, course, response.status.as_u16());
        self.record(&request, &response);
        drop(write);
        if fate == Fate::DropAfter { Response::dropped() } else { response }
    }

    /// Turns the knobs: faults, quotas and replication. What isn't named is as in a sandbox without knobs.
    pub(crate) fn turn(&self, knobs: Knobs) -> cloudgrant_sandbox_kit::Result<()> {
        let quotas = Quotas::new(&knobs.quotas)?;
        check_denied(&knobs.deny)?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.quotas = quotas;
        state.replication = knobs.replication;
        self.throttle.reset();
        self.faults.turn(knobs);
        Ok(())
    }

    /// The `deny` knob's patterns that hold in a subscription, or outside of any, in Azure's spelling:
    /// `Microsoft.Authorization/roleAssignments:write` with a slash.
    pub(crate) fn denied_in(&self, subscription: Option<&str>) -> Vec<String> {
        let knobs = self.faults.knobs();
        let entries = knobs.deny.iter().filter_map(|entry| match entry.split_once('@') {
            None => Some(entry.as_str()),
            Some((action, only)) => subscription.is_some_and(|id| id.eq_ignore_ascii_case(only)).then_some(action),
        });
        entries.map(|action| action.replace(':', "/")).collect()
    }

    fn carry_out(
        &self,
        request: &Request,
        target: &Target,
        request_id: &str,
        clash: Option<&ArmError>,
        course: &mut Course,
    ) -> Outcome {
        let base = base(request);
        match target {
            Target::Entra(wish) => match self.entra(request, wish, &base, request_id) {
                Ok(body) => Outcome::new(200, body),
                Err(error) => Outcome::new(error.status, error.body(request_id, &correlation(request, request_id))),
            },
            Target::Metadata => Outcome::new(200, metadata::endpoints(self.cloud, &base, request)),
            Target::Graph(segments) => match self.graph(request, segments, &base) {
                Ok(reply) => Outcome { status: reply.status, body: reply.body, bytes: None, headers: Vec::new() },
                Err(error) => Outcome::new(error.status, error.body(request_id)),
            },
            Target::Blob(place) => match self.blob(request, place, &base) {
                Ok(outcome) => outcome,
                Err(error) => error.outcome(request_id),
            },
            Target::Arm(route) => self.arm(request, route.as_ref(), &base, clash, course),
        }
    }

    fn entra(&self, request: &Request, wish: &Wish, base: &str, request_id: &str) -> Result<Value, TokenError> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if self.denied_in(None).iter().any(|pattern| pattern == wish.action()) {
            let message = "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.";
            return Err(TokenError::new(400, "invalid_grant", 53_003, message));
        }
        match wish {
            Wish::Token { tenant, v2 } => {
                let asked = token::Asked { base, tenant, v2: *v2, body: &request.body, request_id };
                token::token(&state, &self.key, &asked)
            }
            Wish::Configuration { tenant, v2 } => discovery::configuration(&state, base, tenant, *v2),
            Wish::Instance => Ok(discovery::instance(base, "common")),
            Wish::Keys => Ok(json!({"keys": []})),
        }
    }

    fn graph(&self, request: &Request, segments: &[String], base: &str) -> Result<graph_call::Reply, GraphError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let caller = caller::caller(request, &self.key, state.cloud, base, &state.tenant, Service::Graph)
            .map_err(|error| GraphError::new(401, "InvalidAuthenticationToken", error.message))?;
        let query = Query::parse(&request.query);
        let action = graph::action(segments, &request.method);
        if self.denied_in(None).contains(&action) {
            let message = "Insufficient privileges to complete the operation.";
            return Err(GraphError::new(403, "Authorization_RequestDenied", message));
        }
        let prefers = request.header("prefer").unwrap_or_default().to_ascii_lowercase();
        let call = graph_call::Call {
            caller: &caller,
            method: &request.method,
            segments,
            query: &query,
            body: &request.body,
            makes_missing: prefers.split([',', ';']).any(|one| one.trim() == "create-if-missing"),
            base,
            path: &request.path,
        };
        graph::carry_out(&mut state, &call)
    }

    fn blob(&self, request: &Request, place: &Place, base: &str) -> Result<Outcome, BlobError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if request.header("authorization").is_none() {
            let message = "Server failed to authenticate the request. Please refer to the information in the \
                           www-authenticate header.";
            return Err(BlobError::new(401, "NoAuthenticationInformation", message));
        }
        let caller = caller::caller(request, &self.key, state.cloud, base, &state.tenant, Service::Storage)
            .map_err(|error| BlobError::new(401, "InvalidAuthenticationInfo", error.message))?;
        let action = place.action(request);
        if self.denied_in(None).contains(&action) {
            let message = "This request is not authorized to perform this operation using this permission.";
            return Err(BlobError::new(403, "AuthorizationPermissionMismatch", message));
        }
        blob::call(&mut state, &caller, place, request)
    }

    fn arm(
        &self,
        request: &Request,
        route: Option<&Route>,
        base: &str,
        clash: Option<&ArmError>,
        course: &mut Course,
    ) -> Outcome {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        course.turn = Some(self.carried_out.fetch_add(1, Ordering::Relaxed) + 1);
        let tenant = route.map_or(state.tenant.as_str(), |route| state.tenant_of(&route.id)).to_owned();
        let caller = match caller::caller(request, &self.key, state.cloud, base, &tenant, Service::Management) {
            Ok(caller) => caller,
            Err(error) => return error.into(),
        };
        course.caller.clone_from(&caller.client);
        course.token.clone_from(&caller.token);
        let Some(route) = route else { return unknown_path(request).into() };
        let left = match self.take(request, route, &caller) {
            Ok(left) => left,
            Err(error) => return error.into(),
        };
        let mut outcome = match self.call(&mut state, request, route, &caller, base, clash) {
            Ok(reply) => Outcome { status: reply.status, body: reply.body, bytes: None, headers: reply.headers },
            Err(error) => error.into(),
        };
        outcome.headers.push(left);
        outcome
    }

    fn call(
        &self,
        state: &mut State,
        request: &Request,
        route: &Route,
        caller: &Caller,
        base: &str,
        clash: Option<&ArmError>,
    ) -> Answer<Reply> {
        let query = Query::parse(&request.query);
        let version = versions::check(route.kind, &query)?;
        let call = Call {
            method: &request.method,
            route,
            path: &request.path,
            query: &query,
            body: &request.body,
            caller,
            version,
            base,
        };
        if let Some(clash) = clash {
            return Err(clash.clone());
        }
        arm::carry_out(state, &call, &self.denied_in(route.id.subscription()))
    }

    /// Takes a token out of the caller's bucket; gives the header that says how many are left.
    fn take(&self, request: &Request, route: &Route, caller: &Caller) -> Answer<(HeaderName, String)> {
        let class = Class::of(&request.method);
        let subscription = route.id.subscription().unwrap_or("tenant").to_ascii_lowercase();
        let who = format!("{subscription}/{}", caller.id);
        let identity = match route.kind {
            Kind::Identity if route.name.is_some() => Some(route.id.key().to_owned()),
            Kind::Credential => Some(federated_credentials::identity_of(&route.id).key().to_owned()),
            _ => None,
        };
        let rate = self.faults.knobs().rate;
        let name = class.header(route.id.subscription().is_some());
        match self.throttle.take(&who, &subscription, identity.as_deref(), class, rate, Instant::now()) {
            Taken::Left(left) => Ok((name, left.to_string())),
            Taken::Wait(seconds) => Err(too_many(seconds)),
        }
    }

    fn note(&self, sequence: u64, request: &Request, action: &str, course: Course, status: u16) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.note(sequence, request, action, course, status);
    }

    fn record(&self, request: &Request, response: &Response) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.record(&base(request), request, response);
    }
}

/// Refuses a `deny` knob with anything but a subscription's ID behind `@`: nothing else limits what is refused here, and to
/// take it would say that it does.
pub(crate) fn check_denied(knob: &std::collections::BTreeSet<String>) -> cloudgrant_sandbox_kit::Result<()> {
    match knob.iter().find(|entry| entry.split_once('@').is_some_and(|(_, only)| !is_guid(only))) {
        None => Ok(()),
        Some(entry) => Err(cloudgrant_sandbox_kit::SandboxError::new(format!("deny `{entry}`")).because(
            "behind the @ stands the ID of the subscription in which it is refused; leave it out to refuse it in all",
        )),
    }
}
