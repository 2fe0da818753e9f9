//! Who may do what, asked beforehand: access reviews.

use cloudgrant_sandbox_kit::Request;
use http::Method;
use serde_json::{Value, json};

use crate::authorization::caller::Caller;
use crate::authorization::rules::{Attributes, Rule, decide};
use crate::fields::decode::decode;
use crate::fields::kinds::{REVIEW, SELF_REVIEW};
use crate::fields::schema::Type;
use crate::fields::track::Write;
use crate::protocol::answers::Reply;
use crate::protocol::bodies;
use crate::protocol::errors::{Answer, ApiError, FieldError};
use crate::protocol::query::{Options, Query};

const GROUP: &str = "authorization.k8s.io";
const VERSION: &str = "authorization.k8s.io/v1";

/// A kind of review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Review {
    /// Of whoever asks.
    Own,
    /// Of anybody.
    Any,
}

impl Review {
    /// The review that a resource stands for.
    pub(crate) fn of(resource: &str) -> Option<Self> {
        match resource {
            "selfsubjectaccessreviews" => Some(Self::Own),
            "subjectaccessreviews" => Some(Self::Any),
            _ => None,
        }
    }

    fn kind(self) -> (&'static str, &'static Type) {
        match self {
            Self::Own => ("SelfSubjectAccessReview", &SELF_REVIEW),
            Self::Any => ("SubjectAccessReview", &REVIEW),
        }
    }
}

/// Carries a review out.
pub(crate) fn carry_out(
    review: Review,
    request: &Request,
    caller: &Caller,
    rules: &[Rule],
    now: &str,
) -> Answer<Reply> {
    if request.method != Method::POST {
        return Err(ApiError::method_not_allowed());
    }
    let query = Query::parse(&request.query);
    let options = Options::read(&query, &request.method, false, request.header("user-agent"))?;
    let (kind, of) = review.kind();
    let mut asked = reviewed(of, VERSION, kind, &bodies::object(request, of)?)?;
    check(review, &asked)?;
    Write { of, version: VERSION, manager: options.manager(), subresource: "", now }.update(None, &mut asked);
    let spec = &asked["spec"];
    let whose = match review {
        Review::Own => caller.clone(),
        // Nobody is added here: a review is of the user and the groups that it names.
        Review::Any => Caller {
            user: spec["user"].as_str().unwrap_or_default().to_owned(),
            groups: spec["groups"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
        },
    };
    let decision = decide(rules, &whose, &wanted(spec));
    let mut status = json!({"allowed": decision.allowed});
    if !decision.reason.is_empty() {
        status["reason"] = json!(decision.reason);
    }
    asked["status"] = status;
    Ok(Reply::new(201, asked))
}

/// A review, or another object that is asked and not kept, as a server has it.
pub(crate) fn reviewed(of: &'static Type, version: &str, kind: &str, sent: &Value) -> Answer<Value> {
    let text = |name: &str| sent.get(name).and_then(Value::as_str).unwrap_or_default();
    let fits = |said: &str, expected: &str| said.is_empty() || said == expected;
    if !sent.is_object() || !fits(text("apiVersion"), version) || !fits(text("kind"), kind) {
        return Err(ApiError::bad_request(format!(
            "{} in version {:?} cannot be handled as a {kind}",
            text("kind"),
            text("apiVersion")
        )));
    }
    let mut sent = sent.clone();
    sent["kind"] = json!(kind);
    sent["apiVersion"] = json!(version);
    let decoded = decode(of, &sent);
    let short = version.rsplit('/').next().unwrap_or_default();
    decoded.map(|decoded| decoded.object).map_err(|why| {
        ApiError::bad_request(format!("{kind} in version {short:?} cannot be handled as a {kind}: {why}"))
    })
}

fn check(review: Review, asked: &Value) -> Answer<()> {
    let spec = &asked["spec"];
    let (kind, _) = review.kind();
    let mut errors = Vec::new();
    let (resource, path) = (!spec["resourceAttributes"].is_null(), !spec["nonResourceAttributes"].is_null());
    if resource && path {
        let why = "cannot be specified in combination with resourceAttributes";
        errors.push(FieldError::invalid("spec.nonResourceAttributes", &spec["nonResourceAttributes"].to_string(), why));
    }
    if !resource && !path {
        let why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
        errors.push(FieldError::invalid("spec.resourceAttributes", "null", why));
    }
    if review == Review::Any && spec["user"].is_null() && spec["groups"].is_null() {
        errors.push(FieldError::invalid("spec.user", "", "at least one of user or group must be specified"));
    }
    if errors.is_empty() { Ok(()) } else { Err(ApiError::invalid(GROUP, kind, "", &errors)) }
}

/// What a review asks about. Whether there is such a resource doesn't matter.
fn wanted(spec: &Value) -> Attributes {
    let part = |of: &str, name: &str| spec[of][name].as_str().unwrap_or_default().to_owned();
    if !spec["nonResourceAttributes"].is_null() {
        let part = |name: &str| part("nonResourceAttributes", name);
        return Attributes { verb: part("verb"), path: Some(part("path")), ..Attributes::default() };
    }
    let part = |name: &str| part("resourceAttributes", name);
    Attributes {
        verb: part("verb"),
        namespace: part("namespace"),
        group: part("group"),
        resource: part("resource"),
        subresource: part("subresource"),
        name: part("name"),
        path: None,
    }
}
