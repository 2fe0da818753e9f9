//! IAM. Source: IAM API reference, one function an action; limits from "IAM and AWS STS quotas".

mod attachments;
mod bulk;
mod inline;
mod oidc;
pub(crate) mod parameters;
mod policies;
mod render;
mod roles;
mod summary;
mod tags;
mod versions;

use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::query::Query;
use crate::protocol::xml::Xml;
use crate::server::auth::Caller;
use crate::state::model::{Policy, Role};
use crate::state::{State, iam_arn};

/// The namespace of answers.
pub(crate) const NAMESPACE: &str = "https://iam.amazonaws.com/doc/2010-05-08/";

/// A request: who calls, with what.
pub(crate) struct Call<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) query: &'a Query,
}

/// Carries out an action. The answer is the content of the result element; some actions have none.
pub(crate) fn call(state: &mut State, caller: &Caller, action: &str, query: &Query) -> Answer<Option<Xml>> {
    let call = &Call { caller, query };
    let done = |result: Answer<()>| result.map(|()| None);
    match action {
        "CreatePolicy" => policies::create(state, call).map(Some),
        "GetPolicy" => policies::get(state, call).map(Some),
        "ListPolicies" => policies::list(state, call).map(Some),
        "DeletePolicy" => done(policies::delete(state, call)),
        "ListEntitiesForPolicy" => policies::list_entities(state, call).map(Some),
        "CreatePolicyVersion" => versions::create(state, call).map(Some),
        "GetPolicyVersion" => versions::get(state, call).map(Some),
        "ListPolicyVersions" => versions::list(state, call).map(Some),
        "SetDefaultPolicyVersion" => done(versions::set_default(state, call)),
        "DeletePolicyVersion" => done(versions::delete(state, call)),
        "TagPolicy" => done(tags::tag_policy(state, call)),
        "UntagPolicy" => done(tags::untag_policy(state, call)),
        "ListPolicyTags" => tags::list_policy(state, call).map(Some),
        "CreateRole" => roles::create(state, call).map(Some),
        "GetRole" => roles::get(state, call).map(Some),
        "ListRoles" => roles::list(state, call).map(Some),
        // The one has an empty result element, the other one has the role.
        "UpdateRole" => roles::update(state, call).map(|_| Some(Xml::new())),
        "UpdateRoleDescription" => roles::update(state, call).map(Some),
        "UpdateAssumeRolePolicy" => done(roles::update_trust(state, call)),
        "PutRolePermissionsBoundary" => done(roles::put_boundary(state, call)),
        "DeleteRolePermissionsBoundary" => done(roles::delete_boundary(state, call)),
        "DeleteRole" => done(roles::delete(state, call)),
        "ListInstanceProfilesForRole" => roles::list_instance_profiles(state, call).map(Some),
        "TagRole" => done(tags::tag_role(state, call)),
        "UntagRole" => done(tags::untag_role(state, call)),
        "ListRoleTags" => tags::list_role(state, call).map(Some),
        "AttachRolePolicy" => done(attachments::attach(state, call)),
        "DetachRolePolicy" => done(attachments::detach(state, call)),
        "ListAttachedRolePolicies" => attachments::list(state, call).map(Some),
        "PutRolePolicy" => done(inline::put(state, call)),
        "GetRolePolicy" => inline::get(state, call).map(Some),
        "ListRolePolicies" => inline::list(state, call).map(Some),
        "DeleteRolePolicy" => done(inline::delete(state, call)),
        "CreateOpenIDConnectProvider" => oidc::create(state, call).map(Some),
        "AddClientIDToOpenIDConnectProvider" => done(oidc::add_client_id(state, call)),
        "RemoveClientIDFromOpenIDConnectProvider" => done(oidc::remove_client_id(state, call)),
        "GetOpenIDConnectProvider" => oidc::get(state, call).map(Some),
        "ListOpenIDConnectProviders" => oidc::list(state, call).map(Some),
        "DeleteOpenIDConnectProvider" => done(oidc::delete(state, call)),
        "GetAccountSummary" => summary::get(state, call).map(Some),
        "GetAccountAuthorizationDetails" => bulk::get(state, call).map(Some),
        "GetUser" => summary::user(call).map(Some),
        _ => Err(ApiError::new(
            "InvalidAction",
            400,
            format!("Could not find operation {action} for version 2010-05-08"),
        )),
    }
}

/// The resource that a request is about, for the text of a denial and for policies. Source: Service authorization reference,
/// "Actions, resources, and condition keys for AWS Identity and Access Management": the path is a part of a name.
pub(crate) fn resource(state: &State, caller: &Caller, query: &Query) -> String {
    let (partition, account) = (caller.partition.id(), &caller.account);
    let path = query.get("Path").unwrap_or("/");
    if let Some(name) = query.get("RoleName") {
        let role = state.accounts.get(account).and_then(|account| account.role(name));
        return role.map_or_else(|| format!("arn:{partition}:iam::{account}:role{path}{name}"), Role::arn);
    }
    if let Some(arn) = query.get("PolicyArn").or_else(|| query.get("OpenIDConnectProviderArn")) {
        return arn.to_owned();
    }
    if let Some(policy) = query.get("PolicyName") {
        return format!("arn:{partition}:iam::{account}:policy{path}{policy}");
    }
    if let Some(url) = query.get("Url") {
        let issuer = url.strip_prefix("https://").unwrap_or(url);
        return format!("arn:{partition}:iam::{account}:oidc-provider/{issuer}");
    }
    "*".to_owned()
}

impl Call<'_> {
    fn account<'a>(&self, state: &'a mut State) -> &'a mut crate::state::Account {
        state.account_mut(&self.caller.account)
    }

    /// The role that the request names.
    fn role<'a>(&self, state: &'a State) -> Answer<&'a Role> {
        let name = self.query.required("RoleName")?;
        crate::services::iam::parameters::name(name, "roleName", 64)?;
        state
            .accounts
            .get(&self.caller.account)
            .and_then(|account| account.role(name))
            .ok_or_else(|| ApiError::no_such_entity(format!("The role with name {name} cannot be found.")))
    }

    /// The same for a change, which AWS refuses for its own roles.
    fn role_to_change(&self, state: &State) -> Answer<Role> {
        let role = self.role(state)?;
        if role.is_protected() {
            return Err(ApiError::new(
                "UnmodifiableEntity",
                400,
                format!(
                    "Cannot perform the operation on the protected role '{}' - this role is only modifiable by AWS",
                    role.name
                ),
            ));
        }
        Ok(role.clone())
    }

    /// The ARN of the policy that the request names.
    fn policy_arn(&self) -> Answer<&str> {
        let arn = self.query.required("PolicyArn")?;
        if arn.len() < 20 {
            return Err(ApiError::validation(format!(
                "1 validation error detected: Value '{arn}' at 'policyArn' failed to satisfy constraint: \
                 Member must have length greater than or equal to 20"
            )));
        }
        if iam_arn(self.caller.partition, arn).is_none_or(|(_, resource)| !resource.starts_with("policy/")) {
            return Err(ApiError::validation(format!("ARN {arn} is not valid.")));
        }
        Ok(arn)
    }

    /// A policy that the caller's account can see: one of its own, or one of AWS's.
    fn find_policy<'a>(&self, state: &'a State, arn: &str) -> Option<&'a Policy> {
        state
            .managed
            .get(arn)
            .or_else(|| state.accounts.get(&self.caller.account).and_then(|account| account.policy(arn)))
    }

    /// The policy that the request names.
    fn policy<'a>(&self, state: &'a State) -> Answer<&'a Policy> {
        let arn = self.policy_arn()?;
        self.find_policy(state, arn).ok_or_else(|| not_found(arn))
    }

    /// The same for a change, which nobody may do to AWS's own policies.
    fn policy_to_change(&self, state: &State, action: &str) -> Answer<Policy> {
        let policy = self.policy(state)?;
        if policy.account == crate::authorization::managed_policies::OWNER {
            return Err(ApiError::denied(&self.caller.arn, action, &format!("policy {}", policy.arn())));
        }
        Ok(policy.clone())
    }
}

fn not_found(arn: &str) -> ApiError {
    ApiError::no_such_entity(format!("Policy {arn} was not found."))
}

fn not_attachable(arn: &str) -> ApiError {
    ApiError::no_such_entity(format!("Policy {arn} does not exist or is not attachable."))
}
