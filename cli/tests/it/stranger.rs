//! A manifest from a stranger, such as that of a fork's pull request.

use crate::support::{Folder, MANIFEST, QUICKSTART, assert_looks};

fn with(section: &str, more: &str) -> String {
    let line = format!("\n{section}:\n");
    assert!(QUICKSTART.contains(&line), "the manifest has no section {section}");
    QUICKSTART.replacen(&line, &format!("{line}  {more}\n"), 1)
}

#[test]
fn an_endpoint_of_somebody_else() {
    assert_looks!(Folder::with(&with("azure", "authority: https://login.evil.example")).run(&[
        "plan",
        "--provider",
        "azure"
    ]));
}

#[test]
fn no_command_takes_directions_for_credentials_from_a_file() {
    for (provider, more) in [
        ("aws", "endpoint: https://evil.example"),
        ("aws", "endpoint: http://iam.amazonaws.com"),
        ("aws", "profile: admin"),
        ("azure", "endpoint: https://evil.example"),
        ("azure", "authority: https://evil.example"),
        ("azure", "ca_certificate: ca.pem"),
        ("azure", "credentials: managed-identity"),
    ] {
        let folder = Folder::with(&with(provider, more));
        let key = more.split(':').next().unwrap_or_default();
        for command in [
            &["plan"][..],
            &["plan", "--sandbox"],
            &["apply", "--yes"],
            &["drift"],
            &["revoke", "--all", "--yes"],
            &["explain"],
            &["sandbox", "--", "true"],
        ] {
            let output = folder.output(&[&["--provider", provider], command].concat());
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{command:?} with {more}: {said}");
            let variable = format!("CLOUDGRANT_{}__{}", provider.to_uppercase(), key.to_uppercase());
            assert!(said.contains(&format!("{provider}.{key}: ")) && said.contains(&variable), "{command:?}: {said}");
        }
        assert!(!folder.path().join(".cloudgrant").exists(), "nothing was started");
    }
}

/// Whoever sent the pull request would choose the operator that gets the secret.
#[test]
fn a_file_chooses_no_other_cloud_for_the_environment_s_secret() {
    let china = QUICKSTART
        .replace("core.windows.net", "core.chinacloudapi.cn")
        .replace("vault.azure.net", "vault.azure.cn")
        .replace("azurecr.io", "azurecr.cn")
        .replace("prod-aks.azure.com", "prod-aks.azure.cn");
    let in_profile = format!("{china}\nprofiles:\n  fork:\n    azure: {{ cloud: china }}\n");
    let at_top = china.replace("azure:\n  tenant:", "azure:\n  cloud: china\n  tenant:");
    for (manifest, profile) in [(&at_top, &[][..]), (&in_profile, &["--profile", "fork"])] {
        let run = |more: &[(&'static str, &str)], command: &[&str]| {
            let folder = Folder::with(manifest);
            let folder = more.iter().fold(folder, |folder, (name, value)| folder.variable(name, value));
            let output = folder.output(&[command, &["--provider", "azure"], profile].concat());
            (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
        };
        for sent in ["AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE"] {
            let env = [("AZURE_CLIENT_ID", "c"), (sent, "hidden")];
            let (code, said) = run(&env, &["plan"]);
            assert_eq!(code, Some(2), "{sent}: {said}");
            assert_eq!(run(&env, &["permissions", "--for", "role"]).0, Some(2), "{sent}");
            for expected in ["azure.cloud: ", sent, "CLOUDGRANT_AZURE__CLOUD", "AZURE_AUTHORITY_HOST="] {
                assert!(said.contains(expected), "{expected} is missing: {said}");
            }
            assert!(!said.contains("hidden"), "{said}");
            let own = [env[0], env[1], ("CLOUDGRANT_AZURE__CLOUD", "china")];
            let (code, said) = run(&own, &["permissions", "--for", "role"]);
            assert_eq!(code, Some(0), "the environment says so itself: {said}");
            let own = [env[0], env[1], ("AZURE_AUTHORITY_HOST", "https://login.chinacloudapi.cn")];
            let (code, said) = run(&own, &["permissions", "--for", "role"]);
            assert_eq!(code, Some(0), "the credentials are for that cloud: {said}");
        }
        let (code, said) = run(&[], &["permissions", "--for", "role"]);
        assert_eq!(code, Some(0), "`az login` sends nothing there: {said}");
    }
}

#[test]
fn the_environment_directs_credentials() {
    // A port on which nobody listens: that it is tried shows that it is obeyed.
    let folder = Folder::with(MANIFEST)
        .variable("CLOUDGRANT_AWS__ENDPOINT", "http://127.0.0.1:9")
        .variable("CLOUDGRANT_AWS__CREDENTIALS", "sandbox")
        .variable("CLOUDGRANT_AWS__PROFILE", "mine");
    let output = folder.output(&["explain", "--sandbox"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A checkout may bring folders of the sandbox's names that lead to the person's own files, at whatever height.
#[cfg(unix)]
#[test]
fn a_checkout_leads_the_sandbox_nowhere() {
    for (link, sandbox) in [
        (".cloudgrant", "--sandbox"),
        (".cloudgrant/sandbox", "--sandbox"),
        (".cloudgrant/sandbox/aws", "--sandbox"),
        ("data", "--sandbox=data"),
        ("data", "--sandbox=data/inner/world"),
        ("data/inner", "--sandbox=./data/inner/world"),
    ] {
        let elsewhere = tempfile::tempdir().expect("a folder");
        for is_whole in [false, true] {
            let folder = Folder::with(QUICKSTART);
            let at = folder.path().join(link);
            std::fs::create_dir_all(at.parent().expect("a folder")).expect("a folder");
            std::os::unix::fs::symlink(elsewhere.path(), &at).expect("a link");
            let sandbox = match sandbox.split_once('=') {
                Some((flag, path)) if is_whole => format!("{flag}={}", folder.path().join(path).display()),
                _ => sandbox.to_owned(),
            };
            let place = sandbox.split_once('=').map_or(".cloudgrant/sandbox", |(_, place)| place);
            for arguments in [
                &["plan", &sandbox][..],
                &["apply", "--yes", &sandbox],
                &["stacks", &sandbox],
                &["sandbox", "--folder", place, "--", "true"],
            ] {
                let output = folder.output(arguments);
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                assert!(!output.status.success(), "{arguments:?} with {link} as a link: {said}");
                let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(words.contains("is a symbolic link"), "{arguments:?} with {link} as a link: {said}");
                let made = std::fs::read_dir(elsewhere.path()).expect("a folder").count();
                assert_eq!(made, 0, "{arguments:?} with {link} as a link");
            }
        }
    }
}

#[test]
fn a_trail_elsewhere_is_refused_before_anything_else() {
    let folder = Folder::with(&format!("{QUICKSTART}\naudit: ../outside.jsonl\n"));
    let output = folder.output(&["apply", "--sandbox", "--yes"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("audit: `../outside.jsonl` isn't below the manifest's folder"), "{said}");
    assert!(!folder.path().join("../outside.jsonl").exists());
}

#[test]
fn a_trail_is_kept_beside_its_manifest() {
    let folder = Folder::empty();
    std::fs::create_dir(folder.path().join("checkout")).expect("a folder");
    folder.write("checkout/cloudgrant.yaml", format!("{QUICKSTART}\naudit: audit.jsonl\n"));
    let output = folder.output(&["apply", "--sandbox", "--yes", "--file", "checkout/cloudgrant.yaml"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(folder.path().join("checkout/audit.jsonl").exists());
    assert!(!folder.path().join("audit.jsonl").exists());
}

/// The text of every Rust file of the repository.
fn sources(folder: &std::path::Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            if !path.ends_with("target") && !path.ends_with(".git") {
                sources(&path, text);
            }
        } else if path.extension().is_some_and(|ending| ending == "rs" || ending == "py") {
            text.push_str(&std::fs::read_to_string(&path).expect("a file"));
        }
    }
}

#[test]
fn each_test_that_a_page_names_is_there() {
    let repository = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a repository");
    let mut all = String::new();
    sources(repository, &mut all);
    for (page, least) in [("docs/security.md", 15), ("docs/requirements.md", 40)] {
        let text = std::fs::read_to_string(repository.join(page)).expect("the page");
        let words = text.split('`').skip(1).step_by(2).filter(|word| word.matches('_').count() >= 3);
        let is_name = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        let named: Vec<_> = words.filter(is_name).collect();
        assert!(named.len() > least, "{page}: {named:?}");
        for name in named {
            let is_there = ["fn", "def"].iter().any(|keyword| all.contains(&format!("{keyword} {name}(")));
            assert!(is_there, "{page}: no test is called {name}");
        }
    }
}

/// The numbers of requirements that a test's name has: `requirement_7_…`, `requirements_8_and_44_…`, `requirements_24_to_26_…`.
fn numbers(name: &str) -> Vec<u32> {
    let rest = name.strip_prefix("requirements_").or_else(|| name.strip_prefix("requirement_")).unwrap_or_default();
    let (mut numbers, mut words) = (Vec::new(), rest.split('_').peekable());
    while let Some(number) = words.next().and_then(|word| word.parse().ok()) {
        numbers.push(number);
        match words.next() {
            Some("and") => {}
            Some("to") => {
                let last = words.peek().and_then(|word| word.parse().ok()).unwrap_or(number);
                numbers.extend(number + 1..last);
            }
            _ => break,
        }
    }
    numbers
}

/// Whoever reads a number in a comment finds the tests of it, and what the platforms that are served ask for has some.
#[test]
fn the_page_of_requirements_has_each_test_that_names_a_number() {
    assert_eq!(numbers("requirement_7_a_domain"), [7]);
    assert_eq!(numbers("requirements_8_and_44_of_9"), [8, 44]);
    assert_eq!(numbers("requirements_24_to_26_a_role"), [24, 25, 26]);
    let repository = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a repository");
    let page = std::fs::read_to_string(repository.join("docs/requirements.md")).expect("the page");
    let rows: std::collections::BTreeMap<u32, Vec<&str>> = page
        .lines()
        .filter_map(|line| {
            let mut columns = line.strip_prefix("| ")?.rsplit_once(" |")?.0.splitn(3, " | ");
            let number = columns.next()?.parse().ok()?;
            Some((number, columns.nth(1)?.split('`').skip(1).step_by(2).collect()))
        })
        .collect();
    assert_eq!(rows.keys().copied().collect::<Vec<_>>(), (1..=107).collect::<Vec<_>>());
    let mut all = String::new();
    sources(repository, &mut all);
    let names = all.split("fn ").chain(all.split("def test_")).filter_map(|rest| rest.split('(').next());
    let mut seen = 0;
    for name in names.filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')) {
        for number in numbers(name) {
            assert!(rows[&number].contains(&name), "docs/requirements.md: row {number} doesn't name {name}");
            seen += 1;
        }
    }
    assert!(seen > 80, "{seen}");
    for number in 1..=44 {
        assert!(!rows[&number].is_empty(), "docs/requirements.md: row {number} has no test");
    }
}

#[test]
fn the_deployer_s_policy_on_aws() {
    let run = ["permissions", "--provider", "aws", "--for", "111122223333"];
    assert_looks!(Folder::with(QUICKSTART).run(&run));
}

#[test]
fn the_deployer_s_role_on_azure() {
    assert_looks!(Folder::with(QUICKSTART).run(&["permissions", "--provider", "azure", "--for", "role"]));
}

#[test]
fn the_policy_of_the_role_in_another_account() {
    let run = ["permissions", "--provider", "aws", "--for", "444455556666"];
    assert_looks!(Folder::with(QUICKSTART).run(&run));
}

#[test]
fn the_deployer_s_assignment_on_azure() {
    assert_looks!(Folder::with(QUICKSTART).run(&["permissions", "--provider", "azure", "--for", "assignment"]));
}
