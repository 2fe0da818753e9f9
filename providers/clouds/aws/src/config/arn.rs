//! ARNs, taken apart in one place.

/// The parts of an ARN, none of which is checked. Source: AWS General Reference, "Amazon Resource Names (ARNs)".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arn<'a> {
    pub(crate) partition: &'a str,
    pub(crate) service: &'a str,
    /// Empty where the service has none in its ARNs.
    pub(crate) region: &'a str,
    /// Empty where the service has none in its ARNs.
    pub(crate) account: &'a str,
    /// All that stands behind the account, colons and slashes included.
    pub(crate) resource: &'a str,
}

impl<'a> Arn<'a> {
    /// `None` for what hasn't the six parts of an ARN.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next() != Some("arn") {
            return None;
        }
        Some(Self {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        })
    }

    /// Whether a text begins as ARNs do, whole or not.
    pub(crate) fn is_begun(text: &str) -> bool {
        text.starts_with("arn:")
    }

    /// The partition of what begins as ARNs do, whole or not.
    pub(crate) fn partition_of(text: &'a str) -> Option<&'a str> {
        text.strip_prefix("arn:")?.split(':').next()
    }

    /// What it names in S3, where it is the ARN of a bucket or of objects: that has neither a region nor an account.
    pub(crate) fn in_s3(self) -> Option<&'a str> {
        (self.service == "s3" && self.region.is_empty() && self.account.is_empty()).then_some(self.resource)
    }

    /// What it names in IAM of a type, such as `role`: the path and the name.
    pub(crate) fn in_iam(self, word: &str) -> Option<&'a str> {
        let is_iam = self.service == "iam" && self.region.is_empty();
        self.resource.strip_prefix(word)?.strip_prefix('/').filter(|_| is_iam)
    }

    /// Whether it is that of a policy which AWS keeps for everybody.
    pub(crate) fn is_policy_of_aws(self) -> bool {
        self.account == "aws" && self.in_iam("policy").is_some()
    }
}

/// The name at the end of an ARN, behind whatever path; a name alone stays as it is.
pub(crate) fn name_in(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_has_six_parts_and_the_last_one_may_have_anything() {
        let arn = Arn::parse("arn:aws-cn:states:cn-north-1:111122223333:stateMachine:train:live/x").expect("an ARN");
        assert_eq!((arn.partition, arn.service, arn.region), ("aws-cn", "states", "cn-north-1"));
        assert_eq!((arn.account, arn.resource), ("111122223333", "stateMachine:train:live/x"));
        let bucket = Arn::parse("arn:aws:s3:::acme/a:b").expect("an ARN");
        assert_eq!((bucket.region, bucket.account, bucket.in_s3()), ("", "", Some("acme/a:b")));
        let empty = Arn::parse("arn:::::").expect("six parts, all but the first one empty");
        assert_eq!((empty.partition, empty.resource, empty.in_s3(), empty.in_iam("role")), ("", "", None, None));
    }

    #[test]
    fn what_has_other_parts_is_none() {
        for text in [
            "",
            "arn",
            "arn:",
            "arn:aws:s3::acme",
            "ARN:aws:s3:::acme",
            " arn:aws:s3:::acme",
            "arn;aws;s3;;;acme",
            "urn:aws:s3:::acme",
            "arn::aws",
            "aws:s3:::acme:x",
            "\u{feff}arn:aws:s3:::acme",
            "arn\0:aws:s3:::acme",
        ] {
            assert_eq!(Arn::parse(text), None, "{text:?}");
        }
        // It has the parts, and whoever reads them checks them.
        let odd = Arn::parse("arn: :*:\n:$(id):\u{202e}é").expect("six parts");
        assert_eq!((odd.partition, odd.service, odd.region), (" ", "*", "\n"));
        assert_eq!((odd.account, odd.resource), ("$(id)", "\u{202e}é"));
    }

    #[test]
    fn what_it_names_is_told_of_its_own_service_alone() {
        let iam = |text| Arn::parse(text).expect("an ARN");
        assert_eq!(iam("arn:aws:iam::111122223333:role/a/b/x").in_iam("role"), Some("a/b/x"));
        for other in [
            "arn:aws:iam::111122223333:roles/x",
            "arn:aws:iam::111122223333:role",
            "arn:aws:iam:us-west-2:111122223333:role/x",
            "arn:aws:sts::111122223333:role/x",
        ] {
            assert_eq!(iam(other).in_iam("role"), None, "{other}");
        }
        assert!(iam("arn:aws:iam::aws:policy/job-function/ViewOnlyAccess").is_policy_of_aws());
        for other in
            ["arn:aws:iam::111122223333:policy/:aws:policy/x", "arn:aws:iam::aws:role/x", "arn:aws:s3:::aws:policy/x"]
        {
            assert!(!iam(other).is_policy_of_aws(), "{other}");
        }
        for other in ["arn:aws:s3:us-west-2:111122223333:accesspoint/x", "arn:aws:s3express:::x"] {
            assert_eq!(iam(other).in_s3(), None, "{other}");
        }
    }

    #[test]
    fn names_are_behind_paths() {
        for (text, name) in [("arn:aws:iam::111122223333:role/a/b", "b"), ("b", "b"), ("", ""), ("a/", "")] {
            assert_eq!(name_in(text), name, "{text}");
        }
    }
}
