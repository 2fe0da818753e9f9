//! STS: who am I, and becoming a role. Source: STS API reference.

pub(crate) mod web_identity;

use crate::authorization::policy::trust::{self, Presented};
use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::query::Query;
use crate::protocol::xml::Xml;
use crate::server::auth::Caller;
use crate::services::iam::parameters;
use crate::state::model::{Role, Session};
use crate::state::{State, time};

/// The namespace of answers.
pub(crate) const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// Carries out an action.
pub(crate) fn call(state: &mut State, caller: &Caller, action: &str, query: &Query) -> Answer<Option<Xml>> {
    match action {
        "GetCallerIdentity" => Ok(Some(identity(caller))),
        "AssumeRole" => assume_role(state, caller, query).map(Some),
        _ => Err(ApiError::new(
            "InvalidAction",
            400,
            format!("Could not find operation {action} for version 2011-06-15"),
        )),
    }
}

/// The resource that a request is about, for the text of a denial.
pub(crate) fn resource(query: &Query) -> String {
    query.get("RoleArn").unwrap_or("*").to_owned()
}

fn identity(caller: &Caller) -> Xml {
    let mut xml = Xml::new();
    xml.leaf("Arn", &caller.arn).leaf("UserId", &caller.user_id).leaf("Account", &caller.account);
    xml
}

fn assume_role(state: &mut State, caller: &Caller, query: &Query) -> Answer<Xml> {
    let arn = query.required("RoleArn")?;
    let name = session_name(query)?;
    let seconds = duration(query)?;
    let presented = Presented { external_id: query.get("ExternalId"), session_name: Some(name) };
    // A role that does not exist and one that trusts somebody else look alike from outside.
    let role = state
        .role_by_arn(arn)
        .filter(|role| trust::admits(state, &role.trust, caller, presented))
        .ok_or_else(|| {
            let message =
                format!("User: {} is not authorized to perform: sts:AssumeRole on resource: {arn}", caller.arn);
            ApiError::new("AccessDenied", 403, message)
        })?
        .clone();
    if caller.role.is_some() && seconds > 3600 {
        return Err(ApiError::validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ));
    }
    session(state, &role, name, seconds)
}

/// How the session is to be called.
fn session_name(query: &Query) -> Answer<&str> {
    let name = query.required("RoleSessionName")?;
    parameters::name(name, "roleSessionName", 64)?;
    if name.len() < 2 {
        return Err(ApiError::validation(format!(
            "1 validation error detected: Value '{name}' at 'roleSessionName' failed to satisfy constraint: \
             Member must have length greater than or equal to 2"
        )));
    }
    Ok(name)
}

/// How many seconds the session is to last.
fn duration(query: &Query) -> Answer<i64> {
    let seconds = query.number("DurationSeconds")?.unwrap_or(3600);
    if !(900..=43_200).contains(&seconds) {
        let limit = if seconds < 900 { "greater than or equal to 900" } else { "less than or equal to 43200" };
        return Err(ApiError::validation(format!(
            "1 validation error detected: Value '{seconds}' at 'durationSeconds' failed to satisfy constraint: \
             Member must have value {limit}"
        )));
    }
    Ok(seconds)
}

/// A session of a role, with its credentials.
fn session(state: &mut State, role: &Role, name: &str, seconds: i64) -> Answer<Xml> {
    if seconds > role.max_session {
        return Err(ApiError::validation(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    let session = Session {
        key: state.ids.session_key(),
        token: state.ids.opaque("token"),
        account: role.account.clone(),
        role: role.name.clone(),
        role_id: role.id.clone(),
        name: name.to_owned(),
        expires: time::now() + seconds.unsigned_abs() * 1000,
    };
    let mut xml = Xml::new();
    xml.node("Credentials", |xml| {
        xml.leaf("AccessKeyId", &session.key)
            .leaf("SecretAccessKey", state.ids.opaque("key"))
            .leaf("SessionToken", &session.token)
            .leaf("Expiration", time::iso(session.expires));
    });
    xml.node("AssumedRoleUser", |xml| {
        xml.leaf("AssumedRoleId", format!("{}:{name}", role.id)).leaf(
            "Arn",
            format!("arn:{}:sts::{}:assumed-role/{}/{name}", role.partition.id(), role.account, role.name),
        );
    });
    state.save_session(session)?;
    Ok(xml)
}
