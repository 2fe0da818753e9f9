//! Variables are a process's own: each case is this test once more, as another process.

use std::fmt::Debug;
use std::io::Write as _;
use std::process::Command;

use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::client::Clients;

const SECRET: &str = "hunter2";

fn print(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Prints all that anybody logs.
struct Printing;

impl Visit for Printing {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        print(format_args!("{field} = {value:?}"));
    }
}

impl Subscriber for Printing {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Self);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Self);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Self);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// What is logged and told when AWS is asked something.
#[tokio::test]
#[ignore = "is run by the other test, with variables"]
async fn asking() {
    tracing::subscriber::set_global_default(Printing).expect("no other subscriber");
    let config = json!({ "region": "us-west-2", "account": "111122223333", "profile": std::env::var("NAMED").ok() });
    let clients = Clients::new(serde_json::from_value(config).expect("a section"));
    let answer = clients.iam().await.get_account_summary().send().await.expect_err("nobody answers");
    print(format_args!("told: {}", crate::error::of("iam:GetAccountSummary", answer)));
    let answer = clients.sts().await.get_caller_identity().send().await.expect_err("nobody answers");
    print(format_args!("told: {}", crate::error::of("sts:GetCallerIdentity", answer)));
}

type Variables<'a> = &'a [(&'a str, &'a str)];

fn asked_with(variables: Variables<'_>, files: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config");
    std::fs::write(&file, files).expect("written");
    let program = std::env::current_exe().expect("a program");
    let output = Command::new(program)
        .args(["--exact", "client::endpoints::tests::asking", "--ignored", "--nocapture"])
        .envs([("AWS_CONFIG_FILE", file.as_path()), ("AWS_SHARED_CREDENTIALS_FILE", "none".as_ref())])
        .envs([("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "x")])
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(variables.iter().copied())
        .output();
    let output = output.expect("it runs");
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn an_endpoint_with_a_password_is_refused_and_in_no_log() {
    const URL: &str = "http://ann:hunter2@127.0.0.1:9";
    let of_all = format!("[default]\nendpoint_url = {URL}\n");
    let of_one = format!(
        "[profile some]\nservices = local\naws_access_key_id = AKIA\naws_secret_access_key = x\n\n[services local]\niam =\n  endpoint_url = {URL}\nsts =\n  endpoint_url = {URL}\n"
    );
    let cases: [(Variables<'_>, &str, &str); 7] = [
        (&[("AWS_ENDPOINT_URL", URL)], "", "`AWS_ENDPOINT_URL`"),
        (&[("AWS_ENDPOINT_URL_IAM", URL)], "", "`AWS_ENDPOINT_URL_IAM`"),
        (&[("AWS_ENDPOINT_URL_SECRETS_MANAGER", URL)], "", "`AWS_ENDPOINT_URL_SECRETS_MANAGER`"),
        // The SDK warns of what is no URL.
        (&[("AWS_ENDPOINT_URL", "ann:hunter2@127.0.0.1")], "", "`AWS_ENDPOINT_URL`"),
        (&[], &of_all, "the AWS configuration files (`endpoint_url`)"),
        (&[("AWS_PROFILE", "some")], &of_one, "the AWS configuration files (`endpoint_url`)"),
        (&[("NAMED", "some")], &of_one, "the AWS profile (some)"),
    ];
    for (variables, files, named_by) in cases {
        let said = asked_with(variables, files);
        let told = format!("the endpoint in {named_by} contains a user name");
        assert!(!said.contains(SECRET), "{variables:?}, {files}: {said}");
        assert_eq!(said.matches(&told).count(), 2, "{variables:?}, {files}: {said}");
    }
    // Others are used, and the SDK says so.
    let said = asked_with(&[("AWS_ENDPOINT_URL", "http://127.0.0.1:9/plain")], "");
    assert!(said.contains("127.0.0.1:9/plain") && !said.contains("a user name"), "{said}");
}
