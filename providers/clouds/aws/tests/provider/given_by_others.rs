//! What is revoked and given by another grant as well, in another form: whoever takes it away is told by which.

use cloudgrant_core::{Level, Silent};

use crate::sharing::apply;
use crate::world::{Runs, World, manifest};

const SECRET: &str = "arn:aws:secretsmanager:us-west-2:111122223333:secret:";
const IMAGES: &str = "111122223333.dkr.ecr.us-west-2.amazonaws.com/";

/// Whether whoever revokes the grant `first` is told that the grant `second` gives some of that, too.
async fn is_told(first: (&str, &str), second: (&str, &str)) -> bool {
    let text = manifest(&format!(
        "  one: {{ aws: \"{}\" }}\n  other: {{ aws: \"{}\" }}\ngrants:\n\
         - {{ name: first, scope: global, access: {{ one: {} }} }}\n\
         - {{ name: second, scope: global, access: {{ other: {} }} }}\n",
        first.0, second.0, first.1, second.1,
    ));
    let world = World::new(&text).await;
    apply(&world, &text).await;
    let session = world.session(&text).await.expect("a session");
    let engine = session.engine_without(Some(&["first".to_owned()])).expect("it is listed");
    let plan = engine.plan(&Silent).await.unwrap_or_else(|error| panic!("{first:?}, {second:?}: {error:?}"));
    let says = |message: &str| message.contains("can still be reached") && message.contains("`second`");
    plan.notes.iter().any(|note| note.level == Level::Warning && says(&note.message))
}

#[tokio::test]
async fn a_grant_that_gives_some_of_it_is_named_however_it_is_written() {
    let secret = |name: &str| format!("{SECRET}{name}");
    let image = |name: &str| format!("{IMAGES}{name}");
    let s3 = str::to_owned;
    let repository = "arn:aws:ecr:us-west-2:111122223333:repository/team/trainer".to_owned();
    let cases = [
        (s3("s3://acme-data"), "read", s3("arn:aws:s3:::acme-data"), "read-write", true),
        (s3("s3://acme-data/inputs/"), "read", s3("arn:aws:s3:::acme-data/inputs/raw/*"), "list", true),
        (s3("arn:aws:s3:::acme-data/inputs/*"), "write", s3("s3://acme-data"), "manage", true),
        (s3("s3://acme-data"), "write", s3("arn:aws:s3:::acme-data"), "read", false),
        (s3("s3://acme-data/inputs/"), "read", s3("arn:aws:s3:::acme-data/models/*"), "read", false),
        (secret("labels-token"), "read", secret("labels-token-SeedEd"), "read", true),
        (secret("labels-token-SeedEd"), "read", secret("labels-token"), "read", true),
        (secret("labels/token-SeedEd"), "read", secret("labels/*"), "read", true),
        // Names go on after a slash, too: neither is in the other one.
        (secret("labels"), "read", secret("labels/token"), "read", false),
        (image("team/trainer"), "pull", repository.clone(), "push", true),
        (repository, "push", image("team/trainer"), "pull", true),
        (image("team/trainer"), "pull", image("team/trainer/base"), "pull", false),
    ];
    let mut wrong = Vec::new();
    for (first, of_first, second, of_second, expected) in &cases {
        if is_told((first, of_first), (second, of_second)).await != *expected {
            wrong.push(format!("{first} {of_first}, {second} {of_second}: expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
