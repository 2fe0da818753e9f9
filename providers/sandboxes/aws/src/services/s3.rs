//! S3: buckets, their encryption and their policies; no objects. Source: Amazon S3 API reference.
//!
//! Names are the same for all accounts, a bucket has one region, and only its owner's account may look at it or change
//! it: what a bucket policy allows others is for objects, which are not here.

mod access;

use cloudgrant_sandbox_kit::Request;
use http::Method;
use percent_encoding::percent_decode_str;

use crate::authorization::policy::bucket;
use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::paging::Paging;
use crate::protocol::query::Query;
use crate::protocol::xml::Xml;
use crate::server::auth::Caller;
use crate::state::model::{Bucket, Encryption};
use crate::state::{State, time};

const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// The largest page of `ListBuckets`, and the default one.
const PAGE: usize = 10_000;

/// A request, understood.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) operation: &'static str,
    /// As IAM calls the permission for it: not always like the operation.
    pub(crate) action: &'static str,
    bucket: String,
    query: String,
    expected_owner: Option<String>,
    body: String,
}

/// What goes back.
#[derive(Debug)]
pub(crate) enum Body {
    Xml(String),
    /// A policy, as it is.
    Json(String),
    /// 204.
    Nothing,
    /// 200 for a `HEAD`: the bucket's region.
    Head(String),
}

impl Call {
    /// `None` for what isn't emulated.
    pub(crate) fn read(request: &Request) -> Option<Self> {
        let path = request.path.trim_start_matches('/').trim_end_matches('/');
        if path.contains('/') {
            return None;
        }
        let query = Query::parse(request.query.as_bytes());
        let subs = ["policy", "encryption", "location", "ownershipControls", "policyStatus", "publicAccessBlock"];
        let sub = subs.into_iter().find(|sub| query.get(sub).is_some());
        let (operation, action) = match (&request.method, path.is_empty(), sub) {
            (&Method::GET, true, None) => ("ListBuckets", "s3:ListAllMyBuckets"),
            (&Method::PUT, false, None) => ("CreateBucket", "s3:CreateBucket"),
            (&Method::DELETE, false, None) => ("DeleteBucket", "s3:DeleteBucket"),
            (&Method::HEAD, false, None) => ("HeadBucket", "s3:ListBucket"),
            (&Method::GET, false, Some("location")) => ("GetBucketLocation", "s3:GetBucketLocation"),
            (&Method::GET, false, Some("encryption")) => ("GetBucketEncryption", "s3:GetEncryptionConfiguration"),
            (&Method::PUT, false, Some("encryption")) => ("PutBucketEncryption", "s3:PutEncryptionConfiguration"),
            (&Method::DELETE, false, Some("encryption")) => ("DeleteBucketEncryption", "s3:PutEncryptionConfiguration"),
            (&Method::GET, false, Some("policy")) => ("GetBucketPolicy", "s3:GetBucketPolicy"),
            (&Method::PUT, false, Some("policy")) => ("PutBucketPolicy", "s3:PutBucketPolicy"),
            (&Method::DELETE, false, Some("policy")) => ("DeleteBucketPolicy", "s3:DeleteBucketPolicy"),
            (method, false, Some(sub)) => access::operation(method, sub)?,
            _ => return None,
        };
        Some(Self {
            operation,
            action,
            bucket: percent_decode_str(path).decode_utf8_lossy().into_owned(),
            query: request.query.clone(),
            expected_owner: request.header("x-amz-expected-bucket-owner").map(str::to_owned),
            body: String::from_utf8_lossy(&request.body).into_owned(),
        })
    }

    /// The policy that it writes.
    pub(crate) fn policy(&self) -> Option<&str> {
        (self.operation == "PutBucketPolicy").then_some(&*self.body)
    }

    /// The resource that a request is about, for the text of a denial.
    pub(crate) fn resource(&self, caller: &Caller) -> String {
        if self.bucket.is_empty() {
            "*".to_owned()
        } else {
            format!("arn:{}:s3:::{}", caller.partition.id(), self.bucket)
        }
    }
}

/// Carries out an action.
pub(crate) fn call(state: &mut State, caller: &Caller, call: &Call) -> Answer<Body> {
    match call.operation {
        "ListBuckets" => return list(state, caller, &Query::parse(call.query.as_bytes())),
        "CreateBucket" => return create(state, caller, call),
        _ => {}
    }
    let mut bucket = find(state, caller, call)?;
    match call.operation {
        "HeadBucket" => Ok(Body::Head(bucket.region)),
        "GetBucketLocation" => {
            // The oldest region has no constraint.
            let region = if bucket.region == "us-east-1" { "" } else { &bucket.region };
            Ok(Body::Xml(format!("<LocationConstraint xmlns=\"{NAMESPACE}\">{region}</LocationConstraint>")))
        }
        "GetBucketEncryption" => Ok(Body::Xml(encryption(&bucket.encryption))),
        "PutBucketEncryption" => {
            bucket.encryption = read_encryption(&call.body)?;
            state.save_bucket(bucket).map(|()| Body::Xml(String::new()))
        }
        "DeleteBucketEncryption" => {
            bucket.encryption = Encryption::default();
            state.save_bucket(bucket).map(|()| Body::Nothing)
        }
        "GetBucketPolicy" => {
            let policy = bucket
                .policy
                .as_ref()
                .ok_or_else(|| ApiError::new("NoSuchBucketPolicy", 404, "The bucket policy does not exist"))?;
            Ok(Body::Json(state.show(policy)))
        }
        "PutBucketPolicy" => {
            access::check(&bucket, caller, &call.body)?;
            bucket.policy = Some(bucket::check(state, &bucket.name, &call.body)?);
            state.save_bucket(bucket).map(|()| Body::Nothing)
        }
        "DeleteBucketPolicy" => {
            bucket.policy = None;
            state.save_bucket(bucket).map(|()| Body::Nothing)
        }
        "DeleteBucket" => state.remove_bucket(&bucket).map(|()| Body::Nothing),
        other => access::call(state, bucket, other, &call.body),
    }
}

/// A bucket that the caller may look at, asked for where it is.
fn find(state: &State, caller: &Caller, call: &Call) -> Answer<Bucket> {
    let bucket = state
        .bucket(&call.bucket)
        .ok_or_else(|| ApiError::new("NoSuchBucket", 404, "The specified bucket does not exist"))?;
    // Before anybody looks whether the caller may.
    if bucket.region != caller.region {
        let message = "The bucket you are attempting to access must be addressed using the specified endpoint. \
                       Please send all future requests to this endpoint.";
        return Err(ApiError::new("PermanentRedirect", 301, message).of_region(&bucket.region));
    }
    if call.expected_owner.as_ref().is_some_and(|owner| *owner != bucket.account) {
        return Err(ApiError::new("AccessDenied", 403, "Access Denied"));
    }
    if bucket.account != caller.account {
        return Err(ApiError::denied_by_resource(&caller.arn, call.action, &call.resource(caller)));
    }
    Ok(bucket.clone())
}

fn list(state: &mut State, caller: &Caller, query: &Query) -> Answer<Body> {
    let bad = |what: &str| ApiError::new("InvalidArgument", 400, format!("Argument {what} is not valid"));
    let most = query.get("max-buckets").map_or(Ok(PAGE), |text| text.parse().map_err(|_| bad("max-buckets")))?;
    if !(1..=PAGE).contains(&most) {
        return Err(bad("max-buckets must be an integer between 1 and 10000"));
    }
    let paging = Paging::s3(most, query.get("continuation-token")).ok_or_else(|| bad("continuation-token"))?;
    let (prefix, region) = (query.get("prefix").unwrap_or_default(), query.get("bucket-region"));
    if region.is_some_and(|region| region != caller.region) {
        return Err(bad("bucket-region: the request must go to that region's endpoint"));
    }
    // Without parameters there are no pages, and no regions: so it was before November 2024.
    let is_paged =
        ["max-buckets", "continuation-token", "prefix", "bucket-region"].iter().any(|key| query.get(key).is_some());
    let buckets = state.account_mut(&caller.account).buckets.iter();
    let wanted = buckets
        .filter(|(name, bucket)| name.starts_with(prefix) && region.is_none_or(|region| region == bucket.region));
    let page = paging.cut(wanted.map(|(name, bucket)| (name.clone(), bucket)));
    let mut xml = Xml::new();
    xml.node("Buckets", |xml| {
        for bucket in page.items {
            xml.node("Bucket", |xml| {
                xml.leaf("Name", &bucket.name).leaf("CreationDate", time::iso(bucket.created));
                xml.maybe("BucketRegion", is_paged.then_some(&bucket.region));
                xml.maybe("BucketArn", is_paged.then(|| bucket.arn()));
            });
        }
    });
    xml.node("Owner", |xml| {
        // A canonical id has 64 characters.
        xml.leaf("ID", &caller.account.repeat(6)[..64]);
    });
    xml.maybe("ContinuationToken", page.marker);
    Ok(Body::Xml(format!(
        "<ListAllMyBucketsResult xmlns=\"{NAMESPACE}\">{}</ListAllMyBucketsResult>",
        xml.into_string()
    )))
}

fn create(state: &mut State, caller: &Caller, call: &Call) -> Answer<Body> {
    let name = &call.bucket;
    if !is_name(name) {
        return Err(ApiError::new("InvalidBucketName", 400, "The specified bucket is not valid."));
    }
    if let Some(bucket) = state.bucket(name) {
        return Err(if bucket.account == caller.account {
            ApiError::new(
                "BucketAlreadyOwnedByYou",
                409,
                "Your previous request to create the named bucket succeeded and you already own it.",
            )
        } else {
            ApiError::new(
                "BucketAlreadyExists",
                409,
                "The requested bucket name is not available. The bucket namespace is shared by all users of the system. \
                 Please select a different name and try again.",
            )
        });
    }
    let constraint = between(&call.body, "LocationConstraint").unwrap_or("us-east-1");
    if constraint != caller.region {
        let message = "The unspecified location constraint is incompatible for the region specific endpoint this request was \
                       sent to.";
        return Err(ApiError::new("IllegalLocationConstraintException", 400, message));
    }
    state.save_bucket(new(&caller.account, &caller.region, name)).map(|()| Body::Xml(String::new()))
}

/// Source: Amazon S3 user guide, "General purpose bucket naming rules".
pub(crate) fn is_name(name: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.bytes().all(|b| word(b) || b == b'-' || b == b'.')
        && name.bytes().next().is_some_and(word)
        && name.bytes().last().is_some_and(word)
        && !name.contains("..")
        && !is_reserved(name)
}

fn is_reserved(name: &str) -> bool {
    ["xn--", "sthree-", "amzn-s3-demo-"].iter().any(|prefix| name.starts_with(prefix))
        || ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--xa-s3", "--table-s3", "--op-s3"]
            .iter()
            .any(|suffix| name.ends_with(suffix))
        || name.parse::<std::net::Ipv4Addr>().is_ok()
}

/// A bucket with S3's defaults.
pub(crate) fn new(account: &str, region: &str, name: &str) -> Bucket {
    Bucket {
        account: account.to_owned(),
        region: region.to_owned(),
        name: name.to_owned(),
        created: time::now(),
        encryption: Encryption::default(),
        policy: None,
        ownership: Some(access::ENFORCED.to_owned()),
        public_access: Some(access::NEW),
    }
}

/// Each bucket has one: S3's own keys where nobody said anything.
fn encryption(encryption: &Encryption) -> String {
    let mut xml = Xml::new();
    xml.node("Rule", |xml| {
        xml.node("ApplyServerSideEncryptionByDefault", |xml| {
            xml.leaf("SSEAlgorithm", &encryption.algorithm).maybe("KMSMasterKeyID", encryption.key.as_ref());
        });
        xml.leaf("BucketKeyEnabled", if encryption.bucket_key { "true" } else { "false" });
    });
    format!(
        "<ServerSideEncryptionConfiguration xmlns=\"{NAMESPACE}\">{}</ServerSideEncryptionConfiguration>",
        xml.into_string()
    )
}

fn malformed() -> ApiError {
    let message = "The XML you provided was not well-formed or did not validate against our published schema";
    ApiError::new("MalformedXML", 400, message)
}

fn read_encryption(body: &str) -> Answer<Encryption> {
    let algorithm = between(body, "SSEAlgorithm").ok_or_else(malformed)?.to_owned();
    let key = between(body, "KMSMasterKeyID").map(str::to_owned);
    let by_kms = matches!(algorithm.as_str(), "aws:kms" | "aws:kms:dsse");
    if !by_kms && (algorithm != "AES256" || key.is_some()) {
        return Err(malformed());
    }
    Ok(Encryption { algorithm, key, bucket_key: between(body, "BucketKeyEnabled") == Some("true") })
}

/// What stands in an element that occurs once and has no attributes.
fn between<'a>(xml: &'a str, element: &str) -> Option<&'a str> {
    let rest = xml.split_once(&format!("<{element}>"))?.1;
    rest.split_once(&format!("</{element}>")).map(|(text, _)| text)
}

/// A whole error of S3.
pub(crate) fn error(error: &ApiError, request_id: &str) -> String {
    let mut xml = Xml::new();
    xml.leaf("Code", error.code).leaf("Message", &error.message);
    xml.maybe("Region", error.region.as_ref());
    xml.leaf("RequestId", request_id).leaf("HostId", "sandbox");
    format!("<Error>{}</Error>", xml.into_string())
}
