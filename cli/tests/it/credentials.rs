//! Credentials as everybody has them, in the environment: the wrong ones, none, and ones that AWS doesn't know.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::{Folder, MANIFEST, assert_looks};

/// Runs `plan` as any program that the sandbox serves, with AWS's own variables alone, changed by `env`.
fn plan_with(changes: &[&str]) -> String {
    plan_in(&Folder::with(MANIFEST), changes)
}

fn plan_in(folder: &Folder, changes: &[&str]) -> String {
    let mut arguments = vec!["sandbox", "--folder", "world", "-q", "--", "env"];
    arguments.extend(["-u", "CLOUDGRANT_AWS__CREDENTIALS", "-u", "CLOUDGRANT_AWS__ENDPOINT"]);
    arguments.extend(changes);
    arguments.push("AWS_EC2_METADATA_DISABLED=true");
    arguments.extend([env!("CARGO_BIN_EXE_cloudgrant"), "plan", "-q"]);
    let output = folder.output(&arguments);
    format!(
        "exit code: {:?}\n----- stdout -----\n{}----- stderr -----\n{}",
        output.status.code(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn the_right_ones() {
    assert_looks!(plan_with(&[]));
}

#[test]
fn those_of_another_account() {
    assert_looks!(plan_with(&["AWS_ACCESS_KEY_ID=AKIASANDBOX0444455556666"]));
}

#[test]
fn none_at_all() {
    assert_looks!(plan_with(&["-u", "AWS_ACCESS_KEY_ID"]));
}

/// Who has only begun has no account, and can try it all the same.
#[test]
fn none_at_all_on_azure() {
    let folder = Folder::with(crate::support::QUICKSTART);
    // No `az` either, whatever this machine has.
    let mut command = folder.command(&["plan", "--provider", "azure"]);
    let output = command.env("PATH", folder.path()).output().expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("there are no Azure credentials that work"), "{said}");
    let hint = said.split("hint: ").nth(1).unwrap_or_else(|| panic!("no hint: {said}"));
    assert!(hint.contains("az login --tenant") && hint.contains("try it with --sandbox"), "{said}");
}

#[test]
fn ones_that_aws_does_not_know() {
    assert_looks!(plan_with(&["AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE"]));
}

#[test]
fn ones_that_have_expired() {
    let folder = Folder::with(MANIFEST);
    // The sandbox makes its folder; into it goes a session that was over a moment ago.
    assert!(folder.output(&["sandbox", "--folder", "world", "--", "true"]).status.success());
    std::fs::create_dir_all(folder.path().join("world/sessions")).expect("a folder");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_millis();
    let session = format!(
        r#"{{"key":"ASIAEXPIRED000000000","token":"token","account":"111122223333","role":"operator",
            "role_id":"AROAEXAMPLE","name":"ann","expires":{}}}"#,
        now - 1_000
    );
    folder.write("world/sessions/ASIAEXPIRED000000000.json", session);
    assert_looks!(plan_in(&folder, &["AWS_ACCESS_KEY_ID=ASIAEXPIRED000000000", "AWS_SESSION_TOKEN=token"]));
}

/// A manifest, and the file with profiles of two accounts. Which of them is used, only the environment may say.
fn with_profiles() -> Folder {
    let folder = Folder::with(MANIFEST);
    let profile = |name: &str, account: &str| {
        format!("[profile {name}]\naws_access_key_id = AKIASANDBOX0{account}\naws_secret_access_key = x\n")
    };
    folder.write("profiles", profile("own", "111122223333") + &profile("other", "444455556666"));
    folder
}

#[test]
fn a_profile_that_is_named_wins_over_the_environment() {
    let folder = with_profiles();
    let of_another =
        ["AWS_CONFIG_FILE=profiles", "AWS_ACCESS_KEY_ID=AKIASANDBOX0444455556666", "CLOUDGRANT_AWS__PROFILE=own"];
    let said = plan_in(&folder, &of_another);
    assert!(said.starts_with("exit code: Some(0)"), "{said}");
    let of_its_own =
        ["AWS_CONFIG_FILE=profiles", "AWS_ACCESS_KEY_ID=AKIASANDBOX0111122223333", "CLOUDGRANT_AWS__PROFILE=other"];
    let said = plan_in(&folder, &of_its_own);
    assert!(said.contains("the credentials are for account 444455556666, the manifest is for 111122223333"), "{said}");
}

/// Whoever named it is told that it isn't there, and where it was looked for; other credentials aren't used in its place.
#[test]
fn a_profile_that_is_not_there_is_named() {
    for (chosen, named_by) in [("AWS_PROFILE=nope", "AWS_PROFILE"), ("CLOUDGRANT_AWS__PROFILE=nope", "`aws.profile`")] {
        let own = "AWS_ACCESS_KEY_ID=AKIASANDBOX0111122223333";
        let said = plan_in(&with_profiles(), &["AWS_CONFIG_FILE=profiles", own, chosen]);
        assert!(said.contains("error: the AWS profile (nope) couldn't be found"), "{said}");
        assert!(said.contains(&format!("named by: {named_by}")), "{said}");
        assert!(said.contains("looked in: profiles (AWS_CONFIG_FILE) and "), "{said}");
        assert!(said.contains("hint: name one that is there (`aws configure list-profiles`)"), "{said}");
        assert!(!said.contains("IMDS") && !said.starts_with("exit code: Some(0)"), "{said}");
    }
}

#[test]
fn what_a_profile_builds_upon_is_named_where_it_is_not_there() {
    let folder = Folder::with(MANIFEST);
    let role = "role_arn = arn:aws:iam::111122223333:role/x\n";
    let sections = [
        format!("[profile middle]\n{role}source_profile = gone\n"),
        format!("[profile top]\n{role}source_profile = middle\n"),
        "[profile login]\nsso_session = nowhere\nsso_account_id = 111122223333\nsso_role_name = x\n".to_owned(),
    ];
    folder.write("profiles", sections.concat());
    for (profile, missing) in [
        ("top", "the AWS profile (gone) couldn't be found, which the profile (middle) names as its `source_profile`"),
        ("login", "the section [sso-session nowhere] couldn't be found, which the profile (login) names"),
    ] {
        for variable in ["AWS_PROFILE", "CLOUDGRANT_AWS__PROFILE"] {
            let chosen = format!("{variable}={profile}");
            let said = plan_in(&folder, &["-u", "AWS_ACCESS_KEY_ID", "AWS_CONFIG_FILE=profiles", &chosen]);
            assert!(said.contains(missing) && !said.contains("IMDS"), "{said}");
        }
    }
}

#[test]
fn the_profile_of_another_account_that_is_not_there_is_named() {
    let registries = "registries: [{ name: theirs, aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/team/theirs }]\n";
    let folder = with_profiles();
    let text = std::fs::read_to_string(folder.path().join("cloudgrant.yaml")).expect("the manifest");
    folder.write("cloudgrant.yaml", text + registries);
    let said = plan_in(&folder, &["AWS_CONFIG_FILE=profiles", "CLOUDGRANT_AWS__ACCOUNTS__444455556666__PROFILE=nope"]);
    assert!(said.contains("error: the AWS profile (nope) couldn't be found"), "{said}");
    assert!(said.contains("named by: `aws.accounts.\"444455556666\".profile`"), "{said}");
}

#[test]
fn the_profile_of_another_account_is_held_against_it() {
    let registries = "registries: [{ name: theirs, aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/team/theirs }]\n";
    for (profile, refused) in [("other", false), ("own", true)] {
        let chosen = format!("CLOUDGRANT_AWS__ACCOUNTS__444455556666__PROFILE={profile}");
        let folder = with_profiles();
        let text = std::fs::read_to_string(folder.path().join("cloudgrant.yaml")).expect("the manifest");
        folder.write("cloudgrant.yaml", text + registries);
        let said = plan_in(&folder, &["AWS_CONFIG_FILE=profiles", &chosen]);
        let named =
            said.contains("the profile `own` is for account 111122223333, the manifest names it for 444455556666");
        assert_eq!((named, !said.starts_with("exit code: Some(0)")), (refused, refused), "{said}");
    }
}

/// A profile of `aws login`, and the file in which the AWS CLI keeps its session, which ends at a time.
fn with_login_session(expires: &str) -> Folder {
    const SESSION: &str = "arn:aws:iam::111122223333:user/ann";
    // What the file is called after: the SHA-256 of the session's name.
    const FILE: &str = "617a42bf0cc7e52ae16d10443f260d451c255a489505091810c95d5c7ec927d1";
    let folder = Folder::with(MANIFEST);
    folder.write("profiles", format!("[profile console]\nlogin_session = {SESSION}\n"));
    std::fs::create_dir(folder.path().join("login")).expect("a folder");
    folder.write(
        &format!("login/{FILE}.json"),
        format!(
            r#"{{"accessToken": {{"accessKeyId": "AKIASANDBOX0111122223333", "secretAccessKey": "never-shown",
                "sessionToken": "never-shown", "accountId": "111122223333", "expiresAt": "{expires}"}},
                "tokenType": "aws_sigv4", "refreshToken": "never-shown", "idToken": "never-shown",
                "clientId": "arn:aws:signin:::devtools/same-device", "dpopKey": "never-shown"}}"#
        ),
    );
    folder
}

const LOGIN: [&str; 3] =
    ["AWS_CONFIG_FILE=profiles", "AWS_LOGIN_CACHE_DIRECTORY=login", "CLOUDGRANT_AWS__PROFILE=console"];

#[test]
fn a_session_of_aws_login_is_used() {
    let said = plan_in(&with_login_session("2999-01-01T00:00:00Z"), &LOGIN);
    assert!(said.starts_with("exit code: Some(0)"), "{said}");
}

#[test]
fn a_session_of_aws_login_that_is_over_names_the_command() {
    let said = plan_in(&with_login_session("2020-01-01T00:00:00Z"), &LOGIN);
    assert!(said.contains("the session of `aws login` can't be used") && said.contains("again: `aws login`"), "{said}");
    assert!(!said.starts_with("exit code: Some(0)") && !said.contains("never-shown"), "{said}");
}

#[test]
fn a_session_of_aws_login_that_is_not_there_names_its_file() {
    let folder = with_login_session("2999-01-01T00:00:00Z");
    std::fs::remove_dir_all(folder.path().join("login")).expect("nobody logged in here");
    let said = plan_in(&folder, &LOGIN);
    assert!(said.contains("failed to read `login/") && said.contains("log in (`aws login`"), "{said}");
}
