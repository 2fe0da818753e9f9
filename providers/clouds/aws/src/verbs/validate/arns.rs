//! ARNs and names of IAM in the section: what IAM can't have, what is in another account, and what would stand for more than one
//! where it comes into a policy.
//!
//! Sources: IAM API reference, CreateRole and CreatePolicy, `Path`, `RoleName` and `PolicyName`; IAM user guide, "IAM
//! identifiers".

use cloudgrant_core::{Diagnostic, redacted};

use crate::config::arn::{Arn, name_in};
use crate::config::{AccountId, Config, Credentials};

/// A kind of object of IAM.
struct Kind {
    /// As ARNs have it.
    word: &'static str,
    /// The most characters of a name.
    longest: usize,
    /// Whether AWS has some of its own.
    is_also_of_aws: bool,
}

const ROLE: Kind = Kind { word: "role", longest: 64, is_also_of_aws: false };
const POLICY: Kind = Kind { word: "policy", longest: 128, is_also_of_aws: true };

/// The most characters of a path.
const LONGEST_PATH: usize = 512;

/// Why a text is not the ARN of such an object: the rest of a sentence that begins with it.
fn checked(arn: &str, kind: &Kind) -> Result<(), String> {
    let named = Arn::parse(arn).and_then(|arn| Some((arn.account, arn.in_iam(kind.word)?)));
    let (account, path_and_name) = named.ok_or_else(|| format!("is not a {}'s ARN", kind.word))?;
    if AccountId::parse(account).is_err() && !(kind.is_also_of_aws && account == "aws") {
        return Err("names no account: an account id has twelve digits".to_owned());
    }
    let (path, name) = path_and_name.rsplit_once('/').unwrap_or(("", path_and_name));
    if let Some(c) = path.chars().find(|c| !c.is_ascii_graphic()) {
        return Err(format!("has U+{:04X} in its path, which IAM accepts in none", u32::from(c)));
    }
    if let Some(c) = path.chars().find(|c| "*?$".contains(*c)) {
        return Err(format!("has a `{c}` in its path, which in a policy stands for more than one {}", kind.word));
    }
    let is_unclear = |part: &&str| part.is_empty() || matches!(*part, "." | "..");
    if let Some(part) =
        path.split('/').find(is_unclear).filter(|_| !path.is_empty() || name.len() < path_and_name.len())
    {
        return Err(match part {
            "" => format!("has an empty part in its path, so that it is easily taken for another {}", kind.word),
            part => format!("has a part `{part}` in its path, so that it is easily taken for another {}", kind.word),
        });
    }
    if path.len() + 2 > LONGEST_PATH {
        return Err(format!("has a path of more than {LONGEST_PATH} characters"));
    }
    match is_name(name, kind.longest) {
        true => Ok(()),
        false => {
            Err(format!("names no {}: a name has up to {} letters, digits and `+=,.@_-`", kind.word, kind.longest))
        }
    }
}

fn is_name(name: &str, longest: usize) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
    (1..=longest).contains(&name.len()) && name.chars().all(fits) && !matches!(name, "." | "..")
}

/// Policies of AWS's own that no task code gets. Source: AWS managed policy reference guide.
const ADMINISTRATORS: [&str; 6] = [
    "AdministratorAccess",
    "AdministratorAccess-Amplify",
    "AdministratorAccess-AWSElasticBeanstalk",
    "IAMFullAccess",
    "PowerUserAccess",
    "SystemAdministrator",
];

/// Whether an ARN is that of one of them.
fn is_administrators(arn: &str) -> bool {
    Arn::parse(arn).is_some_and(Arn::is_policy_of_aws) && ADMINISTRATORS.contains(&name_in(arn))
}

fn is_role_name(name: &str) -> bool {
    is_name(name, ROLE.longest)
}

/// The accounts and kinds of the ARNs in the section, and the names of roles.
pub(super) fn problems(config: &Config) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let account_of = |arn: &str| Arn::parse(arn).map(|arn| arn.account.to_owned()).unwrap_or_default();
    for (key, arn) in config.arns() {
        let (account, path) = (account_of(arn), format!("aws.{key}"));
        let of_aws = ["task_policy", "permissions_boundary"].contains(&&*key) || key.starts_with("policies.");
        if let (true, Err(why)) = (of_aws, checked(arn, &POLICY)) {
            let hint = format!("write it like arn:aws:iam::{}:policy/NAME", config.account);
            problems.push(Diagnostic::new(path, format!("`{}` {why}", redacted(arn))).hint(hint));
        } else if key == "cluster.oidc_provider" && account != config.account.as_str() {
            let message =
                format!("the OpenID Connect provider is in account {account}, the data plane in {}", config.account);
            let hint = "roles trust providers of their own account: create it there as well, and name that one";
            problems.push(Diagnostic::new(path, message).hint(hint));
        } else if of_aws && account != "aws" && account != config.account.as_str() {
            let message = format!("the policy is in account {account}, the data plane in {}", config.account);
            problems.push(
                Diagnostic::new(path, message).hint("name a policy of the data plane's account, or one of AWS's"),
            );
        }
    }
    for (key, value) in [("task_role", &config.task_role), ("node_role", &config.node_role)] {
        let Some(value) = value.as_ref().filter(|name| !is_role_name(name)) else { continue };
        let name = name_in(value);
        let hint = match is_role_name(name) {
            true => format!("write its name alone, without account and path: `{name}`"),
            false => "a name has up to 64 letters, digits and `+=,.@_-`".to_owned(),
        };
        let message = format!("`{}` is not the name of a role", redacted(value));
        problems.push(Diagnostic::new(format!("aws.{key}"), message).hint(hint));
    }
    if let Some(policy) = config.task_policy.as_ref().filter(|arn| is_administrators(arn)) {
        let message =
            format!("`{}` lets task code of every domain do anything, or give itself anything", redacted(policy));
        let hint = "name the policy that tasks need to run, and grant the rest";
        problems.push(Diagnostic::new("aws.task_policy", message).hint(hint));
    }
    let of_no_form = |text: &&String| !Arn::is_begun(text);
    if let Some(boundary) = config.permissions_boundary.as_ref().filter(of_no_form) {
        let message = format!("`{}` is not a policy's ARN", redacted(boundary));
        let hint = "write it like arn:aws:iam::111122223333:policy/boundary";
        problems.push(Diagnostic::new("aws.permissions_boundary", message).hint(hint));
    }
    if let Some(policy) = config.task_policy.as_ref().filter(of_no_form).filter(|name| !is_name(name, POLICY.longest)) {
        let message = format!("`{}` is neither a policy's name nor its ARN", redacted(policy));
        let hint = "a name has up to 128 letters, digits and `+=,.@_-`, and no path: that is in the ARN";
        problems.push(Diagnostic::new("aws.task_policy", message).hint(hint));
    }
    if config.accounts.contains_key(&config.account) {
        let account = &config.account;
        let message = format!(
            "credentials for account {account} stand here, which is the data plane's own: nothing would ever use them"
        );
        let hint = "leave them out; the data plane's own account is worked in with the credentials that AWS's tools take \
             (AWS_PROFILE and its like, or CLOUDGRANT_AWS__PROFILE). To become a role there, name a profile of the AWS \
             configuration files that does (`role_arn`)";
        problems.push(Diagnostic::new(format!("aws.accounts.{account}"), message).hint(hint));
    }
    for (account, credentials) in config.accounts.iter().filter(|(account, _)| **account != config.account) {
        let Credentials::AssumeRole(assume) = credentials else { continue };
        let path = format!("aws.accounts.{account}.assume_role");
        let owner = account_of(&assume.role);
        if let Err(why) = checked(&assume.role, &ROLE) {
            let message = format!("`{}` {why}", redacted(&assume.role));
            problems
                .push(Diagnostic::new(path.clone(), message).hint(format!("write arn:aws:iam::{account}:role/NAME")));
        } else if owner != account.as_str() {
            let message = format!("the role is in account {owner}, not in {account}");
            problems.push(Diagnostic::new(path.clone(), message).hint("name a role of the account that it is for"));
        }
        if assume.duration.is_some_and(|seconds| !(900..=43_200).contains(&seconds)) {
            let hint = "a session lasts 900 to 43,200 seconds, and no longer than its role allows";
            problems.push(Diagnostic::new(format!("{path}.duration"), "no session lasts so long").hint(hint));
        }
        let fine = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
        if assume.session_name.as_ref().is_some_and(|name| !(2..=64).contains(&name.len()) || !name.chars().all(fine)) {
            let hint = "2 to 64 letters, digits and _+=,.@-";
            problems.push(Diagnostic::new(format!("{path}.session_name"), "no session can have that name").hint(hint));
        }
        // Source: AWS STS API reference, AssumeRole, `ExternalId`.
        let fine = |c: char| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c);
        if assume.external_id.as_ref().is_some_and(|id| !(2..=1_224).contains(&id.len()) || !id.chars().all(fine)) {
            let hint =
                "2 to 1,224 letters, digits and _+=,.@:/-; leave it out where the role's trust policy demands none";
            problems.push(Diagnostic::new(format!("{path}.external_id"), "no external id can be like that").hint(hint));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn an_arn_names_one_object_that_iam_can_have() {
        for fine in ["x", "registry-admin", "a/b/c+=,.@_-", "a.b/..c/x", "!~'\"/x", "service-role/AWS_X"] {
            assert_eq!(checked(&format!("arn:aws:iam::444455556666:role/{fine}"), &ROLE), Ok(()), "{fine}");
        }
        assert_eq!(checked("arn:aws:iam::aws:policy/job-function/ViewOnlyAccess", &POLICY), Ok(()));
        for (rest, said) in [
            ("444455556666:role/../x", "a part `..` in its path"),
            ("444455556666:role/a/./x", "a part `.` in its path"),
            ("444455556666:role/a//x", "an empty part in its path"),
            ("444455556666:role//x", "an empty part in its path"),
            ("444455556666:role/..", "names no role"),
            ("444455556666:role/", "names no role"),
            ("444455556666:role/a/", "names no role"),
            ("444455556666:role/*", "names no role"),
            ("444455556666:role/a b/x", "U+0020 in its path"),
            ("444455556666:role/\u{e9}/x", "U+00E9 in its path"),
            ("444455556666:role/\u{202e}/x", "U+202E in its path"),
            ("444455556666:role/a*/x", "a `*` in its path, which in a policy"),
            ("444455556666:role/${aws:username}/x", "a `$` in its path, which in a policy"),
            ("444455556666:role/a:b", "names no role"),
            ("444455556666:user/role/x", "is not a role's ARN"),
            ("444455556666:role", "is not a role's ARN"),
            ("44445555666:role/x", "names no account"),
            ("aws:role/x", "names no account"),
            (":role/x", "names no account"),
        ] {
            let refusal = checked(&format!("arn:aws:iam::{rest}"), &ROLE).expect_err(rest);
            assert!(refusal.contains(said), "{rest}: {refusal}");
        }
        for other in ["arn:aws:iam:us-west-2:444455556666:role/x", "arn:aws:sts::444455556666:assumed-role/x/y", "x"] {
            assert_eq!(checked(other, &ROLE), Err("is not a role's ARN".to_owned()), "{other}");
        }
        let arn = |path: usize, name: usize| {
            format!("arn:aws:iam::444455556666:role/{}/{}", "p".repeat(path), "n".repeat(name))
        };
        assert!(checked(&arn(510, 64), &ROLE).is_ok());
        assert!(checked(&arn(511, 64), &ROLE).is_err() && checked(&arn(510, 65), &ROLE).is_err());
    }

    fn paths(more: Value) -> Vec<String> {
        let mut section = json!({ "region": "us-west-2", "account": "111122223333" });
        section.as_object_mut().expect("a mapping").extend(more.as_object().expect("a mapping").clone());
        let config = serde_json::from_value(section).expect("a section");
        problems(&config).into_iter().map(|problem| problem.path).collect()
    }

    #[test]
    fn each_arn_of_the_section_is_looked_at() {
        let boundary = "arn:aws:iam::111122223333:policy/a/boundary";
        assert!(paths(json!({ "permissions_boundary": boundary, "task_policy": boundary })).is_empty());
        assert!(paths(json!({ "task_policy": "userflyterole" })).is_empty());
        for bad in ["arn:aws:iam::111122223333:policy/*", "arn:aws:iam::111122223333:policy/../x"] {
            assert_eq!(paths(json!({ "task_policy": bad })), ["aws.task_policy"], "{bad}");
            assert_eq!(paths(json!({ "permissions_boundary": bad })), ["aws.permissions_boundary"], "{bad}");
        }
        for bad in ["*", "a/b", ""] {
            assert_eq!(paths(json!({ "task_policy": bad })), ["aws.task_policy"], "{bad}");
        }
        let accounts =
            json!({ "accounts": { "444455556666": { "assume_role": "arn:aws:iam::444455556666:role/../x" } } });
        assert_eq!(paths(accounts), ["aws.accounts.444455556666.assume_role"]);
    }
}
