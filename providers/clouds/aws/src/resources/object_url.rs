//! Addresses of objects as browsers have them, for what is said of them.

use percent_encoding::percent_decode_str;

use crate::config::partition::Partition;

/// What an address of Amazon S3 is about. Source: Amazon S3 user guide, "Virtual hosting of general purpose buckets".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// Its host names it: by the region, or by its end alone.
    pub(crate) partition: Partition,
    pub(crate) bucket: String,
    /// What is behind the bucket, as S3 reads it; empty for all of it. None where that can't be told.
    pub(crate) key: Option<String>,
}

impl Address {
    /// None for any other address.
    pub(crate) fn parse(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
        let (whole, query) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
        let (host, path) = whole.split_once('/').unwrap_or((whole, ""));
        Partition::all().find_map(|partition| {
            let host = host.strip_suffix(partition.dns_suffix)?.strip_suffix('.')?;
            let is_service = |labels: &str| is_service(labels, partition);
            let (bucket, path) = if is_service(host) {
                let (bucket, path) = path.split_once('/').unwrap_or((path, ""));
                (bucket, path)
            } else {
                // A bucket's name can have dots.
                let at = host.match_indices('.').map(|(at, _)| at);
                let mut at = at.filter(|at| host.get(at + 1..).is_some_and(is_service));
                (host.get(..at.next()?)?, path)
            };
            // A list of objects: what is listed stands behind the path.
            let key = if query.contains("prefix=") { None } else { decoded(path) };
            (!bucket.is_empty()).then(|| Self { partition, bucket: bucket.to_owned(), key })
        })
    }
}

/// Whether the labels before the end of a host are those of S3 in a partition: with a region, or without.
fn is_service(labels: &str, partition: Partition) -> bool {
    let Some(rest) = labels.strip_prefix("s3") else { return false };
    // Not those of access points and the like: what they name isn't a bucket.
    let kinds = ["-website", "-accelerate", "-fips", "-external-1"];
    let rest = kinds.iter().find_map(|kind| rest.strip_prefix(kind)).unwrap_or(rest);
    let rest = rest.strip_prefix(".dualstack").unwrap_or(rest);
    if rest.is_empty() {
        return Partition::all().find(|first| first.dns_suffix == partition.dns_suffix) == Some(partition);
    }
    rest.strip_prefix(['.', '-']).is_some_and(|region| Partition::of_region(region) == Some(partition))
}

/// A path without its encoding. A `+` can be a plus or, as the console writes it, a blank.
fn decoded(path: &str) -> Option<String> {
    let is_code = |rest: &str| rest.as_bytes().get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
    if path.contains('+') || !path.split('%').skip(1).all(is_code) {
        return None;
    }
    percent_decode_str(path).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_both_styles_are_understood() {
        for (url, partition, bucket, key) in [
            ("https://acme.s3.us-west-2.amazonaws.com/inputs/", "aws", "acme", Some("inputs/")),
            ("https://acme.data.s3.amazonaws.com", "aws", "acme.data", Some("")),
            ("https://acme.s3-us-west-2.amazonaws.com/a?versionId=1", "aws", "acme", Some("a")),
            ("https://s3.us-west-2.amazonaws.com/acme/inputs/", "aws", "acme", Some("inputs/")),
            ("https://acme.s3.dualstack.us-west-2.amazonaws.com/x", "aws", "acme", Some("x")),
            ("http://acme.s3-website-us-west-2.amazonaws.com/", "aws", "acme", Some("")),
            ("https://acme.s3.s3.us-west-2.amazonaws.com/", "aws", "acme.s3", Some("")),
            ("https://acme.s3.cn-north-1.amazonaws.com.cn/x", "aws-cn", "acme", Some("x")),
            ("https://acme.s3.us-gov-west-1.amazonaws.com/x", "aws-us-gov", "acme", Some("x")),
            ("https://s3-fips.us-gov-west-1.amazonaws.com/acme/x", "aws-us-gov", "acme", Some("x")),
            ("https://acme.s3.eusc-de-east-1.amazonaws.eu/x", "aws-eusc", "acme", Some("x")),
            ("https://acme.s3.us-west-2.amazonaws.com/%E8%A8%93/", "aws", "acme", Some("\u{8a13}/")),
            ("https://acme.s3.us-west-2.amazonaws.com/raw%20data/", "aws", "acme", Some("raw data/")),
            ("https://acme.s3.us-west-2.amazonaws.com/raw+data/", "aws", "acme", None),
            ("https://acme.s3.us-west-2.amazonaws.com/100%/", "aws", "acme", None),
            ("https://acme.s3.us-west-2.amazonaws.com/%ff/", "aws", "acme", None),
            ("https://acme.s3.us-west-2.amazonaws.com/?list-type=2&prefix=in/", "aws", "acme", None),
        ] {
            let found = Address::parse(url).expect(url);
            let found = (found.partition.id, found.bucket.as_str(), found.key.as_deref());
            assert_eq!(found, (partition, bucket, key), "{url}");
        }
        for url in [
            "https://s3.us-west-2.amazonaws.com/",
            "https://acme.example/inputs/",
            "https://ec2.us-west-2.amazonaws.com/s3.x",
            "https://acme.s3.cn-north-1.amazonaws.com/x",
            "https://acme.s3.us-west-2.amazonaws.com.cn/x",
            "https://acme-111122223333.s3-accesspoint.us-west-2.amazonaws.com/x",
            "acme.s3.amazonaws.com",
        ] {
            assert_eq!(Address::parse(url), None, "{url}");
        }
    }
}
