use std::sync::Arc;

use cloudgrant_core::{Access, ClientCode, KindWords, Locator, Reach, Resource, ResourceKind, ResourceName};

use super::{Sdks, snippets, snippets_of_client};

const SDKS: Sdks = Sdks { flytekit: Some("one"), flyte: Some("two") };

fn code(kind: ResourceKind, access: Access, names: &[(&'static str, &str)]) -> Vec<String> {
    code_of("labels-token", kind, access, names)
}

fn code_of(name: &str, kind: ResourceKind, access: Access, names: &[(&'static str, &str)]) -> Vec<String> {
    let name = ResourceName::parse(name).expect("a name");
    let resource = Resource { name, kind, locator: Locator::new("s3://acme/a", ()), force: false };
    let names: Vec<_> = names.iter().map(|(called, name)| (*called, (*name).to_owned())).collect();
    let made = snippets(SDKS, &Reach { resource: Arc::new(resource), access }, &names);
    made.into_iter().map(|snippet| snippet.python).collect()
}

const MOUNTED: [(&str, &str); 2] =
    [("SECRET_GROUP", "arn:aws:secretsmanager:us-west-2:1:secret:"), ("SECRET_KEY", "t-AbCdEf")];

#[test]
fn requirement_41_a_secret_is_mounted_as_a_file_and_its_value_not_returned() {
    let made = code(ResourceKind::SECRET, Access::Read, &MOUNTED);
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
            for python in code(ResourceKind::OBJECT_STORE, access, names) {
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
    for python in code(ResourceKind::OBJECT_STORE, Access::Read, &[]) {
        assert!(python.contains("LABELS_TOKEN_URI = \"s3://acme/a/\"\n"), "{python}");
    }
}

#[test]
fn requirement_41_where_the_names_are_not_known_nothing_is_made_up() {
    assert!(code(ResourceKind::SECRET, Access::Read, &[]).is_empty());
    assert!(code(ResourceKind::REGISTRY, Access::Pull, &[]).is_empty());
}

/// A name of Python's begins with no digit; behind another word it may.
#[test]
fn a_name_that_begins_with_a_digit_has_one_underscore_in_front_of_it() {
    let objects = code_of("2024-data", ResourceKind::OBJECT_STORE, Access::Manage, &[]);
    let secrets = code_of("2024-data", ResourceKind::SECRET, Access::Read, &MOUNTED);
    for python in objects.iter().chain(&secrets) {
        assert!(python.contains("_2024_data(") && !python.contains("__2024"), "{python}");
    }
    assert!(objects.iter().all(|python| python.contains("\n_2024_DATA_URI = ")), "{objects:?}");
}

/// Of a kind that no platform has heard of: the cloud says what its client does.
#[test]
fn requirement_41_what_the_clouds_own_client_does_becomes_a_task_for_each_sdk() {
    const TOPIC: ResourceKind = ResourceKind::new(&KindWords { id: "topic", noun: "topic", with_article: "a topic" });
    let resource = Resource {
        name: ResourceName::parse("2024-news").expect("a name"),
        kind: TOPIC,
        locator: Locator::new("topic://news", ()),
        force: false,
    };
    let reach = Reach { resource: Arc::new(resource), access: Access::Write };
    let code = ClientCode {
        packages: &["acme", "acme-topics"],
        imports: &["import acme"],
        constants: vec![("TOPIC", "ne\"ws".to_owned())],
        body: vec!["topic = acme.topic(<TOPIC>)", "topic.send(\"hello\")"],
    };
    assert!(snippets(SDKS, &reach, &[]).is_empty());
    let made: Vec<_> = snippets_of_client(SDKS, &reach, &code).into_iter().map(|snippet| snippet.python).collect();
    let body = "def use_2024_news() -> None:\n    topic = acme.topic(_2024_NEWS_TOPIC)\n    topic.send(\"hello\")\n";
    let head = "# The task's image needs the packages acme and acme-topics.\n_2024_NEWS_TOPIC = \"ne\\\"ws\"\n";
    assert_eq!(
        made,
        [
            format!("import acme\nfrom flytekit import task\n\n{head}\n\n@task\n{body}"),
            format!(
                "import acme\nimport flyte\n\n{head}_2024_news_env = flyte.TaskEnvironment(name=\"2024-news\")\n\n\n\
                 @_2024_news_env.task\n{body}"
            ),
        ]
    );
}
