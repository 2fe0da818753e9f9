//! Which cloud a command line means: nobody lands in the real one who wrote `--sandbox`.

use crate::support::{Folder, QUICKSTART, assert_looks};

/// Without credentials and without a way to any cloud: whoever gets that far fails there.
fn stranded() -> Folder {
    Folder::with(QUICKSTART).variable("AWS_EC2_METADATA_DISABLED", "true")
}

fn is_in_the_sandbox(folder: &Folder, arguments: &[&str]) -> bool {
    let output = folder.output(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.success(), said.contains("Working in the sandbox"), "{arguments:?}: {said}");
    output.status.success()
}

#[test]
fn a_sandbox_that_says_no_is_refused() {
    let folder = stranded();
    assert_looks!(folder.run(&["apply", "--yes", "--sandbox="]));
    assert_looks!(folder.run(&["--sandbox=False", "plan", "--output", "json"]));
    for value in [" ", "0", "no", "off", "FALSE", "~/x", "~"] {
        let output = folder.output(&["plan", &format!("--sandbox={value}")]);
        assert_eq!(output.status.code(), Some(2), "{value}: {}", String::from_utf8_lossy(&output.stderr));
    }
    // The flag is said to be wrong whatever the variable says.
    let output = stranded().variable("CLOUDGRANT_SANDBOX", "yes").output(&["plan", "--sandbox=no"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_variable_may_say_no() {
    for no in ["", "0", "no", "off", "False"] {
        assert!(!is_in_the_sandbox(&stranded().variable("CLOUDGRANT_SANDBOX", no), &["plan"]), "{no}");
        assert!(is_in_the_sandbox(&stranded().variable("CLOUDGRANT_SANDBOX", no), &["plan", "--sandbox"]), "{no}");
    }
    for yes in ["1", "yes", "true", "some/folder", "./n"] {
        assert!(is_in_the_sandbox(&stranded().variable("CLOUDGRANT_SANDBOX", yes), &["plan"]), "{yes}");
    }
}

#[test]
fn an_empty_value_means_nothing() {
    let folder = stranded();
    for option in ["--profile=", "--file=", "--provider=", "--audit="] {
        let output = folder.output(&["apply", "--yes", "--sandbox", option]);
        assert_eq!(output.status.code(), Some(2), "{option}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let output = folder.output(&["revoke", "--all", "--yes", "--sandbox", "--stack="]);
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    let output = folder.output(&["revoke", "", "--yes", "--sandbox"]);
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    for variable in ["CLOUDGRANT_PROFILE", "CLOUDGRANT_FILE", "CLOUDGRANT_PROVIDER", "CLOUDGRANT_STACK"] {
        let output = stranded().variable(variable, "").output(&["plan", "--sandbox"]);
        assert_eq!(output.status.code(), Some(2), "{variable}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// `no` in a word that isn't known would work in a folder of that name, and `yes` as well.
#[test]
fn a_variable_that_says_neither_is_refused() {
    for word in ["n", "y", "never", "folder"] {
        let folder = stranded().variable("CLOUDGRANT_SANDBOX", word);
        let output = folder.output(&["plan"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{word}: {said}");
        assert!(said.contains("neither yes nor no") && said.contains(&format!("`./{word}`")), "{said}");
        assert!(!folder.path().join(word).exists(), "{word}");
    }
    let folder = stranded().variable("CLOUDGRANT_SANDBOX", "world");
    std::fs::create_dir(folder.path().join("world")).expect("a folder");
    assert!(is_in_the_sandbox(&folder, &["plan"]));
    assert_eq!(stranded().output(&["plan", "--sandbox=n"]).status.code(), Some(2));
}

/// In a shell with the sandbox's variables, as with the option.
#[test]
fn whoever_works_in_the_sandbox_is_told_so_by_whatever_way() {
    for provider in ["aws", "azure"] {
        for by_variables in [false, true] {
            let folder = Folder::with(QUICKSTART);
            let run = |arguments: &[&str]| {
                let own = [&["--provider", provider][..], arguments].concat();
                let output = match by_variables {
                    false => folder.output(&[&own[..], &["--sandbox"]].concat()),
                    true => {
                        let program = env!("CARGO_BIN_EXE_cloudgrant");
                        folder.output(&[&["sandbox", "--provider", provider, "--", program][..], &own].concat())
                    }
                };
                // On Azure, whether the vendor has bound a domain, nobody can see.
                let code = i32::from(provider == "azure" && arguments[0] == "revoke");
                assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
                (
                    String::from_utf8_lossy(&output.stdout).into_owned(),
                    String::from_utf8_lossy(&output.stderr).into_owned(),
                )
            };
            for command in [
                &["plan"][..],
                &["apply", "--yes", "--audit", "audit.jsonl"],
                &["drift"],
                &["stacks"],
                &["revoke", "--all", "--yes", "--audit", "audit.jsonl"],
            ] {
                let (result, said) = run(command);
                assert!(said.contains("Working in the sandbox, not in a real cloud"), "{command:?}: {said}");
                assert!(command == ["stacks"] || result.contains("Stack acme-ml in the sandbox"), "{result}");
            }
            let trail = std::fs::read_to_string(folder.path().join("audit.jsonl")).expect("a trail");
            let begun: Vec<_> = trail.lines().filter(|line| line.contains(r#""event":"begin""#)).collect();
            assert!(begun.len() == 2 && begun.iter().all(|line| line.contains(r#""sandbox":true"#)), "{begun:?}");
            assert!(folder.output(&["audit", "verify", "audit.jsonl"]).status.success());
        }
    }
}

/// The sandbox keeps the world that it was begun with: what fails for that is told so.
#[test]
fn a_folder_that_was_begun_with_another_account_is_named() {
    for (provider, before, after, what) in [
        ("aws", "111122223333", "777788889999", "the account 111122223333, and the manifest has 777788889999"),
        (
            "azure",
            "resource_group: acme-dataplane",
            "resource_group: acme-other",
            "the resource group acme-dataplane, and the manifest has acme-other",
        ),
    ] {
        let folder = Folder::with(QUICKSTART);
        let plan = ["plan", "--sandbox", "--provider", provider];
        assert!(folder.output(&plan).status.success());
        folder.write("cloudgrant.yaml", QUICKSTART.replace(before, after));
        // One that fails for whatever reason.
        let denied = if provider == "aws" { "deny=iam:*" } else { "deny=entra:token" };
        let failing = [&plan[..], &["--faults", denied]].concat();
        let told = folder.run(&failing);
        let named = format!("The sandbox in .cloudgrant/sandbox/{provider} was begun with {what}");
        let at = told.find(&named).unwrap_or_else(|| panic!("{told}"));
        assert!(told[at..].contains("delete that folder") && told[at..].contains("\nerror"), "{told}");
        let document = folder.run(&[&failing[..], &["--output", "json"]].concat());
        assert!(document.contains(what), "{document}");
    }
}

/// What can be beside what is there is added; what contradicts it is refused, with what to do, and changes nothing of it.
#[test]
fn a_manifest_that_is_otherwise_than_the_first_one_leaves_its_sandbox_as_it_is() {
    let folder = Folder::with(QUICKSTART);
    let ends = |text: String, arguments: &[&str], code: i32, told: &[&str]| {
        folder.write("cloudgrant.yaml", &text);
        let said = folder.run(&[arguments, &["--sandbox"]].concat());
        let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(&format!("exit code: {code}\n")), "{said}");
        assert!(told.iter().all(|part| words.contains(part)), "{told:?}: {said}");
    };
    const ANEW: &str = "to begin anew, delete that folder; or name another one, as in `--sandbox=DIR`";
    let (aws, azure) = (["--provider", "aws"], ["--provider", "azure"]);
    let (plan, apply) = (["plan", "--exit-code"], ["apply", "--yes"]);
    for cloud in [aws, azure] {
        ends(QUICKSTART.to_owned(), &[apply, cloud].concat(), 0, &[]);
    }
    // A subscription is in one tenant, and a folder holds one cloud and one partition.
    let id = |last: &str| format!("00000000-0000-0000-0000-0000000000{last}");
    let tenant = QUICKSTART.replace(&id("0a"), &id("1a"));
    let is_of = format!("its subscription {} is of the tenant {} there", id("0b"), id("0a"));
    ends(tenant.clone(), &[plan, azure].concat(), 1, &[&is_of, ANEW]);
    ends(QUICKSTART.to_owned(), &[plan, azure].concat(), 0, &[]);
    let china = QUICKSTART.replace("azure:\n  tenant:", "azure:\n  cloud: china\n  tenant:");
    let china = china.replace("core.windows.net", "core.chinacloudapi.cn").replace("vault.azure.net", "vault.azure.cn");
    let china = china.replace("azurecr.io", "azurecr.cn").replace("prod-aks.azure.com", "prod-aks.azure.cn");
    ends(china, &[plan, azure].concat(), 1, &["begun with the cloud public, and the manifest has china", ANEW]);
    let text = QUICKSTART.replace("amazonaws.com", "amazonaws.com.cn").replace("us-west-2", "cn-north-1");
    ends(text.replace("arn:aws:", "arn:aws-cn:"), &[plan, aws].concat(), 1, &["the partition aws", ANEW]);

    // Another tenant with what is its own, another subscription, group, account, role elsewhere, audience.
    let other = QUICKSTART.replace("acme", "beta");
    ends(other.replace(&id("0a"), &id("1a")).replace(&id("0b"), &id("1b")), &[apply, azure].concat(), 0, &[]);
    let another = QUICKSTART.replace("acme", "delta");
    ends(another.replace(&id("0b"), &id("2b")), &[apply, azure].concat(), 0, &[]);
    ends(QUICKSTART.replace("acme-dataplane", "acme-other"), &[apply, azure].concat(), 0, &[]);
    ends(other.replace("111122223333", "999922223333"), &[apply, aws].concat(), 0, &[]);
    ends(QUICKSTART.replace("role/registry-admin", "role/other"), &[apply, aws].concat(), 0, &[]);
    let audience =
        QUICKSTART.replace("  cluster:\n    oidc_provider", "  cluster:\n    audience: other\n    oidc_provider");
    assert_ne!(audience, QUICKSTART);
    ends(audience, &["plan", aws[0], aws[1]], 0, &[]);
    for cloud in [aws, azure] {
        ends(QUICKSTART.to_owned(), &[plan, cloud].concat(), 0, &[]);
    }
}

/// What runs in the sandbox would otherwise begin another one, in the folder that is in use.
#[test]
fn what_runs_in_a_sandbox_starts_no_other() {
    let binary = env!("CARGO_BIN_EXE_cloudgrant");
    for yes in ["yes", "./world"] {
        let folder = stranded().variable("CLOUDGRANT_SANDBOX", yes);
        let output = folder.output(&["sandbox", "--", binary, "plan"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{yes}: {said}");
        assert!(said.contains("Working in the sandbox, not in a real cloud: its variables are set."), "{said}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_to_be_exported_starts_no_other_sandbox() {
    let exports = |folder: &Folder| {
        let mut serving = folder.command(&["sandbox", "--output", "json"]);
        let mut serving = serving.stdout(std::process::Stdio::piped()).spawn().expect("the binary runs");
        let stdout = serving.stdout.take().expect("piped");
        let document = serde_json::Deserializer::from_reader(stdout).into_iter::<serde_json::Value>().next();
        serving.kill().expect("it serves");
        serving.wait().expect("it ends");
        document.expect("a document").expect("JSON")["exports"]["CLOUDGRANT_SANDBOX"].clone()
    };
    assert_eq!(exports(&stranded().variable("CLOUDGRANT_SANDBOX", "yes")), "no");
    assert!(exports(&stranded()).is_null());
}
