//! "Example Azure role assignment conditions for Blob Storage": versions, snapshots, accounts and encryption scopes.

use super::{ask, case};
use crate::authorization::condition::Value;

const READ: &str = "!(ActionMatches{'%B/read'} AND NOT SubOperationMatches{'Blob.List'})";
const ROOT: &str = "!(ActionMatches{'%B/runAsSuperUser/action'})";

#[test]
fn the_current_version() {
    for targets in [READ.to_owned(), format!("{READ} AND {ROOT}")] {
        let case = case(&format!("(({targets}) OR (@Resource[%B:isCurrentVersion] BoolEquals true))"));
        case.allows(&ask("%B/read").resource("%B:isCurrentVersion", true));
        case.denies(&ask("%B/read").resource("%B:isCurrentVersion", false));
        case.denies(&ask("%B/read").resource("%B:isCurrentVersion", "true"));
    }
}

#[test]
fn the_current_and_one_other_version() {
    let case = case(&format!(
        "(({READ}) OR (@Request[%B:versionId] DateTimeEquals '2022-06-01T23:38:32.8883645Z' OR \
         @Resource[%B:isCurrentVersion] BoolEquals true))"
    ));
    let old = ask("%B/read").resource("%B:isCurrentVersion", false);
    let version = |text: &str| Value::Time(text.to_owned());
    case.allows(&old.clone().request("%B:versionId", version("2022-06-01T23:38:32.8883645Z")));
    case.denies(&old.clone().request("%B:versionId", version("2022-06-01T23:38:32.8883646Z")));
    case.denies(&old);
    case.allows(&ask("%B/read").resource("%B:isCurrentVersion", true));
}

#[test]
fn delete_old_versions() {
    let case = case(
        "((!(ActionMatches{'%B/delete'}) AND !(ActionMatches{'%B/deleteBlobVersion/action'})) OR \
          (@Request[%B:versionId] DateTimeLessThan '2022-06-01T00:00:00.0Z'))",
    );
    for action in ["%B/delete", "%B/deleteBlobVersion/action"] {
        case.allows(&ask(action).request("%B:versionId", "2022-05-31T23:59:59.9999999Z"));
        case.denies(&ask(action).request("%B:versionId", "2022-06-01T00:00:00.0000000Z"));
        case.denies(&ask(action).request("%B:versionId", "last year"));
        case.denies(&ask(action));
    }
}

#[test]
fn the_current_version_and_snapshots() {
    for targets in [READ.to_owned(), format!("{READ} AND {ROOT}")] {
        let case = case(&format!(
            "(({targets}) OR (Exists @Request[%B:snapshot] OR @Resource[%B:isCurrentVersion] BoolEquals true))"
        ));
        let old = ask("%B/read").resource("%B:isCurrentVersion", false);
        case.allows(&old.clone().request("%B:snapshot", "2022-06-01T00:00:00.0000000Z"));
        case.denies(&old);
        case.allows(&ask("%B/read").resource("%B:isCurrentVersion", true));
    }
}

#[test]
fn accounts_with_a_hierarchical_namespace() {
    for targets in [READ.to_owned(), format!("{READ} AND {ROOT}")] {
        let case = case(&format!("(({targets}) OR (@Resource[%S:isHnsEnabled] BoolEquals true))"));
        case.allows(&ask("%B/read").resource("%S:isHnsEnabled", true));
        case.denies(&ask("%B/read").resource("%S:isHnsEnabled", false));
    }
}

#[test]
fn encryption_scopes() {
    let case = case(&format!(
        "(({READ}) OR (@Resource[%S/encryptionScopes:name] ForAnyOfAnyValues:StringEquals {{'validScope1', 'validScope2'}}))"
    ));
    case.allows(&ask("%B/read").resource("%S/encryptionScopes:name", "validScope2"));
    case.denies(&ask("%B/read").resource("%S/encryptionScopes:name", "validScope3"));
    case.denies(&ask("%B/read"));
}

#[test]
fn an_account_with_an_encryption_scope() {
    let case = case(&format!(
        "(({READ} AND !(ActionMatches{{'%B/write'}}) AND !(ActionMatches{{'%B/add/action'}})) OR \
          (@Resource[%S:name] StringEquals 'sampleaccount' AND \
           @Resource[%S/encryptionScopes:name] ForAnyOfAnyValues:StringEquals {{'ScopeCustomKey1'}}))"
    ));
    let of = |account, scope| ask("%B/write").resource("%S:name", account).resource("%S/encryptionScopes:name", scope);
    case.allows(&of("sampleaccount", "ScopeCustomKey1"));
    case.denies(&of("sampleaccount", "ScopeCustomKey2"));
    case.denies(&of("otheraccount", "ScopeCustomKey1"));
}
