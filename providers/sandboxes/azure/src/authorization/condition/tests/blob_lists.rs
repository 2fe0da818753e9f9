//! "Example Azure role assignment conditions for Blob Storage": what a list includes, and the container's metadata.

use super::{ask, case};

#[test]
fn a_list_may_include() {
    let case = case(
        "((!(ActionMatches{'%B/read'} AND SubOperationMatches{'Blob.List'})) OR \
          (@Request[%B:include] ForAllOfAnyValues:StringEqualsIgnoreCase {'metadata', 'snapshots', 'versions'}))",
    );
    let list = ask("%B/read").sub("Blob.List");
    case.allows(&list.clone().request("%B:include", ["Metadata", "versions"]));
    case.allows(&list.clone().request("%B:include", []));
    case.denies(&list.request("%B:include", ["metadata", "deleted"]));
}

#[test]
fn a_list_may_not_include() {
    let case = case(
        "((!(ActionMatches{'%B/read'} AND SubOperationMatches{'Blob.List'})) OR \
          (@Request[%B:include] ForAllOfAllValues:StringNotEquals {'metadata'}))",
    );
    let list = ask("%B/read").sub("Blob.List");
    case.allows(&list.clone().request("%B:include", ["snapshots", "versions"]));
    case.denies(&list.request("%B:include", ["snapshots", "metadata"]));
}

#[test]
fn the_containers_metadata() {
    let case = case("((!(ActionMatches{'%B/read'})) OR (@Resource[%C/metadata:testKey] StringEquals 'testValue'))");
    case.allows(&ask("%B/read").resource("%C/metadata:testkey", "testValue"));
    case.denies(&ask("%B/read").resource("%C/metadata:testKey", "other"));
    case.denies(&ask("%B/read"));
}
