//! "Example Azure role assignment conditions for Blob Storage": containers, paths and queues.

use super::{ask, case};

#[test]
fn named_containers() {
    for owner in ["", " AND !(ActionMatches{'%B/runAsSuperUser/action'})"] {
        let case = case(&format!(
            "((!(ActionMatches{{'%B/delete'}}) AND !(ActionMatches{{'%B/read'}}) AND !(ActionMatches{{'%B/write'}}) AND \
               !(ActionMatches{{'%B/add/action'}}){owner}) OR \
              (@Resource[%C:name] StringEquals 'blobs-example-container'))"
        ));
        for action in ["%B/delete", "%B/read", "%B/write", "%B/add/action"] {
            case.allows(&ask(action).resource("%C:name", "blobs-example-container"));
            case.denies(&ask(action).resource("%C:name", "ungranted"));
            case.denies(&ask(action));
        }
        let root = ask("%B/runAsSuperUser/action").resource("%C:name", "ungranted");
        if owner.is_empty() { case.allows(&root) } else { case.denies(&root) }
    }
}

#[test]
fn read_below_a_path() {
    for owner in ["", " AND !(ActionMatches{'%B/runAsSuperUser/action'})"] {
        let case = case(&format!(
            "((!(ActionMatches{{'%B/read'}} AND NOT SubOperationMatches{{'Blob.List'}}){owner}) OR \
              (@Resource[%C:name] StringEquals 'blobs-example-container' AND @Resource[%B:path] StringLike 'readonly/*'))"
        ));
        let read = |container, path| ask("%B/read").resource("%C:name", container).resource("%B:path", path);
        case.allows(&read("blobs-example-container", "readonly/Example6.txt"));
        case.denies(&read("blobs-example-container", "Ungranted.txt"));
        case.denies(&read("other", "readonly/Example6.txt"));
        case.allows(&ask("%B/read").sub("Blob.List").resource("%C:name", "other"));
    }
}

#[test]
fn read_or_list_below_a_path() {
    for owner in ["", " AND !(ActionMatches{'%B/runAsSuperUser/action'})"] {
        let case = case(&format!(
            "((!(ActionMatches{{'%B/read'}} AND NOT SubOperationMatches{{'Blob.List'}}){owner}) OR \
              (@Resource[%C:name] StringEquals 'blobs-example-container' AND \
               @Resource[%B:path] StringStartsWith 'readonly/')) AND \
             ((!(ActionMatches{{'%B/read'}} AND SubOperationMatches{{'Blob.List'}}){owner}) OR \
              (@Resource[%C:name] StringEquals 'blobs-example-container' AND \
               @Request[%B:prefix] StringStartsWith 'readonly/'))"
        ));
        let read = ask("%B/read").resource("%C:name", "blobs-example-container");
        let list = read.clone().sub("Blob.List");
        case.allows(&read.clone().resource("%B:path", "readonly/a"));
        case.denies(&read.resource("%B:path", "a"));
        case.allows(&list.clone().request("%B:prefix", "readonly/2024"));
        case.denies(&list.clone().request("%B:prefix", ""));
        case.denies(&list.clone().request("%B:prefix", "Readonly/"));
        case.denies(&list);
    }
}

#[test]
fn write_below_a_path() {
    for owner in ["", " AND !(ActionMatches{'%B/runAsSuperUser/action'})"] {
        let case = case(&format!(
            "((!(ActionMatches{{'%B/write'}}) AND !(ActionMatches{{'%B/add/action'}}){owner}) OR \
              (@Resource[%C:name] StringEquals 'contosocorp' AND @Resource[%B:path] StringLike 'uploads/contoso/*'))"
        ));
        let write = ask("%B/write").resource("%C:name", "contosocorp");
        case.allows(&write.clone().resource("%B:path", "uploads/contoso/Example7.txt"));
        case.denies(&write.resource("%B:path", "Example7.txt"));
        case.allows(&ask("%B/read"));
    }
}

#[test]
fn a_tag_and_a_path() {
    let case = case(
        "((!(ActionMatches{'%B/read'} AND NOT SubOperationMatches{'Blob.List'})) OR \
          (@Resource[%B/tags:Program<$>] StringEquals 'Alpine')) AND \
         ((!(ActionMatches{'%B/read'} AND NOT SubOperationMatches{'Blob.List'})) OR \
          (@Resource[%B:path] StringLike 'logs*'))",
    );
    let read = |path, program| ask("%B/read").resource("%B:path", path).resource("%B/tags:Program", program);
    case.allows(&read("logs/AlpineFile.txt", "Alpine"));
    case.denies(&read("AlpineFile.txt", "Alpine"));
    case.denies(&read("logsAlpine.txt", "Baker"));
}

#[test]
fn a_named_queue() {
    let queues = "%S/queueServices/queues";
    let case = case(&format!(
        "((!(ActionMatches{{'{queues}/messages/read'}}) AND !(ActionMatches{{'{queues}/messages/delete'}})) OR \
          (@Resource[{queues}:name] StringEquals 'sample-queue'))"
    ));
    let peek = ask(&format!("{queues}/messages/read"));
    case.allows(&peek.clone().resource(&format!("{queues}:name"), "sample-queue"));
    case.denies(&peek.resource(&format!("{queues}:name"), "other"));
}
