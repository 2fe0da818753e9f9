//! The managed identities of a workspace, a compute or an online endpoint.
//!
//! Source: "Use managed identities in Azure Resource Manager": a type, and the user-assigned ones in a map, which a
//! write replaces as a whole; "Set up authentication between Azure Machine Learning and other services".

use serde_json::{Map, Value, json};

use crate::authorization::access::{self, Plane};
use crate::authorization::condition::AccessRequest;
use crate::protocol::errors::{Answer, ArmError};
use crate::services::arm::request::call::Call;
use crate::services::arm::request::id::Id;
use crate::services::arm::request::route::Kind;
use crate::state::model::{Principal, Resource};
use crate::state::{State, time};

const ASSIGN: &str = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action";

/// Which identities something has, or is to have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Identities {
    pub(super) system: bool,
    pub(super) users: Vec<Id>,
}

impl Identities {
    /// Reads what a client wants: all of it, as what is not named goes. A `null` in place of one takes it out, too.
    pub(super) fn read(identity: &Value) -> Answer<Self> {
        let kind = identity["type"].as_str().unwrap_or_default().replace(' ', "").to_ascii_lowercase();
        let (system, user) = match kind.as_str() {
            "none" => (false, false),
            "systemassigned" => (true, false),
            "userassigned" => (false, true),
            "systemassigned,userassigned" => (true, true),
            _ => {
                let message = format!("the identity type {} is not one of those that there are", identity["type"]);
                return Err(ArmError::invalid_content(&message));
            }
        };
        let named = match &identity["userAssignedIdentities"] {
            Value::Null => Map::new(),
            Value::Object(named) => named.clone(),
            _ => return Err(ArmError::invalid_content("'userAssignedIdentities' is no object")),
        };
        let kept = named.iter().filter(|(_, value)| !value.is_null());
        let mut users: Vec<Id> = Vec::new();
        for id in kept.map(|(text, _)| read_id(text)) {
            let id = id?;
            if !users.iter().any(|other| other.key() == id.key()) {
                users.push(id);
            }
        }
        match (user, users.is_empty()) {
            (true, true) => Err(failed("The request format was unexpected: it requires identities to be assigned.")),
            (false, false) => Err(ArmError::invalid_content(&format!(
                "The identity ids must be null for '{}' identity type",
                identity["type"].as_str().unwrap_or_default()
            ))),
            _ => Ok(Self { system, users }),
        }
    }

    /// Those that something has.
    pub(super) fn of(resource: &Resource) -> Self {
        let Some(identity) = resource.more.get("identity") else { return Self::default() };
        let users = identity["userAssignedIdentities"].as_object().into_iter().flatten();
        Self {
            system: identity["principalId"].is_string(),
            users: users.filter_map(|(text, _)| Id::parse(text)).collect(),
        }
    }

    pub(super) fn has(&self, id: &str) -> bool {
        Id::parse(id).is_some_and(|id| self.users.iter().any(|user| user.key() == id.key()))
    }

    fn type_name(&self) -> &'static str {
        match (self.system, self.users.is_empty()) {
            (false, true) => "None",
            (true, true) => "SystemAssigned",
            (false, false) => "UserAssigned",
            (true, false) => "SystemAssigned,UserAssigned",
        }
    }
}

fn read_id(text: &str) -> Answer<Id> {
    let id = Id::parse(text).filter(|id| {
        id.group().is_some()
            && id.resource_type().is_some_and(|full_type| Kind::of_type(&full_type) == Some(Kind::Identity))
    });
    id.ok_or_else(|| {
        ArmError::bad_request(
            "LinkedInvalidPropertyId",
            format!(
                "Property id '{text}' at path 'identity.userAssignedIdentities' is invalid. Expect fully qualified \
                 resource Id of a user assigned identity."
            ),
        )
    })
}

fn failed(why: &str) -> ArmError {
    ArmError::bad_request("FailedIdentityOperation", format!("Failed to perform resource identity operation. {why}"))
}

/// Whoever attaches an identity needs a role at it, and it has to be there.
pub(super) fn check(
    state: &State,
    call: &Call<'_>,
    denied: &[String],
    before: &Identities,
    wanted: &Identities,
) -> Answer<()> {
    for user in wanted.users.iter().filter(|user| !before.has(user.text())) {
        let refused = denied.iter().any(|pattern| cloudgrant_sandbox_kit::wildcard::matches_stars(pattern, ASSIGN));
        let request = AccessRequest::new(ASSIGN);
        let verdict = access::evaluate(state, &call.caller.id, user, Plane::Control, &request);
        if refused || !verdict.is_allowed() {
            return Err(ArmError::new(
                403,
                "LinkedAuthorizationFailed",
                format!(
                    "The client '{}' with object id '{}' has permission to perform action '{}' on scope '{}'; \
                     however, it does not have permission to perform action '{ASSIGN}' on the linked scope(s) \
                     '{user}' or the linked scope(s) are invalid.",
                    call.caller.client,
                    call.caller.id,
                    call.route.action(call.method),
                    call.id(),
                ),
            ));
        }
        let there =
            state.identities.get(user.key()).ok_or_else(|| failed(&format!("Resource '{user}' was not found.")))?;
        if there.tenant != state.tenant_of(call.id()) {
            return Err(failed(&format!("Resource '{user}' is in another tenant.")));
        }
    }
    Ok(())
}

/// Gives identities to something, after [`check`]: a new system-assigned one gets a principal under a name, and one
/// that is taken away loses it. Its roles stay, as those of every deleted principal.
pub(super) fn assign(state: &mut State, resource: &mut Resource, wanted: &Identities, name: &str) -> Answer<()> {
    let id = Id::parse(&resource.id).unwrap_or_else(Id::root);
    let tenant = state.tenant_of(&id).to_owned();
    let before = principal(resource);
    let principal = match (before, wanted.system) {
        (Some(before), true) => Some(before),
        (None, true) => Some(new_principal(state, &id, &tenant, name)?),
        (Some(before), false) => {
            state.remove::<Principal>(&before.to_ascii_lowercase())?;
            None
        }
        (None, false) => None,
    };
    if *wanted == Identities::default() {
        resource.more.remove("identity");
        return Ok(());
    }
    let mut shown = json!({"type": wanted.type_name()});
    if let Some(principal) = principal {
        shown["principalId"] = json!(principal);
        shown["tenantId"] = json!(tenant);
    }
    if !wanted.users.is_empty() {
        let of = |user: &Id| match state.identities.get(user.key()) {
            Some(there) => json!({"principalId": there.principal, "clientId": there.client}),
            // It was deleted after it was attached.
            None => json!({}),
        };
        let users = wanted.users.iter().map(|user| (user.text().to_owned(), of(user)));
        shown["userAssignedIdentities"] = users.collect::<Map<_, _>>().into();
    }
    resource.more.insert("identity".to_owned(), shown);
    Ok(())
}

fn new_principal(state: &mut State, id: &Id, tenant: &str, name: &str) -> Answer<String> {
    let principal = state.ids.guid("principal");
    let client = state.ids.guid("client");
    state.save(Principal {
        id: principal.clone(),
        client: Some(client),
        name: name.to_owned(),
        kind: "ServicePrincipal".to_owned(),
        tenant: tenant.to_owned(),
        created: time::now(),
        identity: Some(id.text().to_owned()),
        members: Vec::new(),
        certificates: Vec::new(),
        graph_permissions: Vec::new(),
        more: Map::new(),
    })?;
    Ok(principal)
}

/// The object id of something's system-assigned identity.
pub(super) fn principal(resource: &Resource) -> Option<String> {
    resource.more.get("identity")?["principalId"].as_str().map(str::to_owned)
}

/// The object ids of all identities of something that are there.
pub(super) fn principals(state: &State, resource: &Resource) -> Vec<String> {
    let users = Identities::of(resource).users;
    let users = users.iter().filter_map(|user| Some(state.identities.get(user.key())?.principal.clone()));
    principal(resource).into_iter().chain(users).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = "/subscriptions/S/resourceGroups/G/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u";

    fn code(identity: &Value) -> &'static str {
        Identities::read(identity).map_or_else(|error| error.code, |_| "")
    }

    #[test]
    fn types_and_maps_fit() {
        let user = json!({USER: {}});
        let both = Identities::read(&json!({"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": user}));
        let both = both.expect("both");
        assert_eq!((both.type_name(), both.has(&USER.to_uppercase())), ("SystemAssigned,UserAssigned", true));
        assert_eq!(Identities::read(&json!({"type": "None"})), Ok(Identities::default()));
        assert_eq!(code(&json!({"type": "Both"})), "InvalidRequestContent");
        assert_eq!(code(&json!({"type": "UserAssigned"})), "FailedIdentityOperation");
        assert_eq!(
            code(&json!({"type": "UserAssigned", "userAssignedIdentities": {USER: null}})),
            "FailedIdentityOperation"
        );
        assert_eq!(code(&json!({"type": "SystemAssigned", "userAssignedIdentities": user})), "InvalidRequestContent");
        let odd = json!({"type": "UserAssigned", "userAssignedIdentities": {"/subscriptions/S": {}}});
        assert_eq!(code(&odd), "LinkedInvalidPropertyId");
    }

    #[test]
    fn one_is_named_once_whatever_its_case() {
        let twice = json!({"type": "UserAssigned", "userAssignedIdentities": {USER: {}, USER.to_lowercase(): {}}});
        assert_eq!(Identities::read(&twice).expect("one").users.len(), 1);
    }
}
