//! Managed and inline policies.

use serde_json::{Map, Value};

use super::parse::parse;
use super::statement::{Refusal, SYNTAX, statements, strict_sid, texts};
use crate::partition::Partition;

/// Checks a managed or inline policy.
pub(crate) fn check(text: &str, partition: Partition) -> Result<(), Refusal> {
    let document = parse(text).ok_or(SYNTAX)?;
    match document.get("Version") {
        Some(Value::String(version)) if version == "2012-10-17" => {}
        None => return Err("Policy document must be version 2012-10-17 or greater.".to_owned()),
        Some(Value::String(version)) if version == "2008-10-17" => {
            return Err("Policy document must be version 2012-10-17 or greater.".to_owned());
        }
        Some(_) => return Err("The policy must contain a valid version string.".to_owned()),
    }
    for statement in statements(&document)? {
        strict_sid(statement)?;
        if statement.contains_key("Principal") || statement.contains_key("NotPrincipal") {
            return Err("Policy document should not specify a principal.".to_owned());
        }
        resources(statement, partition)?;
    }
    Ok(())
}

fn resources(statement: &Map<String, Value>, partition: Partition) -> Result<(), Refusal> {
    let Some(resources) = statement.get("Resource").or_else(|| statement.get("NotResource")) else {
        return Err("Policy statement must contain resources.".to_owned());
    };
    let resources = texts(resources).ok_or(SYNTAX)?;
    if resources.is_empty() {
        return Err("Policy statement must contain resources.".to_owned());
    }
    resources.into_iter().try_for_each(|one| resource(one, partition))
}

/// A resource is `*`, or an ARN whose vendor is spelled out.
fn resource(resource: &str, own: Partition) -> Result<(), Refusal> {
    if resource == "*" {
        return Ok(());
    }
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    if parts[0] != "arn" {
        return Err(format!("Resource {resource} must be in ARN format or \"*\"."));
    }
    // `arn:aws:s3:*` is accepted: a star may stand for all that follows.
    if parts.len() < 6 && !parts.last().is_some_and(|last| last.ends_with('*')) {
        return Err(format!("Resource {resource} must be in ARN format or \"*\"."));
    }
    let partition = parts.get(1).copied().unwrap_or_default();
    if partition != "*" && partition != own.id() {
        return Err(format!("Partition \"{partition}\" is not valid for resource \"{resource}\"."));
    }
    let vendor = parts.get(2).copied().unwrap_or_default();
    if vendor.is_empty() || (vendor != "*" && vendor.contains(['*', '?'])) {
        return Err("Resource vendor must be fully qualified and cannot contain regexes.".to_owned());
    }
    let (region, account) = (parts.get(3).copied().unwrap_or_default(), parts.get(4).copied().unwrap_or_default());
    match vendor {
        "iam" if !region.is_empty() && region != "*" => {
            Err(format!("IAM resource {resource} cannot contain region information."))
        }
        "s3" if !region.is_empty() && region != "*" => {
            Err(format!("Resource {resource} can not contain region information."))
        }
        "s3" if !account.is_empty() && account != "*" => {
            Err(format!("Resource {resource} can not contain account information."))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), Refusal> {
        super::check(text, Partition::Commercial)
    }

    fn refusal(statement: &str) -> String {
        check(&format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#)).expect_err(statement)
    }

    #[test]
    fn good_documents_pass() {
        for good in [
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#,
            r#"{"Version":"2012-10-17","Id":"x","Statement":[{"Sid":"A1","Effect":"Deny","NotAction":["s3:Get?bject"],"NotResource":["arn:aws:s3:::b/*"],"Condition":{"StringLike":{"s3:prefix":["a/*"]},"Bool":{"aws:SecureTransport":true}}}]}"#,
            r#"{"Version":"2012-10-17","Statement":[{"Sid":"","Effect":"Allow","Action":"*","Resource":"arn:aws:s3:*"},{"Sid":"","Effect":"Allow","Action":"a4b:X","Resource":"*"}]}"#,
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn versions() {
        for (version, message) in [
            ("", "Policy document must be version 2012-10-17 or greater."),
            (r#""Version":"2008-10-17","#, "Policy document must be version 2012-10-17 or greater."),
            (r#""Version":"2017-10-17","#, "The policy must contain a valid version string."),
        ] {
            let text = format!(r#"{{{version}"Statement":{{"Effect":"Allow","Action":"s3:*","Resource":"*"}}}}"#);
            assert_eq!(check(&text), Err(message.to_owned()));
        }
    }

    #[test]
    fn bad_statements_are_refused_in_the_words_of_aws() {
        for (statement, message) in [
            (r#"[]"#, SYNTAX),
            (r#"{"Action":"s3:*","Resource":"*"}"#, SYNTAX),
            (r#"{"Effect":"allow","Action":"s3:*","Resource":"*"}"#, SYNTAX),
            (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Extra":1}"#, SYNTAX),
            (r#"{"Effect":"Allow","Resource":"*"}"#, "Policy statement must contain actions."),
            (r#"{"Effect":"Allow","Action":[],"Resource":"*"}"#, "Policy statement must contain actions."),
            (r#"{"Effect":"Allow","Action":"s3:*"}"#, "Policy statement must contain resources."),
            (r#"{"Effect":"Allow","Action":"s3:*","Resource":[]}"#, "Policy statement must contain resources."),
            (
                r#"{"Effect":"Allow","Action":"GetObject","Resource":"*"}"#,
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
            ),
            (r#"{"Effect":"Allow","Action":"s_3:x","Resource":"*"}"#, "Vendor s_3 is not valid"),
            (r#"{"Effect":"Allow","Action":"s3:a:b","Resource":"*"}"#, "Actions/Condition can contain only one colon."),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"bucket"}"#,
                "Resource bucket must be in ARN format or \"*\".",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:us-west-2:1:b"}"#,
                "Resource arn:aws:s3:us-west-2:1:b can not contain region information.",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:mars:s3:::b"}"#,
                "Partition \"mars\" is not valid for resource \"arn:mars:s3:::b\".",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws-cn:s3:::b"}"#,
                "Partition \"aws-cn\" is not valid for resource \"arn:aws-cn:s3:::b\".",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Principal":"*"}"#,
                "Policy document should not specify a principal.",
            ),
            (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringIs":{"a:b":"c"}}}"#, SYNTAX),
            (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":"c"}}"#, SYNTAX),
        ] {
            assert_eq!(refusal(statement), message, "{statement}");
        }
        assert!(
            refusal(r#"{"Sid":"a-b","Effect":"Allow","Action":"s3:*","Resource":"*"}"#)
                .starts_with("Statement IDs (SID) must be alpha-numeric")
        );
        let twice = r#"{"Sid":"a","Effect":"Allow","Action":"s3:*","Resource":"*"}"#;
        assert_eq!(refusal(&format!("[{twice},{twice}]")), "Statement IDs (SID) in a single policy must be unique.");
        assert_eq!(check("{"), Err(SYNTAX.to_owned()));
    }
}
