//! Which keys of the section direct credentials, and which hosts a manifest's file may name: AWS's own.

use aws_config::profile::ProfileSet;
use aws_types::os_shim_internal::{Env, Fs};
use cloudgrant_core::{Diagnostic, Origin, redacted};

use crate::config::arn::Arn;
use crate::config::partition::{Partition, partition_of};
use crate::config::profiles;
use crate::config::{Config, Credentials};

/// What comes before the region in the names of the services that cloudgrant calls. Hosts of other services are not
/// enough: anybody can have a function, a load balancer or an API behind a name below `amazonaws.com`.
const SERVICES: [&str; 8] = ["iam", "sts", "ecr", "api.ecr", "secretsmanager", "kms", "s3", "eks"];

/// See [`cloudgrant_core::Connect::directs_credentials`].
pub(crate) fn credentials(config: &Config) -> Vec<Diagnostic> {
    directed(config, &Env::real(), &Fs::real())
}

fn directed(config: &Config, env: &Env, fs: &Fs) -> Vec<Diagnostic> {
    // Field by field, so that a new one doesn't compile before it is decided about.
    let Config {
        // Which account, region and cluster is what a manifest is there to say. The SDK takes a region only if it can be a
        // part of a host's name, so that requests stay with AWS, whichever partition's it is: see below.
        region: _,
        account: _,
        home: _,
        binding: _,
        cluster: _,
        // Names of what is granted to, and patterns of what isn't touched.
        task_role: _,
        task_policy: _,
        node_role: _,
        protected: _,
        platform_buckets: _,
        permissions_boundary: _,
        tags: _,
        // What task code may do with what the manifest names: never more than that, nor with anything of credentials.
        actions: _,
        policies: _,
        keys: _,
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
            format!("`{}` is no host of AWS, and requests would go there with your credentials", redacted(endpoint));
        directed.push(Diagnostic::new("aws.endpoint", message));
    }
    if credentials.is_none() {
        directed.extend(sent_to_another_partition(config, env, fs));
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

/// A web identity's token is sent to the STS of the region, and what renews a login to its sign-in: whoever holds these can be that
/// identity. Those of another partition may have another operator, such as in China. What signs requests is sent to nobody, and of a
/// session nothing without its key.
///
/// Looked for wherever the SDK would take credentials from: a named profile, or else the environment's keys, its profile, and its web
/// identity. Where a profile has some, the last isn't asked; it is refused all the same.
fn sent_to_another_partition(config: &Config, env: &Env, fs: &Fs) -> Vec<Diagnostic> {
    let mut sent = Vec::new();
    let of_accounts = config.accounts.values().filter_map(|credentials| match credentials {
        Credentials::Profile(profile) => Some(profile.as_str()),
        Credentials::AssumeRole(_) => None,
    });
    let mut named: Vec<_> = config.profile.as_deref().into_iter().chain(of_accounts).map(ToOwned::to_owned).collect();
    if config.profile.is_none() && !has_keys(env) {
        named.push(set(env, "AWS_PROFILE").unwrap_or_else(|| "default".to_owned()));
        sent.extend(in_environment(env));
    }
    let profiles = profiles::all(env, fs);
    sent.extend(named.iter().filter_map(|profile| of_profile(profiles.as_ref()?, profile, env)));
    let (region, here) = (&config.region, partition_of(&config.region));
    let elsewhere = sent.into_iter().filter(|sent| sent.meant != here);
    let told = elsewhere.map(|Sent { what, to, meant, said_by }| {
        let region = redacted(region);
        let message =
            format!("{what} would go to the {to} of `{here}`, the partition of region {region}, and is for `{meant}`");
        let hint = format!(
            "{said_by} says for which partition it is; a region of another one is taken from the environment (CLOUDGRANT_AWS__REGION)"
        );
        Diagnostic::new("aws.region", message).hint(hint)
    });
    told.collect()
}

/// What would be sent as it is.
struct Sent {
    what: String,
    to: &'static str,
    /// The partition that it is for.
    meant: String,
    /// What says so.
    said_by: String,
}

fn set(env: &Env, name: &str) -> Option<String> {
    env.get(name).ok().filter(|value| !value.trim().is_empty())
}

/// Whether there are both halves of a key, which come before anything else.
fn has_keys(env: &Env) -> bool {
    let secret = || set(env, "AWS_SECRET_ACCESS_KEY").or_else(|| set(env, "SECRET_ACCESS_KEY"));
    set(env, "AWS_ACCESS_KEY_ID").is_some() && secret().is_some()
}

/// The partition that a role's ARN names. Whoever says nothing means the commercial one.
fn meant_by(role: Option<&str>) -> String {
    role.and_then(Arn::partition_of).unwrap_or("aws").to_owned()
}

fn in_environment(env: &Env) -> Option<Sent> {
    const TOKEN: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
    const ROLE: &str = "AWS_ROLE_ARN";
    set(env, TOKEN).map(|_| Sent {
        what: format!("what {TOKEN} stands for"),
        to: "STS",
        meant: meant_by(set(env, ROLE).as_deref()),
        said_by: ROLE.to_owned(),
    })
}

/// What the credentials of a profile begin with, as the SDK follows `source_profile`.
fn of_profile(profiles: &ProfileSet, named: &str, env: &Env) -> Option<Sent> {
    let (mut name, mut before): (&str, Vec<&str>) = (named, Vec::new());
    loop {
        let profile = profiles.get_profile(name)?;
        let said = redacted(name);
        // Whatever a chain comes to after its beginning, keys win there.
        let keys = ["aws_access_key_id", "aws_secret_access_key"];
        if !before.is_empty() && keys.iter().all(|key| profile.get(key).is_some()) {
            return None;
        }
        if profile.get("web_identity_token_file").is_some() {
            return Some(Sent {
                what: format!("the web identity's token of the AWS profile ({said})"),
                to: "STS",
                meant: meant_by(profile.get("role_arn")),
                said_by: format!("`role_arn` of the profile ({said})"),
            });
        }
        before.push(name);
        let source = profile.get("source_profile").filter(|_| profile.get("role_arn").is_some());
        match source.filter(|next| *next != name) {
            Some(next) if before.contains(&next) => return None,
            Some(next) => name = next,
            None => {
                profile.get("login_session")?;
                let own = profile.get("region").map(ToOwned::to_owned);
                let of_environment = || set(env, "AWS_REGION").or_else(|| set(env, "AWS_DEFAULT_REGION"));
                let region = own.or_else(of_environment);
                return Some(Sent {
                    what: format!("the token that renews the login of the AWS profile ({said})"),
                    to: "sign-in",
                    meant: region.map_or("aws", |region| partition_of(&region)).to_owned(),
                    said_by: format!("`region` of the profile ({said}), or else AWS_REGION,"),
                });
            }
        }
    }
}

/// A profile is one of the person's identities, and may run a program (`credential_process`).
fn chosen(path: String, profile: &str) -> Diagnostic {
    Diagnostic::new(
        path,
        format!("a file can't choose which of your credentials are used (profile `{}`)", redacted(profile)),
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

    const BOTH: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "s")];

    fn refused(more: Value) -> Vec<String> {
        refused_with(more, &[])
    }

    fn refused_with(more: Value, env: &[(&str, &str)]) -> Vec<String> {
        let mut section = json!({ "region": "us-west-2", "account": "111122223333" });
        section.as_object_mut().expect("a mapping").extend(more.as_object().expect("a mapping").clone());
        let config = serde_json::from_value(section).expect("a section");
        directed(&config, &Env::from_slice(env), &Fs::from_slice(&[])).into_iter().map(|problem| problem.path).collect()
    }

    /// What is said of the region with a configuration file.
    fn of_region(more: Value, env: &[(&str, &str)], file: &str) -> Vec<String> {
        let mut section = json!({ "account": "111122223333" });
        section.as_object_mut().expect("a mapping").extend(more.as_object().expect("a mapping").clone());
        let config = serde_json::from_value(section).expect("a section");
        let env = Env::from_slice(&[&[("AWS_CONFIG_FILE", "/config")], env].concat());
        let problems = directed(&config, &env, &Fs::from_slice(&[("/config", file)])).into_iter();
        problems.filter(|problem| problem.path == "aws.region").map(|problem| problem.message).collect()
    }

    /// The same of what a profile has, whoever names the profile.
    #[test]
    fn a_file_sends_nothing_of_a_profile_to_another_partition_than_that_is_for() {
        let web = |role: &str| format!("role_arn = {role}\nweb_identity_token_file = /token\n");
        let (here, there) = (web("arn:aws:iam::111122223333:role/ci"), web("arn:aws-cn:iam::111122223333:role/ci"));
        let login = "login_session = arn:aws:iam::111122223333:user/me\n".to_owned();
        let chained = |base: &str| {
            format!("role_arn = arn:aws-cn:iam::111122223333:role/x\nsource_profile = base\n[profile base]\n{base}")
        };
        let (region, keys) = ("region = cn-north-1\n", "aws_access_key_id = AKIA\naws_secret_access_key = s\n");
        let cases = [
            (here.clone(), "aws"),
            (there.clone(), "aws-cn"),
            ("web_identity_token_file = /token\n".to_owned(), "aws"),
            (login.clone(), "aws"),
            (format!("{login}{region}"), "aws-cn"),
            (chained(&here), "aws"),
            (chained(&there), "aws-cn"),
            (chained(&login), "aws"),
            (chained(&format!("{login}{region}")), "aws-cn"),
        ];
        let (china, commercial) = (json!({ "region": "cn-north-1" }), json!({ "region": "eu-west-1" }));
        for (body, meant) in &cases {
            let refused = if *meant == "aws" { [1, 0] } else { [0, 1] };
            for (region, expected) in [&china, &commercial].into_iter().zip(refused) {
                let named = |more: Value| {
                    let mut section = region.clone();
                    section.as_object_mut().expect("a mapping").extend(more.as_object().expect("a mapping").clone());
                    section
                };
                let accounts = json!({ "accounts": { "444455556666": { "profile": "ci" } } });
                for (section, env, head) in [
                    (region.clone(), vec![], "[default]\n"),
                    (region.clone(), vec![("AWS_PROFILE", "ci")], "[profile ci]\n"),
                    // Half a key is none.
                    (region.clone(), vec![("AWS_ACCESS_KEY_ID", "AKIA")], "[default]\n"),
                    (region.clone(), vec![("AWS_SECRET_ACCESS_KEY", "s")], "[default]\n"),
                    (named(json!({ "profile": "ci" })), vec![], "[profile ci]\n"),
                    // These look into no environment.
                    (named(json!({ "profile": "ci" })), BOTH.to_vec(), "[profile ci]\n"),
                    (named(accounts), BOTH.to_vec(), "[profile ci]\n"),
                ] {
                    let told = of_region(section.clone(), &env, &format!("{head}{body}"));
                    assert_eq!(told.len(), expected, "{section} {env:?} {body}: {told:?}");
                    assert!(told.iter().all(|told| told.contains(&format!("is for `{meant}`"))), "{told:?}");
                }
                assert!(of_region(region.clone(), &BOTH, &format!("[default]\n{body}")).is_empty(), "keys come first");
                let sandbox = named(json!({ "credentials": "sandbox" }));
                assert!(of_region(sandbox, &[], &format!("[default]\n{body}")).is_empty());
            }
        }
        // Of a login without a region, the environment's is meant.
        for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
            let body = format!("[default]\n{login}");
            assert!(of_region(china.clone(), &[(name, "cn-northwest-1")], &body).is_empty());
            assert_eq!(of_region(commercial.clone(), &[(name, "cn-northwest-1")], &body).len(), 1);
        }
        // What sends nothing as it is, and a circle.
        for body in [
            keys.to_owned(),
            chained(keys),
            chained(&format!("{keys}{here}")),
            chained("role_arn = arn:aws:iam::111122223333:role/x\nsource_profile = default\n"),
            "sso_region = us-east-1\nsso_start_url = https://x.awsapps.com/start\n".to_owned(),
        ] {
            assert!(of_region(china.clone(), &[], &format!("[default]\n{body}")).is_empty(), "{body}");
        }
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
            assert!(refused_with(section.clone(), &[&env[..], &BOTH].concat()).is_empty());
            // Half a key is none: the token is sent.
            for half in [BOTH[0], BOTH[1], ("AWS_ACCESS_KEY_ID", " ")] {
                assert_eq!(refused_with(section.clone(), &[token, env[1], half]), expected);
            }
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
