//! From a request to an answer: who calls, what goes wrong on request, and which service carries it out.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use cloudgrant_sandbox_kit::ids::request_id;
use cloudgrant_sandbox_kit::management::PREFIX;
use cloudgrant_sandbox_kit::{Counter, Fate, Faults, Handler, Knobs, Request, Response, async_trait};

use crate::authorization::caller_policies::{Allowed, Sent};
use crate::authorization::denials::{self, Why};
use crate::management::{self, Line, Log, Session};
use crate::protocol::answers::{Outcome, failure, success};
use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::json::Params;
use crate::quotas::Quotas;
use crate::server::auth::{self, Scope};
use crate::server::target::{Asked, Service};
use crate::services::{ecr, iam, kms, s3, secretsmanager, sts};
use crate::state::State;

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
        // What proves who calls is the token alone, and a signature beside it is nobody's business.
        if asked.service == Service::Sts && asked.operation == sts::web_identity::OPERATION {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            *turn = Some(self.carried_out.fetch_add(1, Ordering::Relaxed) + 1);
            return sts::web_identity::assume(&mut state, &asked.query).map(|xml| Outcome::Xml(Some(xml)));
        }
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
                Why::NotAllowedBy(by) => ApiError::denied_by(
                    &caller.arn,
                    &asked.action,
                    &resource,
                    &format!("because no {by} allows the {} action", asked.action),
                ),
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
        let text = |parameter: &str| asked.query.get(parameter).map(str::to_owned);
        let session = (action == "sts:AssumeRole")
            .then(|| Session { name: text("RoleSessionName"), seconds: text("DurationSeconds") });
        log.note(Line { sequence, turn, at_us, account, key, action, status, policy, session });
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
