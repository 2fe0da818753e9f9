//! Tokens of service accounts: issued, published, and checked when they come back.
//!
//! Source: "Managing Service Accounts", "Configure Service Accounts for Pods" (service account issuer discovery).

use cloudgrant_sandbox_kit::oidc::Issuer;
use cloudgrant_sandbox_kit::{Request, clock};
use serde_json::{Value, json};

use crate::fields::kinds::TOKEN_REQUEST;
use crate::fields::track::Write;
use crate::protocol::answers::Reply;
use crate::protocol::bodies;
use crate::protocol::errors::{Answer, ApiError, FieldError};
use crate::protocol::query::{Options, Query};
use crate::services::reviews::reviewed;
use crate::state::resources::SERVICE_ACCOUNTS;
use crate::state::{State, time};

/// How long a token is good for, unless it is asked for otherwise; and the shortest time, in seconds.
const LIFETIME: i64 = 3600;
const SHORTEST: i64 = 600;
const LONGEST: i64 = 1 << 32;

/// The namespace and the name of the service account whose token this is, while it is good and the account is there.
pub(crate) fn holder(issuer: &Issuer, state: &State, token: &str) -> Option<(String, String)> {
    let claims = issuer.verify(token)?;
    let now = i64::try_from(clock::now() / 1000).ok()?;
    let good = claims["iss"] == issuer.url.as_str()
        && claims["aud"].as_array()?.contains(&json!(issuer.url))
        && claims["exp"].as_i64()? > now;
    let of = &claims["kubernetes.io"];
    let (namespace, name) = (of["namespace"].as_str()?, of["serviceaccount"]["name"].as_str()?);
    let account = state.get(&SERVICE_ACCOUNTS, namespace, name)?;
    let same = account["metadata"]["uid"] == of["serviceaccount"]["uid"];
    (good && same).then(|| (namespace.to_owned(), name.to_owned()))
}

/// `POST …/serviceaccounts/NAME/token`.
pub(crate) fn create(
    state: &State,
    issuer: &Issuer,
    (namespace, name): (&str, &str),
    request: &Request,
    now: &str,
) -> Answer<Reply> {
    let query = Query::parse(&request.query);
    let options = Options::read(&query, &request.method, false, request.header("user-agent"))?;
    let version = "authentication.k8s.io/v1";
    let sent = bodies::object(request, &TOKEN_REQUEST)?;
    let mut asked = reviewed(&TOKEN_REQUEST, version, "TokenRequest", &sent)?;
    let account = state.get(&SERVICE_ACCOUNTS, namespace, name);
    let account = account.ok_or_else(|| ApiError::not_found(SERVICE_ACCOUNTS.plural, name))?;
    let seconds = asked["spec"]["expirationSeconds"].as_i64().unwrap_or(LIFETIME);
    check(&asked, seconds)?;
    asked["spec"]["expirationSeconds"] = json!(seconds);
    let write = Write { of: &TOKEN_REQUEST, version, manager: options.manager(), subresource: "token", now };
    write.update(None, &mut asked);
    if asked["spec"]["audiences"].is_null() {
        asked["spec"]["audiences"] = json!([issuer.url]);
    }
    let begins = clock::now();
    let uid = &account["metadata"]["uid"];
    let token = issuer
        .token((namespace, name), &asked["spec"]["audiences"], seconds, uid)
        .ok_or_else(|| ApiError::unexpected("failed to generate token"))?;
    let ends = begins.saturating_add(u64::try_from(seconds).unwrap_or_default().saturating_mul(1000));
    for (field, value) in [
        ("name", json!(name)),
        ("namespace", json!(namespace)),
        ("uid", uid.clone()),
        ("creationTimestamp", json!(now)),
    ] {
        asked["metadata"][field] = value;
    }
    asked = crate::fields::decode::tidy(&TOKEN_REQUEST, &asked);
    asked["status"] = json!({"token": token, "expirationTimestamp": time(ends)});
    Ok(Reply::new(201, asked))
}

fn check(asked: &Value, seconds: i64) -> Answer<()> {
    let field = "spec.expirationSeconds";
    let wrong = match seconds {
        ..SHORTEST => Some("may not specify a duration less than 10 minutes"),
        SHORTEST..=LONGEST => None,
        _ => Some("may not specify a duration larger than 2^32 seconds"),
    };
    if let Some(why) = wrong {
        let error = FieldError::invalid_number(field, seconds, why);
        return Err(ApiError::invalid("authentication.k8s.io", "TokenRequest", "", &[error]));
    }
    let bound = &asked["spec"]["boundObjectRef"];
    if bound.is_null() {
        return Ok(());
    }
    // There are neither pods nor secrets nor nodes here, so the one that it names isn't there either.
    let text = |name: &str| bound[name].as_str().unwrap_or_default();
    Err(match text("kind") {
        kind @ ("Pod" | "Secret" | "Node") => ApiError::not_found(&format!("{}s", kind.to_lowercase()), text("name")),
        kind => ApiError::bad_request(format!("cannot bind token for serviceaccount to object of type {kind:?}")),
    })
}
