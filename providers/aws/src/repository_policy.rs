//! Repository policies of ECR: documents that others write too. Read, merge by Sid, write.
//!
//! `SetRepositoryPolicy` replaces the whole document and knows no version token, so that whoever writes between
//! our read and our write is overwritten. Within a run, one writer a repository; the engine reads all again after
//! an apply. Source: Amazon ECR API reference.

use std::sync::Arc;

use aws_sdk_ecr::Client;
use cloudgrant_core::{Error, ErrorKind, Result};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::Aws;
use crate::document;
use crate::error;
use crate::locator::Repository;

/// The most characters of a repository policy. Source: Amazon ECR user guide, "Amazon ECR service quotas".
pub(crate) const LARGEST: usize = 10_240;

/// A policy as it is, with everything in it as others wrote it; `None` where there is none.
pub(crate) async fn read(client: &Client, repository: &Repository) -> Result<Option<Value>> {
    let Repository { account, name, .. } = repository;
    let answer = client.get_repository_policy().registry_id(account.as_str()).repository_name(name).send().await;
    let text = match answer {
        Ok(answer) => answer.policy_text.unwrap_or_default(),
        Err(error) => {
            let none = error.as_service_error().is_some_and(|error| error.is_repository_policy_not_found_exception());
            let missing = error.as_service_error().is_some_and(|error| error.is_repository_not_found_exception());
            if none {
                return Ok(None);
            }
            let error = error::of("ecr:GetRepositoryPolicy", error).with("repository", repository.arn());
            return Err(if missing {
                error.hint("create the repository, or mend its name in the manifest (`aws ecr describe-repositories`)")
            } else {
                error
            });
        }
    };
    let document = serde_json::from_str(&text).map_err(|cause| {
        Error::new(ErrorKind::Unexpected, format!("the policy of repository {name} isn't JSON"))
            .with("repository", repository.arn())
            .source(cause)
            .hint("look at it with `aws ecr get-repository-policy`; cloudgrant doesn't overwrite what it can't read")
    })?;
    Ok(Some(document))
}

/// The document with one statement put in place of the one of its Sid, or taken out; the others as they were.
/// `None` when no statement is left.
pub(crate) fn merged(document: Option<Value>, sid: &str, statement: Option<&Value>) -> Option<Value> {
    let mut document = document.unwrap_or_else(|| json!({ "Version": document::VERSION, "Statement": [] }));
    let mut statements = document::statements(&document).to_vec();
    let place = statements.iter().position(|known| known.get("Sid").and_then(Value::as_str) == Some(sid));
    match (place, statement) {
        (Some(at), Some(statement)) => statements[at] = statement.clone(),
        (Some(at), None) => drop(statements.remove(at)),
        (None, Some(statement)) => statements.push(statement.clone()),
        (None, None) => {}
    }
    if statements.is_empty() {
        return None;
    }
    document["Statement"] = statements.into();
    Some(document)
}

/// Whether a statement names a principal that was deleted: then AWS shows its unique id in place of its ARN, and takes
/// no document with that any more. Source: IAM user guide, "AWS JSON policy elements: Principal".
fn is_dead(statement: &Value) -> bool {
    let Some(principals) = statement.get("Principal").and_then(|kinds| kinds.get("AWS")) else { return false };
    let dead =
        |principal: &Value| principal.as_str().is_some_and(|id| id.starts_with("AROA") || id.starts_with("AIDA"));
    match principals {
        Value::Array(principals) => principals.iter().any(dead),
        one => dead(one),
    }
}

/// Leaves out statements of ours whose principals are gone: they give nothing any more and keep AWS from taking the
/// rest; a change of their own makes them anew, if they are still wanted.
fn without_dead(mut document: Value, mark: &str) -> Option<Value> {
    let ours = |statement: &Value| statement.get("Sid").and_then(Value::as_str).is_some_and(|sid| sid.contains(mark));
    let statements =
        document::statements(&document).iter().filter(|statement| !(ours(statement) && is_dead(statement)));
    let statements: Vec<_> = statements.cloned().collect();
    if statements.is_empty() {
        return None;
    }
    document["Statement"] = statements.into();
    Some(document)
}

/// Waiting for a principal is in vain when it is somebody else's statement that names a dead one.
fn in_the_way(error: Error, document: &Value) -> Error {
    let dead = document::statements(document).iter().find(|statement| is_dead(statement));
    let (ErrorKind::NotYet, Some(dead)) = (error.kind(), dead) else { return error };
    let sid = dead.get("Sid").and_then(Value::as_str).unwrap_or("without Sid");
    let said = error.context().iter().find(|(key, _)| *key == "AWS said").map(|(_, said)| said.clone());
    Error::new(ErrorKind::Conflict, "the repository's policy can't be written any more")
        .with("operation", "ecr:SetRepositoryPolicy")
        .with("AWS said", said.unwrap_or_default())
        .with("cause", format!("its statement `{sid}`, which isn't this stack's, names a principal that was deleted"))
        .hint("take that statement out of the policy, or name a principal there that exists; then run again")
}

/// Puts a statement into a repository's policy, or takes it out.
pub(crate) async fn write(aws: &Aws, repository: &Repository, sid: &str, statement: Option<&Value>) -> Result<()> {
    let lock =
        aws.repositories.lock().await.entry(repository.clone()).or_insert_with(|| Arc::new(Mutex::new(()))).clone();
    let _one_at_a_time = lock.lock().await;
    let client = aws.clients.ecr(&repository.account, &repository.region).await?;
    let before = match read(&client, repository).await {
        Ok(before) => before,
        // Where the repository is gone, so is our statement.
        Err(error) if statement.is_none() && error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let after = merged(before.clone(), sid, statement).and_then(|document| without_dead(document, &aws.names.mark()));
    if after == before {
        return Ok(());
    }
    let Repository { account, name, .. } = repository;
    match after {
        Some(document) => {
            let request = client.set_repository_policy().registry_id(account.as_str()).repository_name(name);
            let answer = request.policy_text(document.to_string()).send().await;
            let answer = answer.map_err(|error| error::of("ecr:SetRepositoryPolicy", error));
            answer.map_err(|error| in_the_way(error, &document).with("repository", repository.arn()))?;
        }
        None => {
            let request = client.delete_repository_policy().registry_id(account.as_str()).repository_name(name);
            if let Err(error) = request.send().await {
                let gone = error.as_service_error().is_some_and(|error| {
                    error.is_repository_policy_not_found_exception() || error.is_repository_not_found_exception()
                });
                if !gone {
                    return Err(error::of("ecr:DeleteRepositoryPolicy", error).with("repository", repository.arn()));
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_statements_of_ours_go_and_those_of_others_stay() {
        let dead = |sid: &str| json!({"Sid": sid, "Effect": "Allow", "Principal": {"AWS": ["AROAEXAMPLE"]}});
        let live = json!({"Sid": "Mark1", "Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::1:role/x"]}});
        let document = json!({"Statement": [dead("Mark2"), live, dead("Theirs")]});
        assert_eq!(without_dead(document, "Mark"), Some(json!({"Statement": [live, dead("Theirs")]})));
        assert_eq!(without_dead(json!({"Statement": [dead("Mark2")]}), "Mark"), None);
    }

    #[test]
    fn requirement_32_others_survive() {
        let by_hand = json!({"Sid": "By hand", "Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage",
            "Condition": {"StringLike": {"aws:PrincipalOrgID": "o-1"}}});
        let ours = json!({"Sid": "Ours", "Effect": "Allow"});
        let document = json!({"Version": "2008-10-17", "Id": "x", "Statement": by_hand});
        let with = merged(Some(document.clone()), "Ours", Some(&ours)).expect("statements");
        assert_eq!(with, json!({"Version": "2008-10-17", "Id": "x", "Statement": [by_hand, ours]}));
        assert_eq!(merged(Some(with.clone()), "Ours", Some(&ours)).as_ref(), Some(&with));
        let without = merged(Some(with), "Ours", None).expect("the other statement");
        assert_eq!(document::canonical(&without), document::canonical(&document));
        assert_eq!(merged(merged(None, "Ours", Some(&ours)), "Ours", None), None);
    }
}
