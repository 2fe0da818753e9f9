//! Locators: what a manifest calls a bucket, a secret and a repository on AWS.

use cloudgrant_core::{CLEAR_PREFIX, Diagnostic, ResourceKind, shown, unclear_prefix};

use crate::client::partition::{Partition, of_arn};
use crate::config::{AccountId, partition_of};
use crate::resources::object_url::Address;

/// A locator, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Locator {
    Objects(Objects),
    Secret(Secret),
    Repository(Repository),
}

/// Objects of a bucket, or of one "folder" in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Objects {
    pub(crate) bucket: String,
    /// Empty, or ending in `/`: a prefix without the slash would match `inputs-secret/` as well as `inputs/`.
    pub(crate) prefix: String,
}

/// A secret by its ARN, or a pattern of secrets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Secret {
    pub(crate) partition: String,
    pub(crate) region: String,
    pub(crate) account: AccountId,
    /// What stands behind `:secret:`; with the random suffix or without.
    pub(crate) name: String,
}

/// A repository of container images.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Repository {
    pub(crate) account: AccountId,
    pub(crate) region: String,
    pub(crate) name: String,
}

impl Secret {
    pub(crate) fn arn(&self) -> String {
        format!("arn:{}:secretsmanager:{}:{}:secret:{}", self.partition, self.region, self.account, self.name)
    }

    /// Whether it stands for more than one secret.
    pub(crate) fn is_pattern(&self) -> bool {
        self.name.contains('*')
    }

    /// What names begin with that a pattern reaches beyond one folder: empty where it is every secret. None where it is one
    /// secret, or all of a folder.
    pub(crate) fn beginning(&self) -> Option<&str> {
        self.name.strip_suffix('*').filter(|beginning| !beginning.ends_with('/'))
    }

    /// Whether an ARN can be the whole one of this secret: its own, or with the six characters that AWS adds.
    pub(crate) fn is_arn_of_it(&self, arn: &str) -> bool {
        let Some(rest) = arn.strip_prefix(&self.arn()) else { return false };
        let six = |rest: &str| rest.len() == 6 && rest.bytes().all(|b| b.is_ascii_alphanumeric());
        rest.is_empty() && self.looks_whole() || rest.strip_prefix('-').is_some_and(six)
    }

    /// Whether its name ends as those of whole ARNs do: then it can be either, a whole ARN or a name that looks so.
    pub(crate) fn looks_whole(&self) -> bool {
        let suffix = self.name.rsplit_once('-').map_or("", |(_, suffix)| suffix);
        suffix.len() == 6 && suffix.chars().all(|c| c.is_ascii_alphanumeric())
    }

    /// The ARNs for a policy when AWS couldn't be asked for the real one. AWS documentation ("Secrets Manager, IAM
    /// policy examples"): six question marks stand for the random suffix and match no other secret's name. What may be
    /// either stands for both: `forecast/xyz-secret` is a name, too.
    pub(crate) fn arns_or_patterns(&self) -> Vec<String> {
        let pattern = || format!("{}-??????", self.arn());
        match (self.is_pattern(), self.looks_whole()) {
            (true, _) => vec![self.arn()],
            (false, true) => vec![self.arn(), pattern()],
            (false, false) => vec![pattern()],
        }
    }
}

impl Repository {
    pub(crate) fn arn(&self) -> String {
        format!("arn:{}:ecr:{}:{}:repository/{}", partition_of(&self.region), self.region, self.account, self.name)
    }
}

impl Locator {
    pub(crate) fn kind(&self) -> ResourceKind {
        match self {
            Self::Objects(_) => ResourceKind::ObjectStore,
            Self::Secret(_) => ResourceKind::Secret,
            Self::Repository(_) => ResourceKind::Registry,
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, Diagnostic> {
        if text.trim_matches(' ') != text {
            return Err(wrong(text, "begins or ends with a blank", "leave the blank out"));
        }
        if let Some(rest) = text.strip_prefix("s3://") {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            return objects(text, bucket, below(prefix));
        }
        if text.starts_with("arn:") {
            return arn(text);
        }
        if [".dkr.ecr.", ".dkr.ecr-fips.", ".dkr-ecr.", ".dkr-ecr-fips."].iter().any(|part| text.contains(part)) {
            return image_repository(text);
        }
        Err(match Address::parse(text) {
            Some(address) => no_address(text, &address),
            None => wrong(text, "is no locator that AWS knows", FORMS),
        })
    }
}

impl Locator {
    /// The same of what stands for a registry: what is no locator is told how a repository's is written, and nothing else.
    pub(crate) fn parse_registry(text: &str) -> Result<Self, Diagnostic> {
        Self::parse(text).map_err(|problem| match problem.hint.as_deref() {
            Some(FORMS) => problem.hint(REPOSITORY_FORM),
            _ if Address::parse(text).is_some() => problem.hint(REPOSITORY_FORM),
            _ => problem,
        })
    }
}

/// The partition that a locator names, where it names one: an ARN does, and a registry's host by its region.
pub(crate) fn partition(text: &str) -> Option<&str> {
    of_arn(text).or_else(|| match Locator::parse(text) {
        Ok(Locator::Repository(repository)) => Some(partition_of(&repository.region)),
        _ => None,
    })
}

const FORMS: &str = "write s3://BUCKET/PREFIX/, \
    arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME, or ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY";

const REPOSITORY_FORM: &str = "write ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY";

fn wrong(text: &str, what: &str, hint: &str) -> Diagnostic {
    Diagnostic::new("", format!("`{}` {what}", shown(text))).hint(hint)
}

fn arn(text: &str) -> Result<Locator, Diagnostic> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, service, region, account, rest] = parts.as_slice() else {
        return Err(wrong(
            text,
            "is not a whole ARN",
            "an ARN has six parts: arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE",
        ));
    };
    if Partition::named(partition).is_none() {
        return Err(wrong(text, "names no partition of AWS", &format!("partitions are {}", Partition::ids())));
    }
    if let Some(other) = Partition::of_region(region).filter(|of_region| of_region.id != *partition) {
        let what = format!("is of the partition {partition}, and {region} is a region of {}", other.id);
        return Err(wrong(text, &what, "copy the ARN as AWS shows it"));
    }
    match *service {
        "s3" if region.is_empty() && account.is_empty() => {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            objects(text, bucket, below(prefix))
        }
        "s3" if rest.starts_with("accesspoint") => Err(wrong(text, ACCESS_POINT, NAME_THE_BUCKET)),
        "s3" => Err(wrong(
            text,
            "is not a bucket's ARN",
            "a bucket's ARN names no region and no account: arn:aws:s3:::BUCKET",
        )),
        "s3express" => Err(wrong(text, DIRECTORY_BUCKET.0, DIRECTORY_BUCKET.1)),
        "s3tables" => Err(wrong(text, TABLE_BUCKET, GENERAL_PURPOSE)),
        "s3-object-lambda" => Err(wrong(text, OBJECT_LAMBDA, NAME_THE_BUCKET)),
        "secretsmanager" => secret(text, partition, region, account, rest),
        "ecr" => match rest.strip_prefix("repository/") {
            Some(name) => repository(text, account, region, name),
            None => Err(wrong(text, "is not a repository's ARN", "write arn:aws:ecr:REGION:ACCOUNT:repository/NAME")),
        },
        _ => Err(wrong(text, "is for a service that can't be granted here", FORMS)),
    }
}

/// What is said of an object's address. The hint is an ARN, which names the partition: `s3://` is a bucket of the data
/// plane's own, and the same name can be somebody else's there.
fn no_address(text: &str, address: &Address) -> Diagnostic {
    let Address { partition, bucket, key } = address;
    let what = format!("is an address in the partition {}, and no locator", partition.id);
    let Some(key) = key else { return wrong(text, &what, FORMS) };
    if let Err(problem) = objects(text, bucket, below(key)) {
        return problem;
    }
    if let Some((_, c)) = unfit_character(key) {
        let what = format!("has `{c}` (U+{:04X}) in its prefix, which IAM takes in no policy", u32::from(c));
        return wrong(text, &what, "grant a prefix above it that has none");
    }
    let folder = below(key).trim_end_matches('/');
    let arn = match folder {
        "" => format!("arn:{}:s3:::{bucket}", partition.id),
        folder => format!("arn:{}:s3:::{bucket}/{folder}/*", partition.id),
    };
    let if_folder = match key.is_empty() || below(key).ends_with('/') || below(key) != key {
        true => "",
        false => " if it is a folder (an object by itself can't be granted)",
    };
    let hint =
        format!("write {}{if_folder}; nothing of {1} can be reached from another partition", shown(&arn), partition.id);
    wrong(text, &what, &hint)
}

/// The first character that IAM takes in no document, and where it is. Source: IAM API reference, CreatePolicy,
/// `PolicyDocument`.
pub(crate) fn unfit_character(text: &str) -> Option<(usize, char)> {
    let fits = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{ff}');
    text.chars().enumerate().find(|(_, c)| !fits(*c))
}

/// Whether a text can be a bucket's name. Source: Amazon S3 documentation, "General purpose bucket naming rules".
pub(crate) fn is_bucket(name: &str) -> bool {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    (3..=63).contains(&name.len())
        && name.chars().all(fine)
        && edge(name.chars().next())
        && edge(name.chars().last())
        && !name.contains("..")
}

/// The folder of `FOLDER/*`, which means all that is in it, as policies write it. A `*` behind a part of a name would reach
/// siblings, and stays for what refuses it.
fn below(prefix: &str) -> &str {
    match prefix.strip_suffix('*') {
        Some(folder) if folder.is_empty() || folder.ends_with('/') => folder,
        _ => prefix,
    }
}

/// Source: Amazon S3 documentation, "General purpose bucket naming rules".
fn objects(text: &str, bucket: &str, prefix: &str) -> Result<Locator, Diagnostic> {
    if bucket.contains(['*', '?']) || prefix.contains(['*', '?']) {
        return Err(wrong(
            text,
            "has a wildcard",
            "name each bucket and prefix: a wildcard would reach buckets that nobody named",
        ));
    }
    if bucket.contains('$') || prefix.contains('$') {
        return Err(wrong(text, "has a `$`", "IAM would read it as the beginning of a policy variable"));
    }
    if !is_bucket(bucket) {
        let hint = "a bucket's name has 3 to 63 lower-case letters, digits, dots and dashes: s3://BUCKET/PREFIX/";
        return Err(wrong(text, "names no bucket", hint));
    }
    if let Some((what, hint)) = not_general_purpose(bucket) {
        return Err(wrong(text, what, hint));
    }
    if let Some(what) = unclear_prefix(prefix) {
        return Err(wrong(text, &what, CLEAR_PREFIX));
    }
    let prefix = match prefix {
        "" => String::new(),
        prefix => format!("{}/", prefix.trim_end_matches('/')),
    };
    Ok(Locator::Objects(Objects { bucket: bucket.to_owned(), prefix }))
}

/// A directory bucket takes `s3express:CreateSession` in place of `s3:GetObject` and its like. Source: Amazon S3 user
/// guide, "Authorizing Regional endpoint API operations with IAM", directory buckets.
const DIRECTORY_BUCKET: (&str, &str) = (
    "is a directory bucket (S3 Express One Zone), which takes s3express:CreateSession",
    "its sessions reach all of its objects: they can't be narrowed to a prefix, nor to writing alone. Grant a general \
     purpose bucket, or allow s3express:CreateSession on it by hand",
);
const ACCESS_POINT: &str = "is an access point, not a bucket";
const OBJECT_LAMBDA: &str = "is an Object Lambda access point, not a bucket";
const OUTPOST: &str = "is an access point on an Outpost, not a bucket";
const TABLE_BUCKET: &str = "is a table bucket (S3 Tables)";
const NAME_THE_BUCKET: &str =
    "name the bucket behind it; requests by way of an access point need a policy on the access point, too";
const GENERAL_PURPOSE: &str = "only general purpose buckets can be granted";

/// What a name that is valid for no general purpose bucket is instead, and what to do. Source: Amazon S3 user guide,
/// "General purpose bucket naming rules".
fn not_general_purpose(bucket: &str) -> Option<(&'static str, &'static str)> {
    const RESERVED: &str = "names no bucket: its first letters are reserved by Amazon S3";
    const MULTI_REGION: &str = "is a Multi-Region Access Point, not a bucket";
    let suffixes = [
        ("--x-s3", DIRECTORY_BUCKET),
        // The access point of a directory bucket: clients take it for an address of S3 Express.
        ("--xa-s3", (ACCESS_POINT, NAME_THE_BUCKET)),
        ("--ol-s3", (OBJECT_LAMBDA, NAME_THE_BUCKET)),
        // Of a bucket on an Outpost, which clients reach by way of access points alone.
        ("--op-s3", (OUTPOST, GENERAL_PURPOSE)),
        ("-s3alias", (ACCESS_POINT, NAME_THE_BUCKET)),
        (".mrap", (MULTI_REGION, NAME_THE_BUCKET)),
        ("--table-s3", (TABLE_BUCKET, GENERAL_PURPOSE)),
    ];
    let by_suffix = suffixes.into_iter().find(|(suffix, _)| bucket.ends_with(suffix)).map(|(_, said)| said);
    let is_reserved = ["xn--", "sthree-", "amzn-s3-demo-"].iter().any(|prefix| bucket.starts_with(prefix));
    let is_address = bucket.parse::<std::net::Ipv4Addr>().is_ok();
    by_suffix
        .or(is_reserved
            .then_some((RESERVED, "xn--, sthree- and amzn-s3-demo- begin no bucket's name: name a bucket of yours")))
        .or(is_address.then_some(("names no bucket: this is an IP address", "name the bucket: s3://BUCKET/PREFIX/")))
}

fn region_of(text: &str, region: &str) -> Result<String, Diagnostic> {
    match Partition::of_region(region) {
        Some(_) => Ok(region.to_owned()),
        None => Err(wrong(text, "names no region", "a region looks like us-west-2")),
    }
}

fn account_of(text: &str, account: &str) -> Result<AccountId, Diagnostic> {
    AccountId::parse(account).map_err(|_| wrong(text, "names no account", "an account id has twelve digits"))
}

fn secret(text: &str, partition: &str, region: &str, account: &str, rest: &str) -> Result<Locator, Diagnostic> {
    let Some(name) = rest.strip_prefix("secret:") else {
        return Err(wrong(
            text,
            "is not a secret's ARN",
            "write arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX",
        ));
    };
    if name.contains(':') {
        // Requirement 36.
        return Err(wrong(
            text,
            "names a key within a key/value secret, which the platform can't mount",
            "store the value as a plaintext secret of its own and name that one",
        ));
    }
    let fine = |c: char| c.is_ascii_alphanumeric() || "/_+=.@!-*".contains(c);
    if name.is_empty() || !name.chars().all(fine) || name[..name.len() - 1].contains('*') {
        let hint = "a secret's name has letters, digits and /_+=.@!-; a `*` may only stand at its end";
        return Err(wrong(text, "names no secret", hint));
    }
    Ok(Locator::Secret(Secret {
        partition: partition.to_owned(),
        region: region_of(text, region)?,
        account: account_of(text, account)?,
        name: name.to_owned(),
    }))
}

/// `ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME`, or the dual-stack host of the same registry,
/// `ACCOUNT.dkr-ecr.REGION.on.aws/NAME`. Source: Amazon ECR user guide, "Getting started with making requests over IPv6".
fn image_repository(text: &str) -> Result<Locator, Diagnostic> {
    let bare = text.strip_prefix("https://").unwrap_or(text);
    let (host, name) = bare.split_once('/').unwrap_or((bare, ""));
    let parts: Vec<&str> = host.split('.').collect();
    let (account, region, suffix, dual_stack) = match parts.as_slice() {
        [account, "dkr", "ecr" | "ecr-fips", region, suffix @ ..] => (account, region, suffix.join("."), false),
        [account, "dkr-ecr" | "dkr-ecr-fips", region, suffix @ ..] => (account, region, suffix.join("."), true),
        _ => return Err(no_registry(text)),
    };
    let ends_in = |partition: &Partition| {
        if dual_stack { partition.dual_stack_registries } else { Some(partition.dns_suffix) }
    };
    if !Partition::all().any(|partition| ends_in(&partition) == Some(suffix.as_str())) {
        return Err(no_registry(text));
    }
    if let Some(partition) = Partition::of_region(region).filter(|it| ends_in(it) != Some(suffix.as_str())) {
        let what = format!("ends in {suffix}, and {region} is a region of the partition {}", partition.id);
        let there = ends_in(&partition).unwrap_or(partition.dns_suffix);
        let hint = format!("ECR's hosts there end in {there}; copy the URI as AWS shows it");
        return Err(wrong(text, &what, &hint));
    }
    repository(text, account, region, name)
}

fn no_registry(text: &str) -> Diagnostic {
    wrong(text, "is not a registry of ECR", "write ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY")
}

/// Source: Amazon ECR API reference, CreateRepository, `repositoryName`.
fn repository(text: &str, account: &str, region: &str, name: &str) -> Result<Locator, Diagnostic> {
    let account = account_of(text, account)?;
    let region = region_of(text, region)?;
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/".contains(c);
    // Each part begins and ends with a letter or digit: none is empty, nor `..`.
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let is_part = |part: &str| edge(part.chars().next()) && edge(part.chars().last());
    if !(2..=256).contains(&name.len()) || !name.chars().all(fine) || !name.split('/').all(is_part) {
        let hint = "name one repository, without a tag: 2 to 256 lower-case letters, digits and ._-/ between them";
        return Err(wrong(text, "names no repository", hint));
    }
    Ok(Locator::Repository(Repository { account, region, name: name.to_owned() }))
}

#[cfg(test)]
mod tests;
