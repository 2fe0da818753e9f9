//! Deny assignments, which clients can only read.
//!
//! Source: "Deny Assignments" of the Authorization REST reference; "List Azure deny assignments".

use http::Method;
use serde_json::{Value, json};

use crate::protocol::errors::{Answer, ArmError};
use crate::services::arm::request::call::{Call, Reply};
use crate::services::arm::request::filter::{self, Term};
use crate::services::arm::request::id::Id;
use crate::services::arm::request::scopes;
use crate::state::model::Denial;
use crate::state::{State, time};

const TYPE: &str = "Microsoft.Authorization/denyAssignments";

/// Carries out a request.
pub(crate) fn call(state: &State, call: &Call<'_>) -> Answer<Reply> {
    if call.method != Method::GET {
        return Err(call.not_allowed());
    }
    scopes::exists(state, call.id())?;
    if let Some(name) = &call.route.name {
        let id = call.id().child(&format!("/providers/{TYPE}/{name}"));
        let found = state.denials.get(id.key()).map(|one| Reply::ok(render(one)));
        return found.ok_or_else(|| {
            ArmError::not_found("DenyAssignmentNotFound", format!("The deny assignment '{name}' is not found."))
        });
    }
    let terms = call.query.get("$filter").map(filter::parse).transpose()?.unwrap_or_default();
    let (mut below_too, mut principals) = (true, None);
    for term in terms {
        match term {
            Term::AtScope => below_too = false,
            Term::AssignedTo(id) => principals = Some(state.principal_and_groups(&id)),
            Term::Equals(name, id) if name == "principalid" => principals = Some([id.to_ascii_lowercase()].into()),
            _ => return Err(ArmError::bad_request("InvalidFilterInQueryString", "The filter is not supported.")),
        }
    }
    let shown = state.denials.iter().filter(|(_, one)| {
        let at = Id::parse(&one.scope).unwrap_or_else(Id::root);
        let here = call.id().is_within(&at) || below_too && at.is_within(call.id());
        let theirs = |ids: &std::collections::BTreeSet<String>| {
            one.principals.iter().any(|id| ids.contains(&id.to_ascii_lowercase()))
        };
        here && principals.as_ref().is_none_or(theirs)
    });
    call.page(shown.map(|(key, one)| (key.as_str(), render(one))), state.quotas.page())
}

/// A deny assignment as it is shown.
pub(crate) fn render(denial: &Denial) -> Value {
    let principals = |ids: &[String]| -> Vec<Value> {
        let everybody = |id: &str| id.bytes().all(|byte| byte == b'0' || byte == b'-');
        ids.iter()
            .map(|id| json!({"id": id, "type": if everybody(id) { "SystemDefined" } else { "ServicePrincipal" }}))
            .collect()
    };
    json!({
        "id": denial.id,
        "type": TYPE,
        "name": denial.id.rsplit('/').next().unwrap_or_default(),
        "properties": {
            "denyAssignmentName": denial.name,
            "description": "",
            "permissions": denial.permissions.iter().map(super::role_definitions::permission).collect::<Vec<_>>(),
            "scope": denial.scope,
            "doNotApplyToChildScopes": denial.not_below,
            "principals": principals(&denial.principals),
            "excludePrincipals": principals(&denial.excluded),
            "isSystemProtected": true,
            "createdOn": time::iso(denial.created),
            "updatedOn": time::iso(denial.created),
        },
    })
}
