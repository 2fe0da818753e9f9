//! Objects of a bucket, or under a prefix of one.
//!
//! Source: the Service Authorization Reference for Amazon S3 and AWS KMS; requirement 28.

use cloudgrant_core::{Access, CLEAR_PREFIX, Diagnostic, RegisteredKind, ResourceKind, redacted, unclear_prefix};

use crate::resources::kms_key::DECRYPT;
use crate::resources::object_url::Address;
use crate::resources::wrong_locator::{unfit_character, wrong};

pub(crate) const REGISTERED: RegisteredKind = RegisteredKind::new(
    ResourceKind::OBJECT_STORE,
    &[Access::List, Access::Read, Access::Write, Access::ReadWrite, Access::Manage],
)
.located_by(&["s3://BUCKET/PREFIX/"]);

/// Objects of a bucket, or of one "folder" in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Objects {
    pub(crate) bucket: String,
    /// Empty, or ending in `/`: a prefix without the slash would match `inputs-secret/` as well as `inputs/`.
    pub(crate) prefix: String,
}

/// Whether a level includes seeing which objects there are. `s3:ListBucket` is for the bucket's own ARN.
pub(crate) fn lists(access: Access) -> bool {
    match access {
        Access::List | Access::Read | Access::ReadWrite | Access::Manage => true,
        Access::Write | Access::Pull | Access::Push => false,
    }
}

/// Whether a level includes reading what is there, whoever wrote it and whenever.
pub(crate) fn reads(access: Access) -> bool {
    match access {
        Access::Read | Access::ReadWrite | Access::Manage => true,
        Access::List | Access::Write | Access::Pull | Access::Push => false,
    }
}

/// Whether a level includes writing objects.
pub(crate) fn writes(access: Access) -> bool {
    match access {
        Access::Write | Access::ReadWrite | Access::Manage => true,
        Access::List | Access::Read | Access::Pull | Access::Push => false,
    }
}

/// What a level allows on objects.
pub(crate) fn on_objects(access: Access) -> &'static [&'static str] {
    match access {
        Access::Read => &["s3:GetObject"],
        // Whoever begins an upload of several parts ends it, one way or the other: parts that nobody takes back are paid for.
        Access::Write => &["s3:AbortMultipartUpload", "s3:PutObject"],
        Access::ReadWrite => {
            &["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
        }
        Access::Manage => &[
            "s3:AbortMultipartUpload",
            "s3:DeleteObject",
            "s3:GetObject",
            "s3:ListMultipartUploadParts",
            "s3:PutObject",
        ],
        Access::List | Access::Pull | Access::Push => &[],
    }
}

/// What a level needs of the customer-managed key that encrypts a bucket. Uploads of several parts decrypt what they
/// uploaded. Source: Amazon S3 user guide, "Multipart upload API and permissions".
pub(crate) fn on_key(access: Access) -> &'static [&'static str] {
    match access {
        Access::Read => &[DECRYPT],
        Access::Write | Access::ReadWrite | Access::Manage => &[DECRYPT, "kms:GenerateDataKey"],
        Access::List | Access::Pull | Access::Push => &[],
    }
}

/// Seeing which objects there are.
pub(crate) const LIST_OBJECTS: &str = "s3:ListBucket";

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

/// What an ARN of S3 names that is no bucket's, and what to do.
pub(crate) fn no_bucket(text: &str, service: &str, rest: &str) -> Diagnostic {
    match service {
        "s3express" => wrong(text, DIRECTORY_BUCKET.0, DIRECTORY_BUCKET.1),
        "s3tables" => wrong(text, TABLE_BUCKET, GENERAL_PURPOSE),
        "s3-object-lambda" => wrong(text, OBJECT_LAMBDA, NAME_THE_BUCKET),
        _ if rest.starts_with("accesspoint") => wrong(text, ACCESS_POINT, NAME_THE_BUCKET),
        _ => {
            let hint = "a bucket's ARN names no region and no account: arn:aws:s3:::BUCKET";
            wrong(text, "is not a bucket's ARN", hint)
        }
    }
}

/// `BUCKET/PREFIX`, as it stands behind `s3://` and in an ARN.
pub(crate) fn of_arn(text: &str, rest: &str) -> Result<Objects, Diagnostic> {
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    objects(text, bucket, below(prefix))
}

/// What is said of an object's address. The hint is an ARN, which names the partition: `s3://` is a bucket of the data
/// plane's own, and the same name can be somebody else's there. `forms` says how locators are written.
pub(crate) fn no_address(text: &str, address: &Address, forms: &str) -> Diagnostic {
    let Address { partition, bucket, key } = address;
    let what = format!("is an address in the partition {}, and no locator", partition.id);
    let Some(key) = key else { return wrong(text, &what, forms) };
    if let Err(problem) = objects(text, bucket, below(key)) {
        return problem;
    }
    if let Some((_, c)) = unfit_character(key) {
        let what = format!("has `{c}` (U+{:04X}) in its prefix, which IAM accepts in no policy", u32::from(c));
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
    let hint = format!(
        "write {}{if_folder}; nothing of {1} can be reached from another partition",
        redacted(&arn),
        partition.id
    );
    wrong(text, &what, &hint)
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
fn objects(text: &str, bucket: &str, prefix: &str) -> Result<Objects, Diagnostic> {
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
    Ok(Objects { bucket: bucket.to_owned(), prefix })
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
