//! To whom credentials may be sent: the deployment itself, and whoever it names for that on the same site. A deployment names
//! the server that gives tokens, and so could one that was broken into: any other place is one that a person has named.

use reqwest::Url;

/// Sites below which each name is somebody else's, of those below which deployments are found.
const SHARED: [&str; 21] = [
    "amazonaws.com",
    "amazonaws.com.cn",
    "azure.com",
    "azure.cn",
    "azure.us",
    "chinacloudapi.cn",
    "usgovcloudapi.net",
    "trafficmanager.net",
    "azurefd.net",
    "azurewebsites.net",
    "windows.net",
    "cloudfront.net",
    "run.app",
    "appspot.com",
    "github.io",
    "herokuapp.com",
    "nip.io",
    "sslip.io",
    "ngrok.io",
    "ngrok-free.app",
    "fly.dev",
];

/// Whether an address is this machine's.
pub(crate) fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Why something is no host, or host and port, of a deployment; nothing where it is one.
pub fn unfit_host(host: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-:[]".contains(c);
    let is_fit = !host.is_empty() && host.len() <= 255 && host.chars().all(fits);
    (!is_fit).then(|| "a deployment is named by its host alone, in small letters: `flyte.example.com`".to_owned())
}

/// Whether an address is that of a host, or of a host and port.
pub(crate) fn is_at(url: &Url, host: &str) -> bool {
    let is = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    host == is || host == format!("{is}:{port}")
}

/// Whether credentials for a deployment may be sent to the place that gives tokens. `named` is what a person has named for that.
pub(crate) fn may_have_credentials(endpoint: &Url, place: &Url, named: Option<&Url>) -> bool {
    if place.origin() == endpoint.origin() {
        return true;
    }
    if place.scheme() != "https" && !is_here(place) {
        return false;
    }
    named.is_some_and(|named| named.origin() == place.origin())
        || (place.scheme() == "https" && is_same_site(endpoint, place))
}

/// Whether two hosts are below the same name, which is somebody's: `acme.unionai.cloud` and `signin.unionai.cloud`.
fn is_same_site(one: &Url, other: &Url) -> bool {
    let (Some(one), Some(other)) = (one.domain(), other.domain()) else { return false };
    let Some((_, site)) = one.split_once('.') else { return false };
    let is_below = other == site || other.strip_suffix(site).is_some_and(|rest| rest.ends_with('.'));
    is_below && site.contains('.') && !of_registry(site) && !SHARED.iter().any(|shared| ends_with(site, shared))
}

fn ends_with(site: &str, shared: &str) -> bool {
    site == shared || site.strip_suffix(shared).is_some_and(|rest| rest.ends_with('.'))
}

/// Whether names below it are sold, as below `co.uk`.
fn of_registry(site: &str) -> bool {
    let Some((second, top)) = site.split_once('.') else { return true };
    let is_general =
        ["co", "com", "org", "net", "edu", "gov", "ac", "or", "ne", "go", "gob", "govt", "mil"].contains(&second);
    !top.contains('.') && (is_general || (top.len() == 2 && second.len() <= 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(endpoint: &str, place: &str, named: Option<&str>) -> bool {
        let url = |text: &str| Url::parse(text).expect(text);
        may_have_credentials(&url(endpoint), &url(place), named.map(url).as_ref())
    }

    #[test]
    fn credentials_go_to_the_deployment_its_site_and_whom_a_person_names() {
        for (endpoint, place) in [
            ("https://flyte.acme.com", "https://flyte.acme.com/oauth2/token"),
            ("http://127.0.0.1:81", "http://127.0.0.1:81/oauth2/token"),
            ("https://acme.hosted.unionai.cloud", "https://signin.hosted.unionai.cloud/oauth2/token"),
            ("https://flyte.acme.co.uk", "https://login.acme.co.uk/token"),
            ("https://flyte.acme.com", "https://acme.com/token"),
        ] {
            assert!(may(endpoint, place, None), "{endpoint} {place}");
        }
        for (endpoint, place) in [
            ("https://flyte.acme.com", "https://evil.com/oauth2/token"),
            ("https://flyte.acme.com", "https://evilacme.com/oauth2/token"),
            ("https://flyte.acme.com", "http://flyte.acme.com/oauth2/token"),
            ("https://flyte.acme.com", "http://login.acme.com/oauth2/token"),
            ("https://acme.co.uk", "https://evil.co.uk/token"),
            ("https://acme.com", "https://evil.com/token"),
            ("https://flyte.eastus.cloudapp.azure.com", "https://evil.eastus.cloudapp.azure.com/token"),
            ("https://a.us-east-1.elb.amazonaws.com", "https://b.us-east-1.elb.amazonaws.com/token"),
            ("https://a.cn-north-1.elb.amazonaws.com.cn", "https://b.cn-north-1.elb.amazonaws.com.cn/token"),
            ("https://a.chinaeast2.cloudapp.chinacloudapi.cn", "https://b.chinaeast2.cloudapp.chinacloudapi.cn/token"),
            ("https://a.trafficmanager.net", "https://b.trafficmanager.net/token"),
            ("https://10.0.0.1", "https://10.0.0.2/token"),
            ("http://127.0.0.1:81", "http://127.0.0.1:82/token"),
        ] {
            assert!(!may(endpoint, place, None), "{endpoint} {place}");
        }
        let okta = "https://acme.okta.com/oauth2/default/v1/token";
        assert!(may("https://flyte.acme.com", okta, Some(okta)));
        assert!(!may("https://flyte.acme.com", okta, Some("https://other.okta.com/token")));
        assert!(!may("https://flyte.acme.com", "http://acme.okta.com/token", Some("http://acme.okta.com/token")));
    }
}
