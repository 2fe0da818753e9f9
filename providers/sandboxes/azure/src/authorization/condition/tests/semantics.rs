//! Actions, sub-operations, logic, case, and what is absent.

use super::{ask, case, long};
use crate::authorization::condition::parse;

#[test]
fn actions_match_with_wildcards_and_without_case() {
    let all = case("ActionMatches{'Microsoft.Authorization/roleAssignments/*'}");
    all.allows(&ask("Microsoft.Authorization/roleAssignments/write"));
    all.allows(&ask("microsoft.authorization/ROLEassignments/write"));
    all.denies(&ask("Microsoft.Authorization/roleDefinitions/write"));
    case("ActionMatches{'*/read'}").allows(&ask("%B/read"));
    case("ActionMatches{'*'}").allows(&ask("%B/read"));
    case("ActionMatches{'%B/read'}").denies(&ask("%B/readX"));
}

#[test]
fn sub_operations() {
    let list = case("SubOperationMatches{'Blob.List'}");
    list.allows(&ask("%B/read").sub("Blob.List"));
    list.allows(&ask("%B/read").sub("blob.list"));
    list.denies(&ask("%B/read").sub("Blob.Write.Tier"));
    list.denies(&ask("%B/read"));
    case("NOT Exists @Request[subOperation]").allows(&ask("%B/read"));
    case("Exists @Request[suboperation]").allows(&ask("%B/read").sub("Blob.List"));
}

#[test]
fn both_spellings_of_logic() {
    let yes = ask("a.b/c");
    for text in [
        "ActionMatches{'a.b/c'} AND NOT ActionMatches{'a.b/d'}",
        "ActionMatches{'a.b/c'}&&!ActionMatches{'a.b/d'}",
        "ActionMatches{'a.b/d'} or ActionMatches{'a.b/c'}",
        "ActionMatches{'a.b/d'}||ActionMatches{'a.b/c'}",
        "!!ActionMatches{'a.b/c'}",
        "NOT (ActionMatches{'a.b/d'} OR ActionMatches{'a.b/e'})",
        "NOT ActionMatches{'a.b/d'} AND ActionMatches{'a.b/c'}",
    ] {
        case(text).allows(&yes);
        case(&format!("NOT ({text})")).denies(&yes);
    }
    // NOT binds closer than AND.
    case("NOT ActionMatches{'a.b/c'} AND ActionMatches{'a.b/d'}").denies(&yes);
    case("NOT @Resource[%C:name] StringEquals 'a'").allows(&ask("a.b/c").resource("%C:name", "b"));
}

/// As in the help of `az role assignment create`.
#[test]
fn case_does_not_count_in_names() {
    let case = case("@resource[%C:Name] stringEquals 'foo'");
    case.allows(&ask("a.b/c").resource("%C:name", "foo"));
    case.denies(&ask("a.b/c").resource("%C:name", "Foo"));
}

#[test]
fn case_counts_in_the_keys_of_tags() {
    let case = case("@Resource[%B/tags:Project<$>] StringEquals 'a'");
    case.allows(&ask("a.b/c").resource("%B/tags:Project<$>", "a"));
    case.allows(&ask("a.b/c").resource("%B/tags:Project", "a"));
    case.denies(&ask("a.b/c").resource("%B/tags:PROJECT<$>", "a"));
}

#[test]
fn what_is_absent_never_lets_through() {
    let absent = ask("a.b/c");
    for text in [
        "@Resource[%C:name] StringEquals 'a'",
        "@Resource[%C:name] StringNotEquals 'a'",
        "@Resource[%C:name] StringNotLike 'a'",
        "NOT @Resource[%C:name] StringEquals 'a'",
        "NOT @Resource[%C:name] StringNotEquals 'a'",
        "@Resource[%C:name] ForAllOfAllValues:StringNotEquals {'a'}",
        "@Resource[%S:name] StringEquals @Resource[%C:name]",
        "@Resource[%S:name] StringNotEquals @Resource[%C:name]",
        "@Resource[%C:name] StringEquals 'a' OR @Resource[%C:name] StringNotEquals 'a'",
        "@Resource[%C:name] StringEquals 'a' AND ActionMatches{'a.b/c'}",
        "NOT (@Resource[%C:name] StringEquals 'a' AND ActionMatches{'a.b/c'})",
        "Exists @Resource[%C:name]",
    ] {
        case(text).denies(&absent);
    }
}

#[test]
fn other_parts_decide_where_something_is_absent() {
    let absent = ask("a.b/c");
    case("NOT Exists @Resource[%C:name]").allows(&absent);
    case("@Request[%B:versionId] DateTimeEquals '2022-06-01T00:00:00.0Z' OR NOT Exists @Request[%B:versionId]")
        .allows(&absent);
    case("@Resource[%C:name] StringEquals 'a' OR ActionMatches{'a.b/c'}").allows(&absent);
    case("NOT (@Resource[%C:name] StringEquals 'a' AND ActionMatches{'a.b/d'})").allows(&absent);
}

#[test]
fn the_canonical_form() {
    let text = long(
        "( ( NOT (actionmatches {'%B/read'}&&not SubOperationMatches{'Blob.List'}) )\n OR ((\n \
         exists @resource[%C:name])) or @Request[%A:PrincipalId] foranyofanyvalues:guidequals\
         {28c35fea-2099-4cf5-8ad9-473547bc9423,'86951b8b-723a-407b-a74a-1bca3f0c95d0'} )",
    );
    let printed = long(
        "!(ActionMatches{'%B/read'} AND !SubOperationMatches{'Blob.List'}) OR Exists @Resource[%C:name] OR \
         @Request[%A:PrincipalId] ForAnyOfAnyValues:GuidEquals \
         {28c35fea-2099-4cf5-8ad9-473547bc9423, '86951b8b-723a-407b-a74a-1bca3f0c95d0'}",
    );
    assert_eq!(parse(&text).map(|condition| condition.to_string()), Ok(printed));
}
