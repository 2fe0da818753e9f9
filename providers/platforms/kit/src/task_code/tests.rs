use std::sync::Arc;

use cloudgrant_core::{Access, Reach, Resource, ResourceKind, ResourceName};

use super::snippets;

fn code(kind: ResourceKind, access: Access, names: &[(&'static str, &str)]) -> Vec<String> {
    code_of("labels-token", kind, access, names)
}

fn code_of(name: &str, kind: ResourceKind, access: Access, names: &[(&'static str, &str)]) -> Vec<String> {
    let name = ResourceName::parse(name).expect("a name");
    let resource = Resource { name, kind, locator: "s3://acme/a".into(), force: false };
    let names: Vec<_> = names.iter().map(|(called, name)| (*called, (*name).to_owned())).collect();
    let made = snippets("one", "two", &Reach { resource: Arc::new(resource), access }, &names);
    made.into_iter().map(|snippet| snippet.python).collect()
}

const MOUNTED: [(&str, &str); 2] =
    [("SECRET_GROUP", "arn:aws:secretsmanager:us-west-2:1:secret:"), ("SECRET_KEY", "t-AbCdEf")];

#[test]
fn requirement_41_a_secret_is_mounted_as_a_file_and_its_value_not_returned() {
    let made = code(ResourceKind::Secret, Access::Read, &MOUNTED);
    let [flytekit, flyte] = made.as_slice() else { panic!("two SDKs: {made:?}") };
    assert!(flytekit.contains("mount_requirement=Secret.MountType.FILE"), "{flytekit}");
    assert!(flytekit.contains(".secrets.get(LABELS_TOKEN_GROUP, LABELS_TOKEN_KEY)"), "{flytekit}");
    assert!(flyte.contains("mount=LABELS_TOKEN_MOUNT"), "{flyte}");
    assert!(made.iter().all(|python| !python.contains("return ")), "{made:?}");
}

#[test]
fn requirement_41_a_level_shows_what_it_gives_and_no_more() {
    for (access, deeds) in [
        (Access::List, &["list"][..]),
        (Access::Read, &["list", "read"]),
        (Access::Write, &["write"]),
        (Access::ReadWrite, &["list", "read", "write"]),
        (Access::Manage, &["list", "read", "write", "delete"]),
    ] {
        let account = [("ACCOUNT_NAME", "acme"), ("ACCOUNT_HOST", "acme.blob.core.windows.net"), ("OBJECT_PATH", "a/")];
        for names in [&[][..], &account] {
            for python in code(ResourceKind::ObjectStore, access, names) {
                for deed in ["list", "read", "write", "delete"] {
                    let shown = python.contains(&format!("def {deed}_labels_token("));
                    assert_eq!(shown, deeds.contains(&deed), "{access}: {python}");
                }
            }
        }
    }
}

#[test]
fn requirement_41_a_folder_ends_in_one_slash() {
    for python in code(ResourceKind::ObjectStore, Access::Read, &[]) {
        assert!(python.contains("LABELS_TOKEN_URI = \"s3://acme/a/\"\n"), "{python}");
    }
}

#[test]
fn requirement_41_where_the_names_are_not_known_nothing_is_made_up() {
    assert!(code(ResourceKind::Secret, Access::Read, &[]).is_empty());
    assert!(code(ResourceKind::Registry, Access::Pull, &[]).is_empty());
}

/// A name of Python's begins with no digit; behind another word it may.
#[test]
fn a_name_that_begins_with_a_digit_has_one_underscore_in_front_of_it() {
    let objects = code_of("2024-data", ResourceKind::ObjectStore, Access::Manage, &[]);
    let secrets = code_of("2024-data", ResourceKind::Secret, Access::Read, &MOUNTED);
    for python in objects.iter().chain(&secrets) {
        assert!(python.contains("_2024_data(") && !python.contains("__2024"), "{python}");
    }
    assert!(objects.iter().all(|python| python.contains("\n_2024_DATA_URI = ")), "{objects:?}");
}
