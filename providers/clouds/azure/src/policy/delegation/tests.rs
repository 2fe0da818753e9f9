use cloudgrant_azure_sandbox::condition::{self, AccessRequest, Attributes};
use proptest::prelude::*;

use crate::policy::delegation::*;

const A: &str = "Microsoft.Authorization/roleAssignments";
const READER: &str = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1";
const SECRETS: &str = "4633458b-17de-408a-b874-0445c86b69e6";
const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
const SOMEBODY: &str = "28c35fea-2099-4cf5-8ad9-473547bc9423";

/// The documented form: a part for giving, and one for taking away.
fn guarded(expression: &str) -> String {
    let part = |action: &str, source: &str| {
        let expression = expression.replace("@?", &format!("@{source}")).replace("%A", A);
        format!("(\n (\n  !(ActionMatches{{'{A}/{action}'}})\n )\n OR\n (\n  {expression}\n )\n)")
    };
    format!("{} AND {}", part("write", "Request"), part("delete", "Resource"))
}

fn each(condition: &str, role: &str, principal: Option<&str>) -> [Option<bool>; 2] {
    let delegation = Delegation::read(condition);
    [Action::Give, Action::Take].map(|action| delegation.lets(Asked { action, role, principal }))
}

fn says(condition: &str, role: &str, principal: Option<&str>, expected: Option<bool>) {
    assert_eq!(each(condition, role, principal), [expected; 2], "{condition}");
}

#[test]
fn constrain_roles() {
    let condition = guarded(&format!("@?[%A:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{READER}, {SECRETS}}}"));
    says(&condition, &READER.to_uppercase(), None, Some(true));
    says(&condition, OWNER, None, Some(false));
}

#[test]
fn constrain_roles_and_principal_types() {
    let condition = |types: &str| {
        guarded(&format!(
            "@?[%A:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{READER}}} AND @?[%A:PrincipalType] \
             ForAnyOfAnyValues:StringEqualsIgnoreCase {{{types}}}"
        ))
    };
    says(&condition("'User', 'serviceprincipal'"), READER, None, Some(true));
    says(&condition("'ServicePrincipal'"), OWNER, None, Some(false));
    says(&condition("'User', 'Group'"), READER, None, Some(false));
}

#[test]
fn constrain_roles_and_principals() {
    let condition = guarded(&format!(
        "@?[%A:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{READER}}} AND @?[%A:PrincipalId] \
         ForAnyOfAnyValues:GuidEquals {{{SOMEBODY}}}"
    ));
    says(&condition, READER, Some(SOMEBODY), Some(true));
    says(&condition, READER, Some(OWNER), Some(false));
    // An identity that isn't there yet isn't among them, whatever it will be called.
    says(&condition, READER, None, Some(false));
}

#[test]
fn allow_all_except_specific_roles() {
    let condition = guarded(&format!("@?[%A:RoleDefinitionId] ForAnyOfAllValues:GuidNotEquals {{{OWNER}, {SECRETS}}}"));
    says(&condition, READER, None, Some(true));
    says(&condition, SECRETS, None, Some(false));
    says(&condition, OWNER, None, Some(false));
}

#[test]
fn what_is_not_about_roles_cannot_be_told() {
    for expression in [
        "@Environment[UtcNow] DateTimeLessThan '2026-01-01T00:00:00Z'",
        "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Team_name] StringEquals 'data'",
        "@?[%A:RoleDefinitionId] StringLike '2a2b*'",
        "Exists @?[%A:Description]",
        "@?[%A:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {a AND b}",
        "@?[%A:PrincipalType] StringEquals 'ServicePrincipal' AND @?[%A:PrincipalId] GuidEquals x OR Exists @?[x]",
        "\"text\" = 1",
        "",
    ] {
        says(&guarded(expression), READER, None, None);
    }
    // Where the rest decides, what isn't understood doesn't matter.
    let also = guarded(&format!(
        "@?[%A:RoleDefinitionId] GuidEquals {SECRETS} AND @Environment[isPrivateLink] BoolEquals true"
    ));
    says(&also, READER, None, Some(false));
    says(&also, SECRETS, None, None);
    // A condition on other actions says nothing of these.
    says("(!(ActionMatches{'Microsoft.Storage/*'}) OR @Resource[x:y] StringEquals 'z')", READER, None, Some(true));
    assert_eq!(Delegation::read(&"(".repeat(100_000)), Delegation(None));
}

fn attributes(role: &str, principal: Option<&str>) -> Attributes {
    let all = Attributes::new().with(&format!("{A}:RoleDefinitionId"), role);
    let all = all.with(&format!("{A}:PrincipalType"), "ServicePrincipal");
    all.with(&format!("{A}:PrincipalId"), principal.unwrap_or("ffffffff-ffff-ffff-ffff-ffffffffffff"))
}

/// Expressions of the documented operators, in any combination.
fn expression() -> impl Strategy<Value = String> {
    let guids = prop::sample::subsequence(vec![READER, SECRETS, OWNER, SOMEBODY], 1..=3);
    let types = prop::sample::subsequence(vec!["'User'", "'Group'", "'ServicePrincipal'", "'serviceprincipal'"], 1..=3);
    let sides =
        prop::sample::select(vec!["ForAnyOfAnyValues", "ForAnyOfAllValues", "ForAllOfAnyValues", "ForAllOfAllValues"]);
    let ids = (prop::sample::select(vec!["RoleDefinitionId", "PrincipalId"]), sides.clone(), prop::bool::ANY, guids);
    let ids = ids.prop_map(|(name, sides, equals, guids)| {
        let operator = if equals { "GuidEquals" } else { "GuidNotEquals" };
        format!("@?[%A:{name}] {sides}:{operator} {{{}}}", guids.join(", "))
    });
    let operators = vec!["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"];
    let kinds = (sides, prop::sample::select(operators), types).prop_map(|(sides, operator, types)| {
        format!("@?[%A:PrincipalType] {sides}:{operator} {{{}}}", types.join(", "))
    });
    prop_oneof![ids, kinds].prop_recursive(4, 16, 3, |inner| {
        let parts = || prop::collection::vec(inner.clone(), 2..=3);
        let joined = |by: &'static str| parts().prop_map(move |parts| format!("({})", parts.join(by)));
        prop_oneof![joined(" AND "), joined(" || "), inner.clone().prop_map(|part| format!("NOT ({part})"))]
    })
}

proptest! {
    /// The sandbox's evaluator, which was written apart, agrees.
    #[test]
    fn the_sandbox_decides_the_same(
        text in expression(),
        role in prop::sample::select(vec![READER, SECRETS, OWNER]),
        principal in prop::option::of(prop::sample::select(vec![SOMEBODY, READER])),
    ) {
        let text = guarded(&text);
        let parsed = condition::parse(&text).expect(&text);
        let there = attributes(role, principal);
        let write = AccessRequest { request: &there, ..AccessRequest::new(Action::Give.name()) };
        let delete = AccessRequest { resource: &there, ..AccessRequest::new(Action::Take.name()) };
        let expected = [write, delete].map(|request| Some(condition::evaluate(&parsed, &request)));
        prop_assert_eq!(each(&text, role, principal), expected, "{}", text);
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "[(){}!@\\[\\],'&|A-Za-z:.\u{e9} -]{0,80}") {
        Delegation::read(&text);
    }
}
