//! "Examples to delegate Azure role assignment management with conditions".

use super::{Ask, ask, case};
use crate::authorization::condition::Value;

const ROLES: &str = "{5e467623-bb1f-42f4-a55d-6e525e11384b, a795c7a0-d4a2-40c1-ae25-d81f01202912}";
const READER: &str = "A795C7A0-D4A2-40C1-AE25-D81F01202912";
const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";

fn both(ask: fn(&'static str) -> Ask, role: &str, more: &[(&str, &str)]) -> [Ask; 2] {
    let role = Value::Guid(role.to_owned());
    let write = ask("%A/write").request("%A:RoleDefinitionId", role.clone());
    let delete = ask("%A/delete").resource("%A:RoleDefinitionId", role);
    let fold =
        |ask: Ask, add: fn(Ask, &str, &str) -> Ask| more.iter().fold(ask, |ask, (name, value)| add(ask, name, value));
    [
        fold(write, |ask, name, value| ask.request(name, value)),
        fold(delete, |ask, name, value| ask.resource(name, value)),
    ]
}

/// The condition for granting and the one for revoking.
fn guarded(expression: &str) -> super::Case {
    let write = expression.replace("@?", "@Request");
    let delete = expression.replace("@?", "@Resource");
    case(&format!(
        "((!(ActionMatches{{'%A/write'}})) OR ({write})) AND ((!(ActionMatches{{'%A/delete'}})) OR ({delete}))"
    ))
}

#[test]
fn some_roles() {
    let case = guarded(&format!("@?[%A:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {ROLES}"));
    both(ask, READER, &[]).iter().for_each(|ask| case.allows(ask));
    both(ask, OWNER, &[]).iter().for_each(|ask| case.denies(ask));
    case.denies(&ask("%A/write"));
    case.allows(&ask("%A/read"));
}

#[test]
fn some_roles_for_some_types() {
    let case = guarded(&format!(
        "@?[%A:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {ROLES} AND \
         @?[%A:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {{'User', 'Group'}}"
    ));
    both(ask, READER, &[("%A:PrincipalType", "user")]).iter().for_each(|ask| case.allows(ask));
    both(ask, READER, &[("%A:PrincipalType", "ServicePrincipal")]).iter().for_each(|ask| case.denies(ask));
    both(ask, READER, &[]).iter().for_each(|ask| case.denies(ask));
}

#[test]
fn some_roles_for_some_groups() {
    let case = guarded(&format!(
        "@?[%A:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {ROLES} AND @?[%A:PrincipalId] \
         ForAnyOfAnyValues:GuidEquals {{28c35fea-2099-4cf5-8ad9-473547bc9423, 86951b8b-723a-407b-a74a-1bca3f0c95d0}}"
    ));
    let group = |id| [("%A:PrincipalId", id)];
    both(ask, READER, &group("86951b8b-723a-407b-a74a-1bca3f0c95d0")).iter().for_each(|ask| case.allows(ask));
    both(ask, READER, &group(OWNER)).iter().for_each(|ask| case.denies(ask));
}

#[test]
fn all_roles_but_some() {
    let case = guarded(&format!("@?[%A:RoleDefinitionId] ForAnyOfAllValues:GuidNotEquals {{{OWNER}}}"));
    both(ask, READER, &[]).iter().for_each(|ask| case.allows(ask));
    both(ask, OWNER, &[]).iter().for_each(|ask| case.denies(ask));
    case.denies(&ask("%A/write"));
}
