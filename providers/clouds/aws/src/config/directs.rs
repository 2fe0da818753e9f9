//! Which keys of the section direct credentials, and which hosts a manifest's file may name: AWS's own.

use cloudgrant_core::{Diagnostic, Origin, shown};

use crate::client::partition::{Partition, of_arn};
use crate::config::{Config, Credentials, partition_of};

/// What comes before the region in the names of the services that cloudgrant calls. Hosts of other services are not
/// enough: anybody can have a function, a load balancer or an API behind a name below `amazonaws.com`.
const SERVICES: [&str; 7] = ["iam", "sts", "ecr", "api.ecr", "secretsmanager", "kms", "s3"];

/// See [`cloudgrant_core::Connect::directs_credentials`].
pub(crate) fn credentials(config: &Config) -> Vec<Diagnostic> {
    directed(config, |name| std::env::var(name).ok())
}

fn directed(config: &Config, env: impl Fn(&str) -> Option<String>) -> Vec<Diagnostic> {
    // Field by field, so that a new one doesn't compile before it is decided about.
    let Config {
        // Which account, region and cluster is what a manifest is there to say. The SDK takes a region only if it can be a
        // part of a host's name, so that requests stay with AWS, whichever partition's it is.
        region,
        account: _,
        home: _,
        cluster: _,
        // Names of what is granted to, and patterns of what isn't touched.
        task_role: _,
        task_policy: _,
        node_role: _,
        protected: _,
        platform_buckets: _,
        permissions_boundary: _,
        tags: _,
        request_timeout: _,
        settle_timeout: _,
        // Reads values of secrets that the manifest names, and shows none of them.
        inspect_secrets: _,
        // `sandbox`, which stands for no credentials at all, and is taken on this machine only.
        credentials,
        accounts,
        profile,
        endpoint,
    } = config;
    let mut directed = Vec::new();
    if let Some(endpoint) = endpoint.as_deref().filter(|endpoint| !is_aws(endpoint)) {
        let message =
            format!("`{}` is no host of AWS, and requests would go there with your credentials", shown(endpoint));
        directed.push(Diagnostic::new("aws.endpoint", message));
    }
    if credentials.is_none() {
        directed.extend(sent_to_another_partition(region, env));
    }
    directed.extend(profile.as_deref().map(|profile| chosen("aws.profile".to_owned(), profile)));
    for (account, credentials) in accounts {
        match credentials {
            // Only AWS learns that somebody asks; whether they may is decided by the role.
            Credentials::AssumeRole(_) => {}
            Credentials::Profile(profile) => directed.push(chosen(format!("aws.accounts.{account}.profile"), profile)),
        }
    }
    directed
}

/// A web identity's token is sent to the STS of the region: whoever holds it can be that identity. That of another partition may have
/// another operator, such as in China. Which one it is for, the role says that the environment names with it. What signs requests is
/// sent to nobody, and of a session nothing without its key.
fn sent_to_another_partition(region: &str, env: impl Fn(&str) -> Option<String>) -> Option<Diagnostic> {
    const TOKEN: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
    const ROLE: &str = "AWS_ROLE_ARN";
    let env = |name: &str| env(name).filter(|value| !value.is_empty());
    let here = partition_of(region);
    let role = env(ROLE);
    let meant = role.as_deref().and_then(of_arn).unwrap_or("aws");
    // Keys come before it.
    let is_sent = env(TOKEN).is_some() && env("AWS_ACCESS_KEY_ID").is_none();
    (is_sent && meant != here).then(|| {
        let message = format!(
            "what {TOKEN} stands for would go to the STS of `{here}`, the partition of region {}, and is for `{meant}`",
            shown(region)
        );
        let hint = format!(
            "{ROLE} says for which partition it is, by the role; a region of another one is taken from the environment \
             (CLOUDGRANT_AWS__REGION)"
        );
        Diagnostic::new("aws.region", message).hint(hint)
    })
}

/// A profile is one of the person's identities, and may run a program (`credential_process`).
fn chosen(path: String, profile: &str) -> Diagnostic {
    Diagnostic::new(
        path,
        format!("a file can't choose which of your credentials are used (profile `{}`)", shown(profile)),
    )
}

/// Whether a URL leads to AWS, or nowhere else than to this machine.
fn is_aws(url: &str) -> bool {
    Origin::parse(url).is_some_and(|origin| {
        origin.is_loopback() || origin.scheme == "https" && origin.port.is_none() && is_host_of_aws(origin.host)
    })
}

/// `SERVICE.SUFFIX` or `SERVICE.REGION.SUFFIX`; services may end in `-fips`. Source: AWS General Reference, "AWS service
/// endpoints".
fn is_host_of_aws(host: &str) -> bool {
    let suffixes = Partition::all().flat_map(|partition| [partition.dns_suffix, partition.dual_stack_dns_suffix]);
    suffixes.into_iter().any(|suffix| {
        let Some(before) = host.strip_suffix(suffix).and_then(|before| before.strip_suffix('.')) else { return false };
        SERVICES.iter().any(|service| {
            let Some(rest) = before.strip_prefix(service) else { return false };
            match rest.strip_prefix("-fips").unwrap_or(rest) {
                "" => true,
                rest => rest.strip_prefix('.').is_some_and(is_region),
            }
        })
    })
}

/// Such as `us-west-2`, `us-gov-west-1` and `eusc-de-east-1`.
fn is_region(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let letters = |part: &&str| part.len() >= 2 && part.chars().all(|c| c.is_ascii_lowercase());
    matches!(parts.as_slice(), [names @ .., number]
        if (2..=3).contains(&names.len()) && names.iter().all(letters)
            && (1..=2).contains(&number.len()) && number.chars().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn refused(more: Value) -> Vec<String> {
        refused_with(more, &[])
    }

    fn refused_with(more: Value, env: &[(&str, &str)]) -> Vec<String> {
        let mut section = json!({ "region": "us-west-2", "account": "111122223333" });
        section.as_object_mut().expect("a mapping").extend(more.as_object().expect("a mapping").clone());
        let config = serde_json::from_value(section).expect("a section");
        let env = |name: &str| env.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
        directed(&config, env).into_iter().map(|problem| problem.path).collect()
    }

    /// Another partition may have another operator, who would hold what logs in at the own one.
    #[test]
    fn a_file_sends_no_web_identity_to_another_partition_than_the_environment_s() {
        let token = ("AWS_WEB_IDENTITY_TOKEN_FILE", "/token");
        let role = |partition: &str| format!("arn:{partition}:iam::111122223333:role/ci");
        let regions = [("us-west-2", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")];
        for ((region, here), (_, meant)) in regions.into_iter().flat_map(|one| regions.map(|other| (one, other))) {
            let (section, role) = (json!({ "region": region }), role(meant));
            let env = [token, ("AWS_ROLE_ARN", role.as_str())];
            let expected: &[&str] = if here == meant { &[] } else { &["aws.region"] };
            assert_eq!(refused_with(section.clone(), &env), expected, "{region} for {meant}");
            // Nothing is sent there.
            assert!(refused_with(section.clone(), &env[1..]).is_empty());
            assert!(refused_with(section.clone(), &[("AWS_WEB_IDENTITY_TOKEN_FILE", ""), env[1]]).is_empty());
            assert!(refused_with(section, &[token, env[1], ("AWS_ACCESS_KEY_ID", "AKIA")]).is_empty());
            let sandbox = json!({ "region": region, "credentials": "sandbox" });
            assert!(refused_with(sandbox, &env).is_empty());
        }
        // Whoever says nothing means the commercial one.
        assert_eq!(refused_with(json!({ "region": "cn-north-1" }), &[token]), ["aws.region"]);
        assert!(refused_with(json!({}), &[token]).is_empty());
    }

    #[test]
    fn a_file_names_hosts_of_aws_or_this_machine() {
        for fine in [
            "https://iam.amazonaws.com",
            "https://sts.us-west-2.amazonaws.com/",
            "https://sts-fips.us-gov-west-1.amazonaws.com",
            "https://api.ecr.eu-central-1.amazonaws.com",
            "https://ecr.us-east-1.api.aws",
            "https://secretsmanager.cn-north-1.amazonaws.com.cn",
            "https://iam.eusc-de-east-1.amazonaws.eu",
            "https://sts.us-iso-east-1.c2s.ic.gov",
            "https://sts.us-isob-east-1.sc2s.sgov.gov",
            "https://sts.eu-isoe-west-1.cloud.adc-e.uk",
            "https://sts.us-isof-south-1.csp.hci.ic.gov",
            "http://127.0.0.1:4566",
            "http://localhost:4566",
            "http://[::1]:4566",
        ] {
            assert!(refused(json!({ "endpoint": fine })).is_empty(), "{fine}");
        }
        for bad in [
            "https://evil.example",
            "https://iam.amazonaws.com.evil.example",
            "https://evilamazonaws.com",
            "https://iam.evil.amazonaws.com",
            "http://iam.amazonaws.com",
            "https://iam.amazonaws.com:8443",
            "https://amazonaws.com",
            // What anybody can have a server behind.
            "https://abcdefghij.execute-api.us-east-1.amazonaws.com",
            "https://ec2-203-0-113-25.compute-1.amazonaws.com",
            "https://lb-1.us-west-2.elb.amazonaws.com",
            "https://iam.s3.us-east-1.amazonaws.com",
            "https://s3.us-east-1.evil.amazonaws.com",
            "https://vpce-1-sts.vpce-svc-2.us-east-1.vpce.amazonaws.com",
            "http://127.0.0.1:80@evil.example",
            "http://169.254.169.254",
            "nonsense",
        ] {
            assert_eq!(refused(json!({ "endpoint": bad })), ["aws.endpoint"], "{bad}");
        }
    }

    #[test]
    fn a_file_chooses_no_credentials_but_may_name_a_role() {
        assert_eq!(refused(json!({ "profile": "admin" })), ["aws.profile"]);
        let accounts = json!({ "accounts": {
            "444455556666": { "profile": "admin" },
            "777788889999": { "assume_role": "arn:aws:iam::777788889999:role/cloudgrant" },
        } });
        assert_eq!(refused(accounts), ["aws.accounts.444455556666.profile"]);
    }
}
