//! Commands that are printed can be pasted, and what is data is printed as it is.

use serde_json::Value;

use crate::support::{Folder, QUICKSTART};

/// A value with commands in backquotes, as somebody's tag.
const TAG: &str = "run `cloudgrant apply`, `az role list`";

/// With that tag on the identities that are made.
fn tagged() -> Folder {
    let text = QUICKSTART.replace("kind: union", "kind: flyte").replace("  organization: acme ", "  # ");
    let section = format!("azure:\n  task_identity: tasks\n  tags: {{ note: \"{TAG}\" }}\n");
    let folder = Folder::with("");
    folder.write("other.yaml", text.replace("azure:\n  tenant", &format!("{section}  tenant")));
    folder
}

fn said(folder: &Folder, arguments: &[&str]) -> (String, String) {
    let output = folder.output(arguments);
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (text(output.stdout), text(output.stderr))
}

#[test]
fn values_of_a_manifest_stay_as_they_are() {
    let folder = tagged();
    let of = ["plan", "--sandbox", "--provider", "azure", "--file", "other.yaml"];
    let (text, errors) = said(&folder, &of);
    assert!(text.contains(&format!("note: \"{TAG}\"")), "{text}{errors}");
    let (json, _) = said(&folder, &[&of[..], &["--output", "json"]].concat());
    let document: Value = serde_json::from_str(&json).expect("JSON");
    let changes = document["changes"].as_array().expect("changes");
    let tags: Vec<_> = changes.iter().filter_map(|change| change["after"]["tags"]["note"].as_str()).collect();
    assert!(!tags.is_empty() && tags.iter().all(|tag| *tag == TAG), "{tags:?}");
    // Approved on a terminal, it is shown beside the results.
    let (_, errors) = said(&folder, &[&["apply"], &of[1..], &["--output", "json", "--yes", "-v"]].concat());
    assert!(!errors.contains("`az role list` -"), "{errors}");
}

/// Errors quote what somebody wrote, and that is no command of theirs.
#[test]
fn values_in_errors_stay_as_they_are() {
    let folder = Folder::with("");
    let text = QUICKSTART.replace("stack: acme-ml", "stack: cloudgrant apply");
    folder.write("other.yaml", text.replace("name: training-data", "name: aws iam"));
    let of = ["plan", "--sandbox", "--file", "other.yaml"];
    for form in [&[][..], &["--output", "json"]] {
        let (printed, errors) = said(&folder, &[&of, form].concat());
        let told = printed + &errors;
        for value in ["`cloudgrant apply` is not a valid stack name", "`aws iam` is not a valid grant name"] {
            assert!(told.contains(value), "{told}");
        }
    }
    let (_, told) = said(&Folder::with(QUICKSTART), &["plan", "--sandbox=x", "--profile", "cloudgrant apply"]);
    assert!(told.contains("there is no profile `cloudgrant apply`"), "{told}");
}

/// The platform's own client is in no sandbox.
#[test]
fn what_no_sandbox_answers_stays_as_it_is() {
    let (text, errors) = said(&Folder::with(QUICKSTART), &["plan", "--sandbox"]);
    assert!(text.contains("(`union create secret`)"), "{text}{errors}");
}

#[test]
fn commands_for_the_real_cloud_are_told_to_be_so_once() {
    let aside = |sandbox| {
        format!("for the real cloud. For the sandbox, begin a shell in it with `cloudgrant sandbox {sandbox} -- sh`")
    };
    let folder = Folder::with(QUICKSTART);
    for command in ["explain", "plan"] {
        let (text, errors) = said(&folder, &[command, "--sandbox=x"]);
        assert_eq!(text.matches(&aside("--sandbox=x")).count(), 1, "{text}{errors}");
    }
    // In JSON and as code, nothing is added.
    let (text, _) = said(&folder, &["explain", "--code", "--sandbox"]);
    assert!(!text.contains("for the real cloud"), "{text}");
}

/// A terminal of any width: a command stays in one line, and is the command.
#[cfg(target_os = "linux")]
#[test]
fn no_command_is_broken_on_a_terminal() {
    let folder = Folder::with("");
    let text = QUICKSTART.replace("assume_role: arn:aws:iam::444455556666:role/registry-admin", "{}");
    let text = text.replace("    \"444455556666\":\n      {}\n", "    {}\n");
    folder.write("a-manifest-with-a-name.yaml", text);
    let of = ["--sandbox", "--file", "a-manifest-with-a-name.yaml"];
    let (_, errors) = said(&folder, &[&["apply", "--yes", "-q"], &of[..]].concat());
    assert!(!errors.contains("error"), "{errors}");
    for columns in [60, 77, 100] {
        let seen = crate::terminal::on_a_terminal_of(columns, &folder, &format!("drift {}", of.join(" ")), &[]);
        let command =
            "`cloudgrant explain models-production trainer-images --file a-manifest-with-a-name.yaml --sandbox`";
        assert!(seen.lines().any(|line| line.contains(command)), "{columns}: {seen}");
    }
}
