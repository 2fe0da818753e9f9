//! EKS clusters, by their ARNs.

use std::fmt;

use crate::config::account_id::AccountId;
use crate::config::arn::Arn;
use crate::config::partition::partition_of;

/// An EKS cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EksCluster {
    pub(crate) region: String,
    pub(crate) account: AccountId,
    pub(crate) name: String,
}

impl EksCluster {
    /// Source: Service Authorization Reference, "Resource types defined by Amazon Elastic Kubernetes Service".
    pub(crate) fn arn(&self) -> String {
        let Self { region, account, name } = self;
        format!("arn:{}:eks:{region}:{account}:cluster/{name}", partition_of(region))
    }

    /// The ARN pattern of its pod identity associations.
    pub(crate) fn associations(&self) -> String {
        let Self { region, account, name } = self;
        format!("arn:{}:eks:{region}:{account}:podidentityassociation/{name}/*", partition_of(region))
    }

    /// `None` for what is no ARN of a cluster.
    pub(crate) fn parse(arn: &str) -> Option<Self> {
        let Arn { service: "eks", region, account, resource, partition: _ } = Arn::parse(arn)? else { return None };
        let name = resource.strip_prefix("cluster/").filter(|name| is_name(name))?;
        let is_region = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        let account = AccountId::parse(account).ok().filter(|_| is_region(region))?;
        let cluster = Self { region: region.to_owned(), account, name: name.to_owned() };
        // Of another partition than its region's there is none.
        (cluster.arn() == arn).then_some(cluster)
    }
}

impl fmt::Display for EksCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { region, account, name } = self;
        write!(f, "EKS cluster {name} of account {account} in {region}")
    }
}

/// Source: Amazon EKS API reference, CreateCluster, `name`.
pub(crate) fn is_name(text: &str) -> bool {
    let begins = text.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    begins && text.len() <= 100 && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_are_read_from_their_arns_and_from_nothing_else() {
        for arn in
            ["arn:aws:eks:us-west-2:111122223333:cluster/blue", "arn:aws-cn:eks:cn-north-1:111122223333:cluster/a_B-9"]
        {
            assert_eq!(EksCluster::parse(arn).expect(arn).arn(), arn);
        }
        for arn in [
            "arn:aws:eks:us-west-2:111122223333:cluster/",
            "arn:aws:eks:us-west-2:111122223333:cluster/blue/x",
            "arn:aws:eks:us-west-2:111122223333:nodegroup/blue",
            "arn:aws:eks:cn-north-1:111122223333:cluster/blue",
            "arn:aws:eks::111122223333:cluster/blue",
            "arn:aws:eks:us-west-2:1:cluster/blue",
            "arn:aws:iam::111122223333:oidc-provider/oidc.example.com",
            "blue",
        ] {
            assert_eq!(EksCluster::parse(arn), None, "{arn}");
        }
    }
}
