//! `drift` where an apply would be refused: what else differs is told all the same.

use std::fs;
use std::path::PathBuf;

use crate::json::assert_valid;
use crate::support::Folder;

const TWO_DOMAINS: &str = r#"version: 1
stack: acme-ml
provider: aws
platform: { kind: union, organization: acme, projects: [vision], domains: [development, production] }
aws:
  region: us-west-2
  account: "111122223333"
  cluster: { oidc_provider: oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE }
resources:
  training-data: { aws: s3://acme-training/inputs/ }
grants:
  - { name: development, scope: { domain: development }, access: { training-data: read } }
  - { name: production, scope: { domain: production }, access: { training-data: read } }
"#;

fn role(folder: &Folder, domain: &str) -> PathBuf {
    let roles = fs::read_dir(folder.path().join(".cloudgrant/sandbox/aws/roles/111122223333")).expect("roles");
    let mut paths = roles.map(|entry| entry.expect("an entry").path());
    paths.find(|path| path.to_string_lossy().contains(&format!("_{domain}"))).expect("a role of the stack's")
}

fn edit(path: &PathBuf, from: &str, to: &str) {
    let text = fs::read_to_string(path).expect("readable");
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replacen(from, to, 1)).expect("writable");
}

/// Somebody who hangs admin rights on a role hides it by taking another one's place.
#[test]
fn somebody_else_s_role_in_the_place_of_one_hides_no_admin_rights_on_another() {
    let folder = Folder::with(TWO_DOMAINS);
    assert!(folder.output(&["apply", "--sandbox", "--yes"]).status.success());
    let admin = r#""attached": { "arn:aws:iam::aws:policy/AdministratorAccess": "AdministratorAccess","#;
    edit(&role(&folder, "production"), r#""attached": {"#, admin);
    let theirs = role(&folder, "development");
    let text = fs::read_to_string(&theirs).expect("readable");
    let path = text.split("\"path\": \"").nth(1).and_then(|rest| rest.split('"').next()).expect("a path").to_owned();
    edit(&theirs, &format!("\"path\": \"{path}\""), "\"path\": \"/\"");

    let output = folder.output(&["drift", "--sandbox", "--exit-code"]);
    let [told, error] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("text"));
    assert_eq!(output.status.code(), Some(3), "{told}{error}");
    assert!(told.contains("AdministratorAccess"), "{told}");
    assert!(error.contains("_development exists, and is not this stack's"), "{error}");
    assert!(!error.contains("To put it right"), "an apply is refused: {error}");
    let document = assert_valid(&folder, &["drift", "--sandbox", "--exit-code"]);
    assert_eq!(document["widened"].as_array().map(Vec::len), Some(1), "{document:#}");
    assert_eq!(document["refusal"]["kind"], "conflict", "{document:#}");
    // Nobody's task code is bound to it, either.
    let export = folder.output(&["export", "--sandbox", "--to", "delivery"]);
    let error = String::from_utf8(export.stderr).expect("text");
    assert!(error.contains("_development exists, and is not this stack's"), "{error}");
    assert!(!export.status.success() && !folder.path().join("delivery").exists());
    // By itself, too, it is no success.
    edit(&role(&folder, "production"), admin, r#""attached": {"#);
    assert_eq!(folder.output(&["drift", "--sandbox"]).status.code(), Some(1));
    assert_eq!(folder.output(&["apply", "--sandbox", "--yes"]).status.code(), Some(1));
}

/// Whoever hangs admin rights on a role must not hide it by having a read denied, or a secret deleted.
#[test]
fn what_keeps_the_manifest_from_being_compared_hides_no_admin_rights() {
    let accounts =
        "  accounts: { \"444455556666\": { assume_role: \"arn:aws:iam::444455556666:role/registry-admin\" } }\n";
    let images = "  images: { aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/team/images }\n";
    let manifest = TWO_DOMAINS.replace("resources:\n", &format!("{accounts}resources:\n{images}"));
    let manifest = manifest.replace("{ training-data: read }", "{ training-data: read, images: pull }");
    let folder = Folder::with(&manifest);
    assert!(folder.output(&["apply", "--sandbox", "--yes"]).status.success());
    let denied = &["drift", "--sandbox", "--exit-code", "--faults", "deny=ecr:GetRepositoryPolicy"];
    let clean = folder.output(denied);
    let [told, error] = [clean.stdout, clean.stderr].map(|bytes| String::from_utf8(bytes).expect("text"));
    assert_eq!(clean.status.code(), Some(1), "{error}");
    assert!(error.contains("ecr:GetRepositoryPolicy"), "{error}");
    assert!(told.ends_with("Drift: nothing was compared.\n"), "{told}");
    let admin = r#""attached": { "arn:aws:iam::aws:policy/AdministratorAccess": "AdministratorAccess","#;
    edit(&role(&folder, "production"), r#""attached": {"#, admin);

    let output = folder.output(denied);
    let [told, error] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("text"));
    assert_eq!(output.status.code(), Some(3), "{told}{error}");
    assert!(
        told.lines().next().is_some_and(|first| first.contains("reaches more than asked")),
        "it comes first: {told}"
    );
    assert!(told.contains("AdministratorAccess"), "{told}");
    assert!(told.ends_with("Drift: 1 thing reaches more than asked, the rest wasn't compared.\n"), "{told}");
    assert!(told.contains("couldn't be held against the manifest"), "{told}");
    assert!(error.contains("ecr:GetRepositoryPolicy") && !error.contains("To put it right"), "{error}");
    let document = assert_valid(&folder, denied);
    assert_eq!(document["widened"].as_array().map(Vec::len), Some(1), "{document:#}");
    assert_eq!(document["refusal"]["kind"], "access-denied", "{document:#}");
    let notes = document["notes"].as_array().expect("notes");
    assert!(
        notes.iter().any(|note| note["message"].as_str().is_some_and(|it| it.contains("held against"))),
        "{document:#}"
    );
}

/// What to do about each, also where several things are in the way.
#[test]
fn each_thing_in_the_way_is_told_with_its_hint() {
    let folder = Folder::with(TWO_DOMAINS);
    assert!(folder.output(&["apply", "--sandbox", "--yes"]).status.success());
    for domain in ["development", "production"] {
        edit(&role(&folder, domain), "\"cloudgrant:stack\": \"acme-ml\"", "\"cloudgrant:stack\": \"other\"");
    }
    let document = assert_valid(&folder, &["plan", "--sandbox"]);
    assert_eq!(document["refusal"]["of_caller"], false, "{document:#}");
    for command in [&["plan", "--sandbox"][..], &["apply", "--sandbox", "--yes"], &["drift", "--sandbox"]] {
        let output = folder.output(command);
        let error = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(1), "{command:?}: {error}");
        assert!(error.contains("2 things stand in the way"), "{command:?}: {error}");
        for domain in ["development", "production"] {
            let unwrapped = error.split_whitespace().collect::<Vec<_>>().join(" ");
            let hint = format!("aws iam tag-role --role-name {} ", name(&folder, domain));
            assert!(unwrapped.contains(&hint), "{command:?}, {hint}: {error}");
        }
    }
}

fn name(folder: &Folder, domain: &str) -> String {
    let text = fs::read_to_string(role(folder, domain)).expect("readable");
    text.split("\"name\": \"").nth(1).and_then(|rest| rest.split('"').next()).expect("a name").to_owned()
}

/// A sentence that says what is denied comes once, with all that it concerns.
#[test]
fn one_denial_is_told_once_with_all_that_it_concerns() {
    let (mut resources, mut access) = (String::from("resources:\n"), Vec::new());
    for n in 1..=3 {
        resources.push_str(&format!("  b{n}: {{ aws: s3://acme-b{n}/inputs/ }}\n"));
        resources
            .push_str(&format!("  t{n}: {{ aws: 'arn:aws:secretsmanager:us-west-2:111122223333:secret:t{n}' }}\n"));
        access.push(format!("b{n}: read, t{n}: read"));
    }
    let registry =
        |n: u8| format!("  - {{ name: r{n}, aws: 111122223333.dkr.ecr.us-west-2.amazonaws.com/team/r{n} }}\n");
    let manifest = TWO_DOMAINS.replace("resources:\n", &resources);
    let manifest = manifest.replace("{ training-data: read }", &format!("{{ {} }}", access.join(", ")));
    let manifest = format!("{manifest}registries:\n{}{}{}", registry(1), registry(2), registry(3));
    let denied = "deny=s3:ListAllMyBuckets,deny=s3:GetEncryptionConfiguration,deny=secretsmanager:DescribeSecret,\
                  deny=ecr:DescribePullThroughCacheRules,deny=kms:DescribeKey,deny=ecr:DescribeRepositories";
    let folder = Folder::with(&manifest);
    for command in [&["plan"][..], &["drift"], &["revoke", "--all", "--dry-run"]] {
        let output = folder.output(&[command, &["--sandbox", "--faults", denied]].concat());
        let told = String::from_utf8(output.stdout).expect("text");
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut concerned = vec![("s3:ListAllMyBuckets is denied", "bucket acme-b")];
        if command[0] != "revoke" {
            concerned.push(("secretsmanager:DescribeSecret is denied", "secret t"));
            concerned.push(("ecr:DescribePullThroughCacheRules is denied", "registry r"));
        }
        for (says, of) in concerned {
            assert_eq!(told.matches(says).count(), 1, "{command:?}, {says}: {told}");
            assert!(told.contains(&format!("{of}1, {of}2, {of}3: ")), "{command:?}, {says}: {told}");
        }
    }
    // Programs are told of each by itself.
    let document = assert_valid(&folder, &["plan", "--sandbox", "--faults", denied]);
    let notes = document["notes"].as_array().expect("notes");
    assert!(notes.iter().any(|note| note["about"] == "bucket acme-b2"), "{document:#}");
}

/// The same of buckets and repositories: the folders are the sandbox's.
#[test]
fn a_bucket_and_a_repository_that_are_gone_are_drift_and_told_however_quiet() {
    let images = "  images: { aws: 111122223333.dkr.ecr.us-west-2.amazonaws.com/team/images }\n";
    let manifest = TWO_DOMAINS.replace("resources:\n", &format!("resources:\n{images}"));
    let folder = Folder::with(&manifest.replace("{ training-data: read }", "{ training-data: read, images: pull }"));
    assert!(folder.output(&["apply", "--sandbox", "--yes"]).status.success());
    assert_eq!(folder.output(&["drift", "--sandbox", "--exit-code"]).status.code(), Some(0));
    for gone in ["buckets", "repositories"] {
        fs::remove_dir_all(folder.path().join(".cloudgrant/sandbox/aws").join(gone)).expect("there");
    }
    for quiet in [&["--sandbox"][..], &["--sandbox", "--quiet"]] {
        let output = folder.output(&[&["drift", "--exit-code"], quiet].concat());
        let [told, error] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("text"));
        assert_eq!(output.status.code(), Some(3), "{told}{error}");
        for says in [
            "doesn't work: bucket acme-training: there is no such bucket: create it in account 111122223333",
            "doesn't work: repository team/images: there is no repository team/images",
            "Drift: 2 things don't work, 0 missing",
        ] {
            assert_eq!(told.matches(says).count(), 1, "{says}: {told}");
        }
        assert!(!error.contains("No drift"), "{error}");
    }
    let document = assert_valid(&folder, &["drift", "--sandbox"]);
    assert_eq!(document["broken"].as_array().map(Vec::len), Some(2), "{document:#}");
}

/// The grants are there, and give nothing: the secret is gone, and the provider by which pods become the role.
#[test]
fn what_is_granted_and_does_not_work_is_drift_and_told_however_quiet() {
    let token = "  token: { aws: arn:aws:secretsmanager:us-west-2:111122223333:secret:token-AbCdEf }\n";
    let manifest = TWO_DOMAINS.replace("resources:\n", &format!("resources:\n{token}"));
    let folder = Folder::with(&manifest.replace("{ training-data: read }", "{ training-data: read, token: read }"));
    assert!(folder.output(&["apply", "--sandbox", "--yes"]).status.success());
    assert_eq!(folder.output(&["drift", "--sandbox", "--exit-code"]).status.code(), Some(0));
    for gone in ["secrets", "oidc-providers"] {
        fs::remove_dir_all(folder.path().join(".cloudgrant/sandbox/aws").join(gone)).expect("there");
    }
    for (command, code) in [
        (&["drift", "--exit-code"][..], 3),
        (&["drift"], 0),
        (&["plan", "--exit-code"], 0),
        (&["apply", "--yes"], 0),
        (&["revoke", "production", "--dry-run"], 0),
    ] {
        for quiet in [&["--sandbox"][..], &["--sandbox", "--quiet"]] {
            let output = folder.output(&[command, quiet].concat());
            let [told, error] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("text"));
            assert_eq!(output.status.code(), Some(code), "{command:?}: {told}{error}");
            assert!(
                told.contains("doesn't work: secret token-AbCdEf: there is no secret `token-AbCdEf`"),
                "{command:?}: {told}"
            );
            assert_eq!(told.matches("there is no secret").count(), 1, "{command:?}: {told}");
            let issuer = "the cluster's OpenID Connect provider can't be trusted: IAM doesn't know it";
            assert_eq!(told.contains(issuer), command[0] != "revoke", "{command:?}: {told}");
        }
    }
    let output = folder.output(&["drift", "--sandbox"]);
    let [told, error] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("text"));
    assert!(told.contains("Drift: 2 things don't work, 0 missing"), "{told}");
    assert!(error.contains("Nothing that cloudgrant can do: what doesn't work"), "{error}");
    let document = assert_valid(&folder, &["drift", "--sandbox"]);
    assert_eq!(document["broken"].as_array().map(Vec::len), Some(2), "{document:#}");
    // It is in nobody's way who takes away.
    assert!(folder.output(&["revoke", "--all", "--sandbox", "--yes"]).status.success());
}

/// What nobody may look at may be gone: a nightly job must not read that all is well.
#[test]
fn what_can_not_be_looked_at_is_no_clean_bill_of_health() {
    let folder = Folder::with(TWO_DOMAINS);
    assert!(folder.output(&["apply", "--sandbox", "--yes"]).status.success());
    assert_eq!(folder.output(&["drift", "--sandbox", "--exit-code"]).status.code(), Some(0));
    let buckets = "deny=s3:ListAllMyBuckets,deny=s3:GetEncryptionConfiguration";
    for (denied, place) in [
        (buckets, "bucket acme-training"),
        ("deny=iam:GetOpenIDConnectProvider", "the cluster's OpenID Connect provider"),
    ] {
        let arguments = ["drift", "--sandbox", "--exit-code", "--faults", denied];
        let output = folder.output(&[&arguments[..], &["--quiet"]].concat());
        let told = String::from_utf8(output.stdout).expect("text");
        assert_eq!(output.status.code(), Some(3), "{told}");
        assert!(told.contains(&format!("not searched: {place}")), "{told}");
        let error = String::from_utf8(folder.output(&arguments).stderr).expect("text");
        assert!(error.contains("No other drift was found") && !error.contains("No drift."), "{error}");
        let document = assert_valid(&folder, &arguments);
        assert_eq!(document["unsearched"][0]["place"], place, "{document:#}");
        let plan = folder.output(&["plan", "--sandbox", "--exit-code", "--faults", denied]);
        assert_eq!(plan.status.code(), Some(0), "{}", String::from_utf8_lossy(&plan.stdout));
    }
}

/// Red is what gives access that nobody asked for, yellow what is missing: of objects, and of the lines of one.
#[test]
fn the_colours_of_drift_say_what_is_dangerous() {
    const RED: &str = "\u{1b}[31m";
    const YELLOW: &str = "\u{1b}[33m";
    let grants = ["development", "staging", "production", "test"].map(|domain| {
        format!("  - {{ name: {domain}, scope: {{ domain: {domain} }}, access: {{ training-data: read }} }}\n")
    });
    let head = TWO_DOMAINS.split("  - { name").next().expect("the head");
    let head = head.replace("[vision]", "[forecasting, vision]");
    let head = head.replace("[development, production]", "[development, staging, production, test]");
    let folder = Folder::with(&(head.clone() + &grants.concat()));
    assert!(folder.output(&["apply", "--sandbox", "--yes"]).status.success());
    let account = |domain: &str| format!(r#"\"system:serviceaccount:vision-{domain}:default\""#);
    let more = format!(r#"{},\"system:serviceaccount:evil-development:default\""#, account("development"));
    edit(&role(&folder, "development"), &account("development"), &more);
    edit(&role(&folder, "staging"), &format!(",{}", account("staging")), "");
    edit(&role(&folder, "production"), r#""arn:aws:iam::111122223333:policy/userflyterole": "userflyterole""#, "");
    let text = fs::read_to_string(role(&folder, "production")).expect("readable");
    let comma = text.rfind(",\n    \n").expect("a comma before what was taken out");
    fs::write(role(&folder, "production"), format!("{}{}", &text[..comma], &text[comma + 1..])).expect("writable");
    folder.write("cloudgrant.yaml", head + &grants[..3].concat());

    let output = folder.output(&["drift", "--sandbox", "--color=always"]);
    let told = String::from_utf8(output.stdout).expect("text");
    let line = |what: &[&str]| {
        let found: Vec<_> = told.lines().filter(|line| what.iter().all(|what| line.contains(what))).collect();
        assert!(!found.is_empty(), "{what:?}: {told}");
        found
    };
    for (what, state, colour) in [
        ("_development", "changed", RED),
        ("_staging", "changed", YELLOW),
        ("_production/userflyterole", "missing", YELLOW),
        ("_test", "there, and no longer wanted", RED),
    ] {
        for header in line(&[what, state]) {
            assert!(header.contains(&format!("{colour}!")), "{header:?}");
            assert!(header.contains(&format!(": {colour}{state}")), "{header:?}");
        }
    }
    for (sign, account, colour) in [("+", "evil-development", RED), ("-", "vision-staging", YELLOW)] {
        let lines = line(&[&format!("{colour}{sign} "), account]);
        assert!(lines.iter().all(|line| line.starts_with(&format!("  {colour}{sign}"))), "{lines:?}");
    }
    assert_eq!(line(&["- is what the manifest asks for, + what is there"]).len(), 2, "{told}");
}

/// What would be lost is red there, and what the signs mean stands first.
#[test]
fn the_legend_of_a_plan_has_the_colours_of_its_signs() {
    let folder = Folder::with(TWO_DOMAINS);
    let legend = |folder: &Folder| {
        let output = folder.output(&["plan", "--sandbox", "--color=always"]);
        let told = String::from_utf8(output.stdout).expect("text");
        let line = told.lines().find(|line| line.contains(" create") || line.contains(" delete"));
        line.unwrap_or_else(|| panic!("no legend: {told}")).to_owned()
    };
    let bold = |colour: u8, sign: &str| format!("\u{1b}[1m\u{1b}[{colour}m{sign}\u{1b}[0m");
    let [create, update, delete, handoff] = [(32, "+"), (33, "~"), (31, "-"), (36, ">")].map(|(c, s)| bold(c, s));
    assert_eq!(legend(&folder), format!("{create} create, {handoff} for somebody else"));
    assert!(folder.output(&["apply", "--sandbox", "--yes"]).status.success());
    let changed = TWO_DOMAINS.replace(
        "development }, access: { training-data: read }",
        "development }, access: { training-data: read-write }",
    );
    let last = changed.rfind("  - { name").expect("a grant");
    folder.write("cloudgrant.yaml", changed[..last].replace("[vision]", "[vision, forecasting]"));
    let seen = legend(&folder);
    assert!(seen.contains(&format!("{update} update, {delete} delete")), "{seen:?}");
}
