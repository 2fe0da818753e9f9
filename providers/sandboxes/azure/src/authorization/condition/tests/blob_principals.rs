//! "Example Azure role assignment conditions for Blob Storage": custom security attributes.

use super::{ask, case};

#[test]
fn a_tag_equal_to_an_attribute() {
    let case = case(
        "((!(ActionMatches{'%B/read'} AND NOT SubOperationMatches{'Blob.List'})) OR \
          (@Principal[%P:Engineering_Project] StringEquals @Resource[%B/tags:Project<$>])) AND \
         ((!(ActionMatches{'%B/write'} AND SubOperationMatches{'Blob.Write.WithTagHeaders'}) AND \
           !(ActionMatches{'%B/add/action'} AND SubOperationMatches{'Blob.Write.WithTagHeaders'})) OR \
          (@Principal[%P:Engineering_Project] StringEquals @Request[%B/tags:Project<$>]))",
    );
    let read = ask("%B/read").resource("%B/tags:Project", "Baker");
    case.allows(&read.clone().principal("%P:Engineering_Project", "Baker"));
    case.denies(&read.clone().principal("%P:Engineering_Project", "Cascade"));
    case.denies(&read.clone().principal("%P:Engineering_Other", "Baker"));
    case.denies(&read);
    let write = ask("%B/write").sub("Blob.Write.WithTagHeaders").principal("%P:Engineering_Project", "Cascade");
    case.allows(&write.clone().request("%B/tags:Project", "Cascade"));
    case.denies(&write.clone().request("%B/tags:Project", "Baker"));
    case.denies(&write);
}

#[test]
fn a_tag_among_the_values_of_an_attribute() {
    let case = case(
        "((!(ActionMatches{'%B/read'} AND NOT SubOperationMatches{'Blob.List'})) OR \
          (@Resource[%B/tags:Project<$>] ForAnyOfAnyValues:StringEquals @Principal[%P:Engineering_Project]))",
    );
    let read = |project| {
        ask("%B/read").principal("%P:Engineering_Project", ["Baker", "Cascade"]).resource("%B/tags:Project", project)
    };
    case.allows(&read("Baker"));
    case.allows(&read("Cascade"));
    case.denies(&read("Skagit"));
}
