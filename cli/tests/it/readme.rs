//! What the README shows is what one sees.

use serde_json::{Value, json};

use crate::support::Folder;

const README: &str = include_str!("../../../README.md");
const FIRST: &str = include_str!("../../../examples/first/cloudgrant.yaml");

/// What stands between two marks.
fn block(name: &str) -> &'static str {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let from = README.find(&begin).expect("the mark is there") + begin.len();
    let to = README[from..].find(&end).expect("the block ends") + from;
    &README[from..to]
}

#[test]
fn the_manifest_is_the_examples() {
    assert_eq!(block("manifest"), format!("```yaml\n{FIRST}```\n"));
}

#[test]
fn the_plan_is_what_one_sees() {
    let folder = Folder::with_file("cloudgrant.yaml", FIRST);
    let output = folder.output(&["plan", "--sandbox"]);
    let seen = String::from_utf8(output.stdout).expect("text");
    assert_eq!(block("plan"), format!("```diff\n{seen}```\n"));
}

#[test]
fn the_list_of_stacks_is_what_one_sees() {
    let folder = Folder::with(crate::support::QUICKSTART);
    let apply = || assert_eq!(folder.output(&["apply", "--sandbox", "--yes", "-q"]).status.code(), Some(0));
    apply();
    folder.write("cloudgrant.yaml", crate::support::QUICKSTART.replace("stack: acme-ml ", "stack: acme-new "));
    apply();
    let seen = String::from_utf8(folder.output(&["stacks", "--sandbox"]).stdout).expect("text");
    assert_eq!(block("stacks"), format!("```\n{seen}```\n"));
}

#[test]
fn the_matrix_is_what_providers_says() {
    let output = Folder::empty().output(&["providers"]);
    let seen = String::from_utf8(output.stdout).expect("text");
    assert_eq!(block("providers"), format!("```\n{seen}```\n"));
}

/// The rows of the manifest's table: the keys of each, and what its columns `required` and `default` say.
fn rows() -> Vec<(Vec<String>, &'static str, &'static str)> {
    let rows = README.lines().skip_while(|line| !line.starts_with("| key | required | default |")).skip(2);
    let read = |row: &'static str| {
        let mut columns = row.split('|').map(str::trim).skip(1);
        let [names, required, default] = std::array::from_fn(|_| columns.next().unwrap_or_default());
        let mut parent = String::new();
        let names = names.split(", ").map(|name| {
            let name = name.trim_matches('`');
            // `.scope` stands beside `grants[].name`.
            let name = if name.starts_with('.') { format!("{parent}{name}") } else { name.to_owned() };
            parent = name.rsplit_once('.').map(|(parent, _)| parent.to_owned()).unwrap_or_default();
            name
        });
        (names.collect(), required, default)
    };
    rows.take_while(|line| line.starts_with('|')).map(read).collect()
}

/// The keys that the table of the manifest calls required: without any condition.
fn required() -> Vec<String> {
    let rows = rows().into_iter().filter(|(_, required, _)| required.starts_with("yes"));
    rows.flat_map(|(names, ..)| names).collect()
}

/// What the table writes in backquotes as the default of a key, or of all keys of its row.
fn defaults(key: &str) -> Vec<String> {
    let rows = rows();
    let (_, _, default) = rows.iter().find(|(names, ..)| names.iter().any(|name| name == key)).expect("a row");
    default.split('`').skip(1).step_by(2).map(|word| word.replace("ORGANIZATION", "acme")).collect()
}

/// A manifest of what is required, and nothing else.
fn smallest(provider: &str) -> Value {
    let mut manifest = json!({
        "version": 1,
        "stack": "acme",
        "provider": provider,
        "platform": { "kind": "union", "organization": "acme", "projects": ["p"], "domains": ["d"] },
        "aws": { "region": "us-west-2", "account": "111122223333" },
        "azure": {
            "tenant": "00000000-0000-0000-0000-00000000000a",
            "subscription": "00000000-0000-0000-0000-00000000000b",
            "resource_group": "acme"
        },
        "resources": { "data": { "aws": "s3://acme-data/", "azure": "https://acmedata.blob.core.windows.net/data/" } },
        "grants": [{ "name": "data", "scope": "global", "access": { "data": "read" } }],
        "registries": [{ "name": "base", "access": "pull" }],
        "bindings": [{ "scope": "global" }],
    });
    manifest["registries"][0][provider] = match provider {
        "aws" => "111122223333.dkr.ecr.us-west-2.amazonaws.com/base".into(),
        _ => "acmebase.azurecr.io".into(),
    };
    manifest
}

/// Takes the key away, and says whether it was there.
fn remove(manifest: &mut Value, key: &str) -> bool {
    let (parents, last) = key.rsplit_once('.').unwrap_or(("", key));
    let mut at = manifest;
    for parent in parents.split('.').filter(|parent| !parent.is_empty()) {
        at = match parent.strip_suffix("[]") {
            Some(list) => &mut at[list][0],
            None => &mut at[parent],
        };
    }
    at.as_object_mut().is_some_and(|map| map.remove(last).is_some())
}

#[test]
fn what_is_called_required_is_required_and_nothing_else_is() {
    for provider in ["aws", "azure"] {
        let run = |manifest: &Value| {
            let folder = Folder::with_file("cloudgrant.json", manifest.to_string());
            let output = folder.output(&["plan", "--sandbox"]);
            (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
        };
        let (code, said) = run(&smallest(provider));
        assert_eq!(code, Some(0), "{said}");
        let mut tried = 0;
        for key in required() {
            let mut manifest = smallest(provider);
            if !remove(&mut manifest, &key) {
                continue;
            }
            let of_another_cloud = ["aws", "azure"].iter().any(|other| *other != provider && key.starts_with(other));
            let (code, said) = run(&manifest);
            let expected = if of_another_cloud { Some(0) } else { Some(2) };
            assert_eq!(code, expected, "{provider} without {key}: {said}");
            tried += usize::from(!of_another_cloud);
        }
        assert!(tried > 10, "{tried} keys were tried: is the table still there?");
    }
}

#[test]
fn every_link_within_leads_somewhere() {
    let headings: Vec<_> = README
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|title| title.to_lowercase().replace(' ', "-"))
        .collect();
    for link in README.split("](#").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(headings.iter().any(|heading| heading == link), "#{link}: {headings:?}");
    }
}

/// As they are typed, one after the other, and none of them in a real cloud.
#[test]
fn the_commands_to_try_work_as_they_stand() {
    let folder = Folder::empty();
    std::fs::create_dir_all(folder.path().join("examples/quickstart")).expect("a folder");
    folder.write("examples/quickstart/cloudgrant.yaml", crate::support::QUICKSTART);
    let section = README.split("\n## ").find(|section| section.starts_with("Try it\n")).expect("the section");
    let lines: Vec<_> = section.lines().filter_map(|line| line.strip_prefix("cargo run -- ")).collect();
    assert_eq!(lines.len(), 5, "{lines:?}");
    for line in lines {
        let words: Vec<_> = line.split(' ').collect();
        assert!(words.iter().any(|word| word.ends_with("sandbox")), "in a real cloud: {line}");
        // Another program, with a line of its own that goes on below.
        let own: Vec<_> = words.iter().copied().take_while(|word| *word != "--").collect();
        let words = if own.len() < words.len() { [own, vec!["--", "true"]].concat() } else { words };
        let output = folder.output(&words);
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// What the first real run takes: the commands of ours stand in the table as they are typed.
#[test]
fn the_documents_for_the_caller_are_made_as_the_table_says() {
    let section =
        README.split("\n## ").find(|section| section.starts_with("Your first real run\n")).expect("the section");
    for (provider, names) in [("aws", ["111122223333", "444455556666"]), ("azure", ["role", "assignment"])] {
        let folder = crate::support::Folder::with(crate::support::QUICKSTART);
        for name in names {
            let told = format!("`cloudgrant permissions --for {}", if provider == "aws" { "ACCOUNT" } else { name });
            assert!(section.contains(&told), "{told}");
            let output = folder.output(&["permissions", "--for", name, "--provider", provider]);
            let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
            match name {
                "role" => {
                    assert!(document["Name"].is_string() && document["AssignableScopes"].is_array(), "{document}")
                }
                "assignment" => {
                    assert_eq!(document["roleName"], "Role Based Access Control Administrator");
                    assert_eq!(document["conditionVersion"], "2.0");
                    assert!(document["condition"].is_string(), "{document}");
                }
                _ => assert!(document["Statement"].is_array(), "{document}"),
            }
        }
    }
}

/// Writes a key of a manifest.
fn set(manifest: &mut Value, key: &str, value: Value) {
    let mut at = manifest;
    for part in key.split('.') {
        at = match part.strip_suffix("[]") {
            Some(list) => &mut at[list][0],
            None => &mut at[part],
        };
    }
    *at = value;
}

/// How a plan ends, and what it says.
fn planned(manifest: &Value) -> (Option<i32>, String) {
    let folder = Folder::with_file("cloudgrant.json", manifest.to_string());
    let output = folder.output(&["plan", "--sandbox", "-v"]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    // Each sandbox listens at a port of its own.
    let told = told.split("127.0.0.1:").map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit()));
    (output.status.code(), told.collect::<Vec<_>>().join("127.0.0.1:"))
}

/// A default that is written is the same as one that isn't, and another value is something else.
#[test]
fn what_is_called_a_default_is_the_default() {
    let word = |key: &str, at: usize| Value::String(defaults(key)[at].clone());
    let truth = |key: &str| Value::Bool(defaults(key)[0].parse().expect("true or false"));
    let union = json!({ "bindings[]": { "scope": { "domain": "d" } } });
    let flyte = json!({
        "bindings[]": { "scope": { "domain": "d" } }, "platform.kind": "flyte", "azure.task_identity": "tasks",
    });
    let secret = json!({
        "resources.data.aws": "arn:aws:secretsmanager:us-west-2:111122223333:secret:token-AbCdEf",
    });
    let own_bucket = json!({ "resources.data.aws": "s3://unionai-acme/" });
    let writes = json!({ "grants[].access.data": "write" });
    let admin = json!({ "bindings[]": { "scope": { "domain": "d" } }, "platform.delivery": "admin" });
    for (provider, base, key, default, other) in [
        ("aws", &union, "platform.namespace", word("platform.namespace", 0), json!("tasks-{project}-{domain}")),
        ("aws", &union, "platform.service_account", word("platform.service_account", 1), json!("robot")),
        ("aws", &union, "platform.low_privilege", truth("platform.low_privilege"), json!(true)),
        ("aws", &union, "platform.delivery", word("platform.delivery", 0), json!("kubernetes")),
        ("aws", &admin, "platform.attribute", word("platform.attribute", 1), json!("another")),
        ("aws", &own_bucket, "resources.data.force", truth("resources.NAME.force"), json!(true)),
        ("azure", &writes, "grants[].precise", truth("grants[].precise"), json!(true)),
        ("aws", &union, "registries[].access", word("registries[].access", 0), json!("push")),
        ("aws", &union, "aws.cluster.audience", word("aws.cluster.audience", 0), json!("api://elsewhere")),
        ("aws", &union, "aws.task_role", word("aws.task_role", 0), json!("another-role")),
        ("aws", &union, "aws.task_policy", word("aws.task_policy", 1), json!("another-policy")),
        ("aws", &union, "aws.node_role", word("aws.node_role", 2), json!("another-role")),
        ("aws", &secret, "aws.inspect_secrets", truth("aws.inspect_secrets"), json!(1)),
        ("azure", &flyte, "azure.cluster.audience", word("azure.cluster.audience", 0), json!("api://elsewhere")),
        ("azure", &flyte, "azure.cloud", word("azure.cloud", 0), json!("government")),
    ] {
        let mut manifest = smallest(provider);
        set(&mut manifest, "aws.cluster.oidc_provider", json!("oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE"));
        set(&mut manifest, "registries[].aws", json!("444455556666.dkr.ecr.us-west-2.amazonaws.com/base"));
        base.as_object().expect("keys").iter().for_each(|(key, value)| set(&mut manifest, key, value.clone()));
        let without = planned(&manifest);
        set(&mut manifest, key, default.clone());
        assert_eq!(planned(&manifest), without, "{provider}: {key}: {default}");
        set(&mut manifest, key, other);
        assert_ne!(planned(&manifest), without, "{provider}: nothing shows whether {key} is {default}");
    }
}

/// Patterns hold where nobody says so: each of those that the table has.
#[test]
fn what_is_called_protected_is_protected() {
    let named = |pattern: &String| Value::String(pattern.replace('*', "x"));
    let all = defaults("azure.protected");
    let (protected, accounts) = all.split_at(all.iter().position(|it| it.starts_with("unionai")).expect("accounts"));
    for (provider, patterns, key, said) in [
        ("aws", defaults("aws.protected").as_slice(), "aws.task_role", "protected"),
        ("azure", protected, "azure.task_identity", "protected"),
        ("aws", defaults("aws.platform_buckets").as_slice(), "resources.data.aws", "platform's own"),
        ("azure", accounts, "resources.data.azure", "platform's own"),
    ] {
        assert!(patterns.len() > 1, "{key}: {patterns:?}");
        for pattern in patterns {
            let mut manifest = smallest(provider);
            let Value::String(name) = named(pattern) else { unreachable!() };
            let value = match key {
                "resources.data.aws" => format!("s3://{name}/"),
                "resources.data.azure" => format!("https://{name}.blob.core.windows.net/data/"),
                _ => name,
            };
            set(&mut manifest, key, value.clone().into());
            let folder = Folder::with_file("cloudgrant.json", manifest.to_string());
            let output = folder.output(&["plan", "--sandbox"]);
            let told = String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(!output.status.success() && told.contains(said), "{key}: {value}: {told}");
        }
    }
}

/// Words that are explained are those that people meet.
#[test]
fn the_words_are_those_of_help_and_messages() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots");
    let mut seen = String::new();
    for entry in std::fs::read_dir(folder).expect("the snapshots") {
        let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("a snapshot");
        // What stands before is which test saw it.
        seen.push_str(text.splitn(3, "---").last().unwrap_or_default());
    }
    let section = README.split("\n## ").find(|section| section.starts_with("Words\n")).expect("the section");
    let rows = section.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let words: Vec<_> = rows.skip(1).flat_map(|words| words.split(", ")).collect();
    assert!(words.len() > 8, "{words:?}");
    for word in words {
        assert!(seen.contains(word), "nobody meets `{word}`");
    }
}
