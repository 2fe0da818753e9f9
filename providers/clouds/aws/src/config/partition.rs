//! Partitions: AWS's separate clouds. Nothing of one is known in another: accounts, roles, and names of buckets.
//!
//! Source: `partitions.json` of the AWS SDKs, which the test holds this table against.

use cloudgrant_core::{Error, ErrorKind, Result, redacted};

/// One partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Partition {
    /// The second part of every ARN, such as `aws-us-gov`.
    pub(crate) id: &'static str,
    /// The end of its hosts, such as `amazonaws.com.cn`.
    pub(crate) dns_suffix: &'static str,
    /// The same of its dual-stack hosts, such as `api.aws`.
    pub(crate) dual_stack_dns_suffix: &'static str,
    /// The end of the dual-stack hosts of its registries, such as `on.aws`; none where there are none.
    pub(crate) dual_stack_registries: Option<&'static str>,
    /// How its regions begin; empty for the one that takes every geography.
    prefix: &'static str,
}

const fn partition(
    id: &'static str,
    prefix: &'static str,
    dns_suffix: &'static str,
    dual_stack_dns_suffix: &'static str,
) -> Partition {
    Partition { id, dns_suffix, dual_stack_dns_suffix, dual_stack_registries: None, prefix }
}

impl Partition {
    /// Source: Amazon ECR user guide, "Getting started with making requests over IPv6", and the endpoints of ECR's SDKs.
    const fn dual_stack(mut self, registries: &'static str) -> Self {
        self.dual_stack_registries = Some(registries);
        self
    }
}

/// The partition of all regions that belong to no other.
const COMMERCIAL: Partition = partition("aws", "", "amazonaws.com", "api.aws").dual_stack("on.aws");

const OTHERS: [Partition; 7] = [
    partition("aws-cn", "cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn")
        .dual_stack("on.amazonwebservices.com.cn"),
    partition("aws-us-gov", "us-gov-", "amazonaws.com", "api.aws").dual_stack("on.aws"),
    partition("aws-eusc", "eusc-", "amazonaws.eu", "api.amazonwebservices.eu").dual_stack("on.amazonwebservices.eu"),
    partition("aws-iso", "us-iso-", "c2s.ic.gov", "api.aws.ic.gov"),
    partition("aws-iso-b", "us-isob-", "sc2s.sgov.gov", "api.aws.scloud"),
    partition("aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    partition("aws-iso-f", "us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
];

impl Partition {
    /// The partition of a region; none for a text that looks like no region of any. A new geography in the usual form
    /// (`xx-west-1`) is of the commercial partition, as it is for the SDKs.
    pub(crate) fn of_region(region: &str) -> Option<Self> {
        // It becomes a label of a host's name. Source: RFC 1035, section 2.3.4.
        if region.len() > 63 {
            return None;
        }
        let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let ends_well =
            |rest: &str| rest.rsplit_once('-').is_some_and(|(place, last)| number(last) && place.split('-').all(word));
        if let Some(other) = OTHERS.into_iter().find(|other| region.starts_with(other.prefix)) {
            return ends_well(&region[other.prefix.len()..]).then_some(other);
        }
        match region.split('-').collect::<Vec<_>>().as_slice() {
            [geography, place, last] if geography.len() == 2 && word(geography) && word(place) && number(last) => {
                Some(COMMERCIAL)
            }
            _ => None,
        }
    }

    /// Whether its regions begin with the geography, and not with a word of the partition's own.
    pub(crate) fn takes_any_geography(&self) -> bool {
        self.prefix.is_empty()
    }

    /// The partition of an id.
    pub(crate) fn named(id: &str) -> Option<Self> {
        Self::all().find(|partition| partition.id == id)
    }

    /// Every one that is known.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        std::iter::once(COMMERCIAL).chain(OTHERS)
    }

    /// Their ids, for a sentence.
    pub(crate) fn ids() -> String {
        Self::all().map(|partition| partition.id).collect::<Vec<_>>().join(", ")
    }
}

/// The region in which an answer says that a bucket is. It becomes a part of a host's name, to which credentials go.
///
/// # Errors
/// It is no region of the partition; the error says what was answered.
pub(crate) fn answered_region(bucket: &str, region: &str, partition: &str) -> Result<String> {
    if Partition::of_region(region).is_some_and(|known| known.id == partition) {
        return Ok(region.to_owned());
    }
    let what =
        format!("AWS answers that bucket {bucket} is in `{}`, which is no region of {partition}", redacted(region));
    Err(Error::new(ErrorKind::Unexpected, what).with("bucket", bucket).hint(
        "see that what answers is AWS (`aws.endpoint`, proxies), and where the bucket is (`aws s3api head-bucket`)",
    ))
}

/// The partition of a region. What looks like no region is refused before it comes here.
pub(crate) fn partition_of(region: &str) -> &'static str {
    Partition::of_region(region).map_or("aws", |partition| partition.id)
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecr::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};

    use super::*;

    const REGIONS: [(&str, &str); 13] = [
        ("us-west-2", "aws"),
        ("eu-central-1", "aws"),
        ("il-central-1", "aws"),
        ("mx-central-1", "aws"),
        ("ap-southeast-7", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("eusc-de-east-1", "aws-eusc"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("eu-isoe-west-1", "aws-iso-e"),
        ("us-isof-south-1", "aws-iso-f"),
        ("us-isof-east-1", "aws-iso-f"),
    ];

    #[tokio::test]
    async fn each_region_has_the_partition_that_the_sdk_gives_it() {
        for (region, id) in REGIONS {
            let partition = Partition::of_region(region).expect(region);
            assert_eq!((partition.id, Partition::named(id)), (id, Some(partition)), "{region}");
            let params = Params::builder().region(region).build().expect("parameters");
            let endpoint = DefaultResolver::new().resolve_endpoint(&params).await.expect(region);
            assert_eq!(endpoint.url(), format!("https://api.ecr.{region}.{}", partition.dns_suffix));
            let params = aws_sdk_sts::config::endpoint::Params::builder().region(region).use_dual_stack(true);
            let resolver = aws_sdk_sts::config::endpoint::DefaultResolver::new();
            let params = params.build().expect("parameters");
            let endpoint = aws_sdk_sts::config::endpoint::ResolveEndpoint::resolve_endpoint(&resolver, &params).await;
            let of_sts = format!("https://sts.{region}.{}", partition.dual_stack_dns_suffix);
            assert_eq!(endpoint.expect(region).url(), of_sts);
        }
        let seen: std::collections::BTreeSet<_> = REGIONS.iter().map(|(_, id)| *id).collect();
        assert_eq!(seen.len(), Partition::all().count());
    }

    #[test]
    fn an_answered_region_is_one_of_the_partition() {
        assert_eq!(answered_region("b", "eu-west-1", "aws").expect("a region"), "eu-west-1");
        let long = format!("us-{}-1", "x".repeat(70));
        for odd in ["é", "us-west-2/x", "us-west-2a\nb", "a.evil.example", "cn-north-1", "", long.as_str()] {
            let error = answered_region("b", odd, "aws").expect_err(odd);
            assert!(error.message().contains("no region of aws") && !error.message().contains(".2a\n"), "{error}");
        }
    }

    #[test]
    fn what_looks_like_no_region_has_no_partition() {
        for text in
            ["", "us", "us-west", "us-west-x", "us-iso-1x", "us-isoz-east-1", "eusc-", "moon-base-1", "us_west_2"]
        {
            assert_eq!(Partition::of_region(text), None, "{text}");
        }
    }
}
