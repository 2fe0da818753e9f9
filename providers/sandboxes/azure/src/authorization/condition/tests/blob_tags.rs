//! "Example Azure role assignment conditions for Blob Storage": blob index tags.

use super::{ask, case};

#[test]
fn read_blobs_with_a_tag() {
    let case = case(
        "((!(ActionMatches{'%B/read'} AND NOT SubOperationMatches{'Blob.List'})) OR \
         (@Resource[%B/tags:Project<$>] StringEquals 'Cascade'))",
    );
    case.allows(&ask("%B/read").resource("%B/tags:Project", "Cascade"));
    case.allows(&ask("%B/read").sub("Blob.List"));
    case.allows(&ask("%B/write"));
    case.denies(&ask("%B/read").resource("%B/tags:Project", "cascade"));
    case.denies(&ask("%B/read").resource("%B/tags:project", "Cascade"));
    case.denies(&ask("%B/read").request("%B/tags:Project", "Cascade"));
    case.denies(&ask("%B/read"));
}

#[test]
fn new_blobs_must_have_a_tag() {
    let case = case(
        "((!(ActionMatches{'%B/write'} AND SubOperationMatches{'Blob.Write.WithTagHeaders'}) AND \
           !(ActionMatches{'%B/add/action'} AND SubOperationMatches{'Blob.Write.WithTagHeaders'})) OR \
          (@Request[%B/tags:Project<$>] StringEquals 'Cascade'))",
    );
    for action in ["%B/write", "%B/add/action"] {
        let write = ask(action).sub("Blob.Write.WithTagHeaders");
        case.allows(&write.clone().request("%B/tags:Project<$>", "Cascade"));
        case.denies(&write.clone().request("%B/tags:Project<$>", "Baker"));
        case.denies(&write.clone().resource("%B/tags:Project<$>", "Cascade"));
        case.denies(&write);
        case.allows(&ask(action));
        case.allows(&ask(action).sub("Blob.Write.Tier"));
    }
}

#[test]
fn only_known_tag_keys() {
    let case = case(
        "((!(ActionMatches{'%B/write'} AND SubOperationMatches{'Blob.Write.WithTagHeaders'}) AND \
           !(ActionMatches{'%B/tags/write'})) OR \
          (@Request[%B/tags&$keys$&] ForAllOfAnyValues:StringEquals {'Project', 'Program'}))",
    );
    let tag = ask("%B/tags/write");
    case.allows(&tag.clone().request("%B/tags&$keys$&", ["Project"]));
    case.allows(&tag.clone().request("%B/tags&$keys$&", ["Program", "Project"]));
    case.denies(&tag.clone().request("%B/tags&$keys$&", ["Project", "Mode"]));
    case.denies(&tag.clone().request("%B/tags&$keys$&", ["project"]));
    case.denies(&tag);
    case.denies(&ask("%B/write").sub("Blob.Write.WithTagHeaders").request("%B/tags&$keys$&", ["Mode"]));
    case.allows(&ask("%B/write"));
}

#[test]
fn a_tag_key_with_known_values() {
    let case = case(
        "((!(ActionMatches{'%B/write'} AND SubOperationMatches{'Blob.Write.WithTagHeaders'}) AND \
           !(ActionMatches{'%B/tags/write'})) OR \
          (@Request[%B/tags&$keys$&] ForAnyOfAnyValues:StringEquals {'Project'} AND \
           @Request[%B/tags:Project<$>] ForAllOfAnyValues:StringEquals {'Cascade', 'Baker', 'Skagit'}))",
    );
    let tag = |value| ask("%B/tags/write").request("%B/tags&$keys$&", ["Project"]).request("%B/tags:Project", value);
    for value in ["Cascade", "Baker", "Skagit"] {
        case.allows(&tag(value));
    }
    case.denies(&tag("Alpine"));
    case.denies(&ask("%B/tags/write").request("%B/tags&$keys$&", ["Mode"]).request("%B/tags:Mode", "Baker"));
}

/// How the preview wrote sub-operations.
#[test]
fn a_sub_operation_of_the_preview() {
    let case = case(
        "((!(ActionMatches{'%B/read'} AND \
             @Request[subOperation] ForAnyOfAnyValues:StringEqualsIgnoreCase {'Blob.Read.WithTagConditions'})) OR \
          (@Resource[%B/tags:Project<$>] StringEquals 'Cascade'))",
    );
    let read = ask("%B/read").sub("Blob.Read.WithTagConditions");
    case.allows(&read.clone().resource("%B/tags:Project", "Cascade"));
    case.denies(&read.resource("%B/tags:Project", "Baker"));
    case.allows(&ask("%B/read").sub("Blob.List"));
}
