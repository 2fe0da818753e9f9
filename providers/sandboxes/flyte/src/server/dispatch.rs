//! From a request to an answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use cloudgrant_sandbox_kit::management::PREFIX;
use cloudgrant_sandbox_kit::oidc::Issuer;
use cloudgrant_sandbox_kit::{Counter, Fate, Faults, Handler, Knobs, Quotas, Request, Response, async_trait};
use http::StatusCode;
use http::header::{ALLOW, CONTENT_TYPE, WWW_AUTHENTICATE};
use serde_json::Value;

use crate::management::{self, Log};
use crate::protocol::connect::{self, Codec};
use crate::protocol::encode;
use crate::protocol::marshaler::Marshaler;
use crate::protocol::settings as messages;
use crate::protocol::status::{Answer, Code, Status};
use crate::seed::Seed;
use crate::server::target::{Call, Rpc, Target};
use crate::services::admin::{self, Reply};
use crate::services::auth::caller;
use crate::services::auth::jwt::Key;
use crate::services::auth::{metadata, token};
use crate::services::{project, settings};
use crate::state::State;

/// What can be turned by `quota.NAME`: a token's life is 30 minutes with Flyte's own server.
pub(crate) const QUOTAS: &[(&str, u64)] = &[("TokenSeconds", 1800)];

/// The sandbox as the server sees it.
#[derive(Debug)]
pub(crate) struct Dispatcher {
    pub(crate) state: Mutex<State>,
    pub(crate) seed: Seed,
    pub(crate) faults: Faults,
    pub(crate) quotas: Mutex<Quotas>,
    pub(crate) counter: Arc<Counter>,
    pub(crate) log: Mutex<Log>,
    pub(crate) key: Key,
    /// The cluster that tasks run in.
    pub(crate) issuer: Issuer,
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
        let target = Target::read(&request.method, &request.path);
        let action = target.action();
        self.counter.count(&action);
        let fate = self.faults.decide(sequence, Instant::now());
        self.faults.wait().await;
        let response = match fate {
            Fate::DropBefore => Response::dropped(),
            Fate::Throttle => refuse(&request, &target, &Status::new(Code::ResourceExhausted, "Too Many Requests")),
            Fate::Fail => refuse(&request, &target, &Status::new(Code::Internal, "the sandbox was asked to fail")),
            Fate::Serve | Fate::DropAfter => self.carry_out(&request, &target),
        };
        let status = if fate == Fate::DropBefore { 0 } else { response.status.as_u16() };
        self.log.lock().unwrap_or_else(PoisonError::into_inner).note(sequence, &request, &action, status);
        if fate == Fate::DropAfter { Response::dropped() } else { response }
    }

    /// Turns the knobs. What isn't named is as in a sandbox without knobs.
    pub(crate) fn turn(&self, knobs: Knobs) -> cloudgrant_sandbox_kit::Result<()> {
        *self.quotas.lock().unwrap_or_else(PoisonError::into_inner) = Quotas::new(QUOTAS, &knobs.quotas)?;
        self.faults.turn(knobs);
        Ok(())
    }

    fn carry_out(&self, request: &Request, target: &Target) -> Response {
        if !self.seed.services.have(target) {
            return unrouted(request, target);
        }
        let marshaler = Marshaler::of(request);
        let reply = match target {
            Target::Connect(call) => return self.connect(request, target, *call),
            Target::Admin(call) => self.admin(request, target, call, marshaler),
            Target::Metadata => metadata::server(&self.seed.sign_in, &base(request)),
            Target::ClientConfig => metadata::client(&self.seed.sign_in),
            Target::Token => return token::answer(self, request),
            Target::Keys => return metadata::keys(&self.seed.sign_in),
            Target::Health => return Response::new(StatusCode::OK, ""),
            Target::NoPost => {
                return Response::new(StatusCode::METHOD_NOT_ALLOWED, "").header(ALLOW, "POST");
            }
            Target::OtherMethod => Err(Status::new(Code::Unimplemented, "Method Not Allowed")),
            Target::Unknown => return unrouted(request, target),
        };
        match reply {
            Ok((message, set)) => json(StatusCode::OK, &encode::message(message, &set, marshaler.names)),
            Err(status) => refuse(request, target, &status),
        }
    }

    /// What speaks Connect asks who calls, and then reads the request.
    fn connect(&self, request: &Request, target: &Target, call: Rpc) -> Response {
        let Some(codec) = Codec::of(request) else { return connect::unsupported() };
        match self.called(request, target, call, codec) {
            Ok((message, set)) => connect::answer(request, codec, message, &set),
            Err(status) => refuse(request, target, &status),
        }
    }

    fn called(&self, request: &Request, target: &Target, call: Rpc, codec: Codec) -> Answer<Reply> {
        let is_public = matches!(call, Rpc::GetOAuth2Metadata | Rpc::GetPublicClientConfig);
        if !is_public {
            caller::check(&self.seed.sign_in, &self.key, request)?;
        }
        let asked = |message| connect::asked(request, codec, message);
        let action = target.action();
        if self.faults.knobs().deny.contains(&action) {
            return Err(Status::new(Code::PermissionDenied, format!("not authorized to perform {action}")));
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match call {
            Rpc::GetOAuth2Metadata => {
                let (_, set) = metadata::server(&self.seed.sign_in, &base(request))?;
                Ok((&messages::OAUTH2_METADATA, set))
            }
            Rpc::GetPublicClientConfig => {
                let (_, set) = metadata::client(&self.seed.sign_in)?;
                Ok((&messages::CLIENT_CONFIG, set))
            }
            Rpc::GetSettings => Err(settings::unresolved()),
            Rpc::GetSettingsForEdit => settings::get_for_edit(&state, &self.seed, &asked(&messages::GET_REQUEST)?),
            Rpc::CreateSettings => settings::create(&mut state, &self.seed, &asked(&messages::CREATE_REQUEST)?),
            Rpc::UpdateSettings => settings::update(&mut state, &self.seed, &asked(&messages::UPDATE_REQUEST)?),
            Rpc::ListProjects => project::list(&state, &self.seed, &asked(&messages::LIST_PROJECTS_REQUEST)?),
            Rpc::GetProject => project::get(&state, &self.seed, &asked(&messages::GET_PROJECT_REQUEST)?),
            Rpc::CreateProject => project::create(&mut state, &asked(&messages::WITH_PROJECT)?),
            Rpc::UpdateProject => project::update(&mut state, &asked(&messages::WITH_PROJECT)?),
        }
    }

    /// The gateway reads the request, Flyte admin asks who calls, and then what for.
    fn admin(&self, request: &Request, target: &Target, call: &Call, marshaler: Marshaler) -> Answer<Reply> {
        if marshaler.is_binary {
            return Err(Status::new(Code::Unimplemented, "the sandbox speaks JSON, not protobuf's binary form"));
        }
        let asked = admin::asked(call, &request.query, &request.body, marshaler.unknown)?;
        caller::check(&self.seed.sign_in, &self.key, request)?;
        let action = target.action();
        if self.faults.knobs().deny.contains(&action) {
            return Err(Status::new(Code::PermissionDenied, format!("not authorized to perform {action}")));
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        admin::carry_out(&mut state, &self.seed, call, &asked)
    }
}

/// Where the caller found the sandbox.
pub(crate) fn base(request: &Request) -> String {
    format!("http://{}", request.header("host").unwrap_or("localhost"))
}

pub(crate) fn json(status: StatusCode, value: &Value) -> Response {
    Response::new(status, value.to_string()).header(CONTENT_TYPE, "application/json")
}

/// What is answered where nobody is for the request. Where Connect is spoken, it has no form of an error's.
fn unrouted(request: &Request, target: &Target) -> Response {
    match target {
        Target::Connect(_) => Response::new(StatusCode::NOT_FOUND, "404 page not found\n"),
        _ => refuse(request, target, &Status::new(Code::NotFound, "Not Found")),
    }
}

/// An error, as whoever was asked tells it.
fn refuse(request: &Request, target: &Target, status: &Status) -> Response {
    if matches!(target, Target::Connect(_)) {
        return connect::refuse(request, status);
    }
    let code = StatusCode::from_u16(status.code.http()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let response = json(code, &status.body());
    if status.code == Code::Unauthenticated { response.header(WWW_AUTHENTICATE, &status.message) } else { response }
}
