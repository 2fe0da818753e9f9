//! What stacks have told a platform is found again where no manifest says any more that they did: by the marks that their homes keep
//! of these places.

use serde_json::Value;

use crate::delivery::ONE_DOMAIN;
use crate::json::assert_valid;
use crate::support::Folder;

const EXAMPLE: &str = include_str!("../../../examples/flyte/cloudgrant.yaml");
const DOMAINS: &str = include_str!("../../../examples/domains/cloudgrant.yaml");

/// A stack that was applied and whose manifest is gone.
struct Case {
    cloud: &'static str,
    manifest: String,
    stack: &'static str,
    /// What the place is called, and what is there.
    place: &'static str,
    kind: &'static str,
    /// What has to be said of how to look there.
    delivery: &'static str,
    variables: &'static [(&'static str, &'static str)],
}

const AWS: &[(&str, &str)] = &[
    ("CLOUDGRANT_AWS__ACCOUNT", "111122223333"),
    ("CLOUDGRANT_AWS__REGION", "us-west-2"),
    ("CLOUDGRANT_AWS__HOME", "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE"),
];
const AZURE: &[(&str, &str)] = &[
    ("CLOUDGRANT_AZURE__TENANT", "00000000-0000-0000-0000-00000000000a"),
    ("CLOUDGRANT_AZURE__SUBSCRIPTION", "00000000-0000-0000-0000-00000000000b"),
    ("CLOUDGRANT_AZURE__RESOURCE_GROUP", "acme-dataplane"),
];
const RECORDS: (&str, &str) = ("cluster resource attributes of ", "cluster-resource-attribute");
const SETTINGS: (&str, &str) = ("settings of ", "service-account-setting");
const ACCOUNTS: (&str, &str) = ("service accounts of the cluster with the issuer ", "service-account-annotation");

fn cases() -> [Case; 6] {
    let delivered = |manifest: &str, way: &str| {
        let manifest = manifest.replace("  delivery: kubernetes\n", "").replace("  delivery: admin\n", "");
        manifest.replacen("kind: flyte\n", &format!("kind: flyte\n  delivery: {way}\n"), 1)
    };
    let case = |cloud, manifest: &str, stack, (place, kind), delivery: &'static str| {
        let manifest = delivered(manifest, delivery.trim_start_matches("leave-"));
        let variables = if cloud == "aws" { AWS } else { AZURE };
        Case { cloud, manifest, stack, place, kind, delivery, variables }
    };
    let attribute = |manifest: &str| manifest.replacen("kind: flyte\n", "kind: flyte\n  attribute: clientId\n", 1);
    [
        case("aws", EXAMPLE, "acme-flyte", RECORDS, "leave-admin"),
        case("aws", EXAMPLE, "acme-flyte", ACCOUNTS, "kubernetes"),
        case("azure", &attribute(DOMAINS), "acme-domains", RECORDS, "admin"),
        case("azure", ONE_DOMAIN, "acme-one", ACCOUNTS, "leave-kubernetes"),
        case("aws", EXAMPLE, "acme-flyte", SETTINGS, "leave-settings"),
        case("azure", DOMAINS, "acme-domains", SETTINGS, "settings"),
    ]
}

#[track_caller]
fn exits(folder: &Folder, arguments: &[&str], code: i32) -> String {
    let output = folder.output(arguments);
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    said
}

/// How many objects of a kind the only stack has.
fn count(document: &Value, kind: &str) -> usize {
    let objects = document["stacks"][0]["objects"].as_array();
    objects.into_iter().flatten().filter(|object| object["kind"] == kind).count()
}

fn unsearched(document: &Value) -> Vec<String> {
    let places = document["unsearched"].as_array().expect("places").iter();
    places.map(|one| format!("{}: {}", one["place"].as_str().unwrap_or_default(), one["reason"])).collect()
}

#[test]
fn what_a_stack_told_a_platform_is_not_forgotten_with_its_manifest() {
    for case in cases() {
        let Case { cloud, stack, place, kind, .. } = case;
        let with = |folder: Folder, variables: &[(&'static str, &'static str)]| {
            variables.iter().fold(folder, |folder, (name, value)| folder.variable(name, value))
        };
        let folder = with(Folder::with(&case.manifest), case.variables);
        exits(&folder, &["apply", "--yes", "--sandbox"], 0);
        exits(&folder, &["plan", "--exit-code", "--sandbox"], 0);
        let list = ["stacks", "--sandbox", "--provider", cloud];
        let all = assert_valid(&folder, &list);
        assert!(count(&all, kind) > 0 && unsearched(&all).is_empty(), "{all:#}");
        std::fs::remove_file(folder.path().join("cloudgrant.yaml")).expect("a manifest");

        // Nobody says how to look there: it is named, and a revoke is no success.
        let told = assert_valid(&folder, &list);
        let [one] = unsearched(&told).try_into().unwrap_or_else(|all| panic!("{cloud} {kind}: {all:?}"));
        assert!(one.starts_with(place) && one.contains("platform.delivery"), "{one}");
        let elsewhere = told["stacks"][0]["elsewhere"].to_string();
        assert!(elsewhere.contains(place) && count(&told, kind) == 0, "{told:#}");
        // The command that takes it back says it: else the principals go first, and what names them stays.
        let leave = format!("CLOUDGRANT_PLATFORM__DELIVERY=leave-{} ", case.delivery.trim_start_matches("leave-"));
        let command = told["stacks"][0]["take_back"].as_str().expect("a command");
        assert!(command.contains(&leave), "{command}");
        let revoke = ["revoke", "--all", "--stack", stack, "--yes", "--sandbox", "--provider", cloud];
        for _ in 0..2 {
            let said = exits(&folder, &revoke, 1);
            assert!(said.replace("\n    ", " ").contains(place.trim_end()), "{said}");
        }
        let left = assert_valid(&folder, &list);
        assert_eq!(unsearched(&left).len(), 1, "{left:#}");

        // Whoever says it takes all of it back, and the mark with it. A sandbox has what it is told.
        let sandbox = [
            ("CLOUDGRANT_PLATFORM__PROJECTS", r#"["forecasting", "vision"]"#),
            ("CLOUDGRANT_PLATFORM__DOMAINS", r#"["development", "production"]"#),
            ("CLOUDGRANT_PLATFORM__DELIVERY", case.delivery),
        ];
        let folder = with(folder, &sandbox);
        let issuer = [("CLOUDGRANT_AWS__CLUSTER__OIDC_PROVIDER", "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE")];
        let folder = if cloud == "aws" { with(folder, &issuer) } else { folder };
        let known = assert_valid(&folder, &list);
        assert!(count(&known, kind) > 0 && unsearched(&known).is_empty(), "{known:#}");
        let command = known["stacks"][0]["take_back"].as_str().expect("a command");
        assert!(command.contains(&format!("CLOUDGRANT_PLATFORM__DELIVERY={} ", case.delivery)), "{command}");
        let said = exits(&folder, &revoke, 0);
        assert!(said.contains(kind), "{said}");
        let none = assert_valid(&folder, &list);
        assert!(none["stacks"] == serde_json::json!([]) && unsearched(&none).is_empty(), "{none:#}");
    }
}

/// The command is all that it takes, also in the sandbox: that keeps its cluster's issuer, and its deployment's projects and domains.
#[cfg(unix)]
#[test]
fn the_command_that_takes_back_does_so_without_a_manifest() {
    for case in cases() {
        let folder = case
            .variables
            .iter()
            .fold(Folder::with(&case.manifest), |folder, (name, value)| folder.variable(name, value));
        exits(&folder, &["apply", "--yes", "--sandbox"], 0);
        std::fs::remove_file(folder.path().join("cloudgrant.yaml")).expect("a manifest");
        let list = ["stacks", "--sandbox", "--provider", case.cloud];
        let command = assert_valid(&folder, &list)["stacks"][0]["take_back"].as_str().expect("a command").to_owned();
        let script = format!("cloudgrant() {{ {} \"$@\"; }}; {command} --yes", env!("CARGO_BIN_EXE_cloudgrant"));
        let output = std::process::Command::new("sh")
            .args(["-c", &script])
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", folder.path())
            .output()
            .expect("the command runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{command}: {said}");
        assert!(said.contains(case.kind) && !said.contains("To have it searched"), "{said}");
        let none = assert_valid(&folder, &list);
        assert!(none["stacks"] == serde_json::json!([]) && unsearched(&none).is_empty(), "{none:#}");
    }
}

/// The same where a manifest of another stack is there, which has somebody else tell the platform, and where a stack told more than one
/// place: each has its own way.
#[test]
fn a_command_that_takes_back_says_the_way_to_each_place() {
    const VARIABLE: &str = "CLOUDGRANT_PLATFORM__DELIVERY";
    let admin = EXAMPLE.to_owned();
    let accounts = EXAMPLE.replace("delivery: admin", "delivery: kubernetes");
    let neither = EXAMPLE.replace("  delivery: admin\n", "");
    let folder = Folder::with(&admin);
    exits(&folder, &["apply", "--yes", "--sandbox"], 0);
    let of = |manifest: &str| {
        folder.write("cloudgrant.yaml", manifest);
        let document = assert_valid(&folder, &["stacks", "--sandbox"]);
        let stack = &document["stacks"][0];
        let fill_in = stack["fill_in"].as_array().expect("a list").iter();
        let fill_in: Vec<_> = fill_in.map(|one| format!("{}: {}", one["variable"], one["what"])).collect();
        (stack["take_back"].as_str().expect("a command").to_owned(), fill_in.join("; "))
    };
    // The manifest leads there itself.
    let (command, fill_in) = of(&admin);
    assert!(!command.contains(VARIABLE) && fill_in.is_empty(), "{command} {fill_in}");
    for manifest in [neither.clone(), neither.replace("acme-flyte", "acme-other"), accounts.clone()] {
        let (command, fill_in) = of(&manifest);
        assert!(command.contains(&format!("{VARIABLE}=leave-admin ")) && fill_in.is_empty(), "{command} {fill_in}");
    }
    exits(&folder, &["apply", "--yes", "--sandbox"], 0);
    for manifest in [&admin, &accounts, &neither] {
        let (commands, fill_in) = of(manifest);
        let each: Vec<_> = commands.lines().collect();
        assert!(each.len() == 2 && fill_in.is_empty(), "{commands}: {fill_in}");
        assert!(each[0].contains(&format!("{VARIABLE}=leave-admin ")), "{commands}");
        assert!(each[1].contains(&format!("{VARIABLE}=leave-kubernetes ")), "{commands}");
        let told = exits(&folder, &["stacks", "--sandbox"], 0);
        assert!(told.contains(&format!("  take back  {}\n  then       {}\n", each[0], each[1])), "{told}");
        assert!(told.contains("all but the last end with 1"), "{told}");
    }
}

/// Run in their order, the commands that are printed end well: with the manifest of the stack, with another one, and with none.
#[cfg(unix)]
#[test]
fn the_commands_for_several_places_take_all_of_it_back_in_their_order() {
    let accounts = EXAMPLE.replace("delivery: admin", "delivery: kubernetes");
    for last in [Some(accounts.clone()), Some(EXAMPLE.replace("acme-flyte", "acme-other")), None] {
        let folder = AWS.iter().fold(Folder::with(EXAMPLE), |folder, (name, value)| folder.variable(name, value));
        exits(&folder, &["apply", "--yes", "--sandbox"], 0);
        folder.write("cloudgrant.yaml", &accounts);
        exits(&folder, &["apply", "--yes", "--sandbox"], 0);
        match &last {
            Some(manifest) => folder.write("cloudgrant.yaml", manifest),
            None => std::fs::remove_file(folder.path().join("cloudgrant.yaml")).expect("a manifest"),
        }
        let list = ["stacks", "--sandbox", "--provider", "aws"];
        let commands = assert_valid(&folder, &list)["stacks"][0]["take_back"].as_str().expect("commands").to_owned();
        let mut ended = Vec::new();
        for command in commands.lines() {
            let script = format!("cloudgrant() {{ {} \"$@\"; }}; {command} --yes", env!("CARGO_BIN_EXE_cloudgrant"));
            let mut run = std::process::Command::new("sh");
            run.args(["-c", &script]).current_dir(folder.path()).env_clear();
            run.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", folder.path());
            ended.push(run.output().expect("the command runs").status.code());
        }
        assert_eq!(ended, [Some(1), Some(0)], "{commands}");
        let none = assert_valid(&folder, &list);
        assert!(none["stacks"] == serde_json::json!([]) && unsearched(&none).is_empty(), "{none:#}");
    }
}

/// The names of a manifest's grants.
fn grants(manifest: &str) -> Vec<&str> {
    let (_, grants) = manifest.split_once("\ngrants:").expect("grants");
    let (grants, _) = grants.split_once("\nregistries:").unwrap_or((grants, ""));
    grants.lines().filter_map(|line| line.trim_start().strip_prefix("- name: ")).collect()
}

fn places(folder: &Folder) -> Vec<Value> {
    let document = assert_valid(folder, &["stacks", "--sandbox"]);
    let all = document["stacks"].as_array().into_iter().flatten().map(|stack| stack["elsewhere"].clone());
    all.filter(|elsewhere| *elsewhere != serde_json::json!([])).collect()
}

/// Whichever command takes it away, and also where somebody else is to tell the platform from now on.
#[test]
fn the_mark_of_a_place_goes_with_the_last_grant_there() {
    for leaves in [false, true] {
        for case in cases() {
            let folder = Folder::with(&case.manifest);
            exits(&folder, &["apply", "--yes", "--sandbox"], 0);
            let way = case.delivery.trim_start_matches("leave-");
            if leaves {
                let leaving = case.manifest.replace(&format!("delivery: {way}"), &format!("delivery: leave-{way}"));
                folder.write("cloudgrant.yaml", leaving);
            }
            for grant in grants(&case.manifest) {
                let there = places(&folder);
                assert!(
                    matches!(there.as_slice(), [one] if one.to_string().contains(case.place)),
                    "{grant}: {there:?}"
                );
                exits(&folder, &["revoke", grant, "--yes", "--sandbox"], 0);
            }
            assert_eq!(places(&folder), [Value::Null; 0], "{} {}", case.cloud, case.place);
            exits(&folder, &["revoke", "--all", "--yes", "--sandbox"], 0);
        }
    }
}

/// What is at the place of a grant that left the manifest is for an apply to take away, and is found by the mark until then.
#[test]
fn the_mark_of_a_place_stays_with_what_a_grant_left_there_that_the_manifest_forgot() {
    for case in cases() {
        let all = grants(&case.manifest);
        let [first, second, ..] = all.as_slice() else { continue };
        let folder = Folder::with(&case.manifest);
        exits(&folder, &["apply", "--yes", "--sandbox"], 0);
        let (head, tail) = case.manifest.split_once("\ngrants:").expect("grants");
        let only = tail.split("  - name: ").find(|one| one.starts_with(&format!("{second}\n"))).expect("a grant");
        folder.write("cloudgrant.yaml", format!("{head}\ngrants:\n  - name: {only}"));
        let revoked = folder.output(&["revoke", second, "--yes", "--sandbox"]);
        assert!(revoked.status.code().is_some_and(|code| code < 2), "{first}: {revoked:?}");
        let there = places(&folder);
        assert!(matches!(there.as_slice(), [one] if one.to_string().contains(case.place)), "{first}: {there:?}");
        exits(&folder, &["revoke", "--all", "--yes", "--sandbox"], 0);
        assert_eq!(places(&folder), [Value::Null; 0], "{} {}", case.cloud, case.place);
    }
}

/// Whoever has somebody else tell the platform from now on has left before, or is told what is still there.
#[test]
fn a_place_is_marked_until_the_stack_has_left_it() {
    for case in cases() {
        let folder = Folder::with(&case.manifest);
        exits(&folder, &["apply", "--yes", "--sandbox"], 0);
        let other = |way: &str| {
            let now = format!("  delivery: {}\n", case.delivery.trim_start_matches("leave-"));
            let text = case.manifest.replace(&now, &way.replace("WAY", case.delivery.trim_start_matches("leave-")));
            assert_ne!(text, case.manifest);
            folder.write("cloudgrant.yaml", text);
        };
        other("");
        let said = exits(&folder, &["plan", "--sandbox"], 0).replace("\n    ", " ");
        assert!(said.contains(case.place.trim_end()), "{said}");
        other("  delivery: leave-WAY\n");
        exits(&folder, &["apply", "--yes", "--sandbox"], 0);
        other("");
        let said = exits(&folder, &["plan", "--exit-code", "--sandbox"], 0);
        assert!(!said.replace("\n    ", " ").contains(case.place.trim_end()), "{said}");
        exits(&folder, &["revoke", "--all", "--yes", "--sandbox"], 0);
    }
}

/// A stack that never told a platform anything has nothing to be looked for.
#[test]
fn a_stack_that_told_no_platform_anything_has_nothing_to_search() {
    for case in cases() {
        let now = format!("  delivery: {}\n", case.delivery.trim_start_matches("leave-"));
        let folder = Folder::with(&case.manifest.replace(&now, ""));
        exits(&folder, &["apply", "--yes", "--sandbox"], 0);
        assert_eq!(unsearched(&assert_valid(&folder, &["stacks", "--sandbox"])), [""; 0]);
        exits(&folder, &["revoke", "--all", "--yes", "--sandbox"], 0);
    }
}

/// The mark comes first: a run that dies after the first write has left it.
#[test]
fn the_mark_is_there_before_the_first_write() {
    for case in cases() {
        let folder = Folder::with(&case.manifest);
        exits(&folder, &["apply", "--yes", "--sandbox"], 0);
        let plan = |name: &str| {
            let text = case.manifest.replace(case.stack, name);
            folder.write("cloudgrant.yaml", text);
            assert_valid(&folder, &["plan", "--sandbox"])
        };
        let plan = plan("acme-again");
        let changes = plan["changes"].as_array().expect("changes");
        let at = |is_it: &dyn Fn(&Value) -> bool| changes.iter().position(is_it);
        let first = at(&|change| change["kind"] == case.kind);
        let mark = at(&|change| change["name"].as_str().is_some_and(|name| name.contains("platform")));
        assert!(mark.is_some() && mark < first, "{}: {plan:#}", case.cloud);
    }
}

/// What the stack told a platform itself names the principals that it had: where nothing leads there any more, a revoke with which one of
/// them goes says so, and is no success.
#[test]
fn a_revoke_tells_of_the_place_that_its_manifest_leads_to_no_more() {
    for case in cases() {
        let way = case.delivery.trim_start_matches("leave-");
        let other = if way == "admin" { "  delivery: kubernetes\n" } else { "  delivery: admin\n" };
        for now in ["", other] {
            let folder = Folder::with(&case.manifest);
            exits(&folder, &["apply", "--yes", "--sandbox"], 0);
            let written = |delivery: &str| {
                let text = case.manifest.replace(&format!("  delivery: {way}\n"), delivery);
                folder.write("cloudgrant.yaml", text);
            };
            written(now);
            let mut ended = Vec::new();
            for grant in grants(&case.manifest) {
                let plan = assert_valid(&folder, &["revoke", grant, "--dry-run", "--sandbox"]);
                let changes = plan["changes"].as_array().expect("changes");
                let is_principal = |kind: &Value| kind == "iam-role" || kind == "managed-identity";
                let goes = changes.iter().any(|one| one["action"] == "delete" && is_principal(&one["kind"]));
                let code = i32::from(goes);
                for last in ["--dry-run", "--yes", "--yes"] {
                    let said = exits(&folder, &["revoke", grant, last, "--sandbox"], code).replace("\n    ", " ");
                    assert!(said.contains(case.place.trim_end()), "{grant}: {said}");
                    assert_eq!(said.contains("Not everything could be searched"), goes, "{grant}: {said}");
                }
                ended.push(goes);
            }
            assert!(ended.contains(&true), "{} {}: {ended:?}", case.cloud, case.place);
            let there = places(&folder);
            assert!(there.iter().any(|one| one.to_string().contains(case.place)), "{there:?}");
            // As it says: with the way there, all of it goes.
            written(&format!("  delivery: leave-{way}\n"));
            exits(&folder, &["revoke", "--all", "--yes", "--sandbox"], 0);
            assert_eq!(places(&folder), [Value::Null; 0], "{} {}", case.cloud, case.place);
        }
    }
}
