//! Which of AWS's separate clouds the sandbox plays: one at a time, that of the manifest's region.
//!
//! Source: `partitions.json` of the AWS SDKs.

use serde::{Deserialize, Serialize};

/// A partition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Partition {
    /// The commercial one.
    #[default]
    #[serde(rename = "aws")]
    Commercial,
    #[serde(rename = "aws-cn")]
    China,
    #[serde(rename = "aws-us-gov")]
    GovCloud,
    #[serde(rename = "aws-eusc")]
    EuropeanSovereign,
    #[serde(rename = "aws-iso")]
    Iso,
    #[serde(rename = "aws-iso-b")]
    IsoB,
    #[serde(rename = "aws-iso-e")]
    IsoE,
    #[serde(rename = "aws-iso-f")]
    IsoF,
}

impl Partition {
    const ALL: [Self; 8] = [
        Self::Commercial,
        Self::China,
        Self::GovCloud,
        Self::EuropeanSovereign,
        Self::Iso,
        Self::IsoB,
        Self::IsoE,
        Self::IsoF,
    ];

    /// The second part of ARNs.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Commercial => "aws",
            Self::China => "aws-cn",
            Self::GovCloud => "aws-us-gov",
            Self::EuropeanSovereign => "aws-eusc",
            Self::Iso => "aws-iso",
            Self::IsoB => "aws-iso-b",
            Self::IsoE => "aws-iso-e",
            Self::IsoF => "aws-iso-f",
        }
    }

    /// The end of hosts.
    pub(crate) fn dns_suffix(self) -> &'static str {
        match self {
            Self::Commercial | Self::GovCloud => "amazonaws.com",
            Self::China => "amazonaws.com.cn",
            Self::EuropeanSovereign => "amazonaws.eu",
            Self::Iso => "c2s.ic.gov",
            Self::IsoB => "sc2s.sgov.gov",
            Self::IsoE => "cloud.adc-e.uk",
            Self::IsoF => "csp.hci.ic.gov",
        }
    }

    /// The end of the dual-stack hosts of registries, where there are any.
    pub(crate) fn dual_stack_registries(self) -> Option<&'static str> {
        match self {
            Self::Commercial | Self::GovCloud => Some("on.aws"),
            Self::China => Some("on.amazonwebservices.com.cn"),
            Self::EuropeanSovereign => Some("on.amazonwebservices.eu"),
            Self::Iso | Self::IsoB | Self::IsoE | Self::IsoF => None,
        }
    }

    /// How regions begin.
    fn regions(self) -> &'static str {
        match self {
            Self::Commercial => "",
            Self::China => "cn-",
            Self::GovCloud => "us-gov-",
            Self::EuropeanSovereign => "eusc-",
            Self::Iso => "us-iso-",
            Self::IsoB => "us-isob-",
            Self::IsoE => "eu-isoe-",
            Self::IsoF => "us-isof-",
        }
    }

    /// The partition of a region: the commercial one for whatever is no other's, as in the SDKs.
    pub(crate) fn of_region(region: &str) -> Self {
        let mut others = Self::ALL.into_iter().skip(1);
        others.find(|other| region.starts_with(other.regions())).unwrap_or_default()
    }

    /// An ARN's parts, if it is of this partition: service, region, account, resource.
    pub(crate) fn split(self, arn: &str) -> Option<[&str; 4]> {
        let rest = arn.strip_prefix("arn:")?.strip_prefix(self.id())?.strip_prefix(':')?;
        let mut parts = rest.splitn(4, ':');
        Some([parts.next()?, parts.next()?, parts.next()?, parts.next()?])
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecr::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};

    use super::*;

    #[tokio::test]
    async fn hosts_are_those_of_the_sdk() {
        let places = ["us-west-2", "cn-north-1", "us-gov-west-1", "eusc-de-east-1"];
        let secret = ["us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1"];
        for (region, partition) in places.into_iter().chain(secret).zip(Partition::ALL) {
            assert_eq!(Partition::of_region(region), partition);
            assert_eq!(serde_json::to_value(partition).expect("text"), partition.id());
            let params = Params::builder().region(region).build().expect("parameters");
            let endpoint = DefaultResolver::new().resolve_endpoint(&params).await.expect(region);
            assert_eq!(endpoint.url(), format!("https://api.ecr.{region}.{}", partition.dns_suffix()));
        }
    }

    #[test]
    fn arns_are_split_in_their_own_partition_only() {
        let arn = "arn:aws-us-gov:iam::111122223333:role/a:b";
        assert_eq!(Partition::GovCloud.split(arn), Some(["iam", "", "111122223333", "role/a:b"]));
        assert_eq!(Partition::Commercial.split(arn), None);
    }
}
