//! Addresses of objects as browsers have them, for hints.

/// How a bucket's address is written in a manifest; `None` for any other address. Source: Amazon S3 user guide, "Virtual
/// hosting of general purpose buckets".
pub(crate) fn as_locator(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let is_service = |label: &str| label == "s3" || label.starts_with("s3-") || label.starts_with("s3.");
    if is_service(host) {
        return (!path.is_empty()).then(|| format!("s3://{path}"));
    }
    // A bucket's name can have dots.
    let at = host.match_indices('.').map(|(at, _)| at).find(|at| host.get(at + 1..).is_some_and(is_service))?;
    Some(format!("s3://{}/{path}", host.get(..at)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_both_styles_are_understood() {
        for (url, locator) in [
            ("https://acme.s3.us-west-2.amazonaws.com/inputs/", Some("s3://acme/inputs/")),
            ("https://acme.data.s3.amazonaws.com", Some("s3://acme.data/")),
            ("https://acme.s3-us-west-2.amazonaws.com/a?versionId=1", Some("s3://acme/a")),
            ("https://s3.us-west-2.amazonaws.com/acme/inputs/", Some("s3://acme/inputs/")),
            ("https://acme.s3.cn-north-1.amazonaws.com.cn/x", Some("s3://acme/x")),
            ("https://s3.us-west-2.amazonaws.com/", None),
            ("https://acme.example/inputs/", None),
            ("https://ec2.us-west-2.amazonaws.com/s3.x", None),
            ("acme.s3.amazonaws.com", None),
        ] {
            assert_eq!(as_locator(url).as_deref(), locator, "{url}");
        }
    }
}
