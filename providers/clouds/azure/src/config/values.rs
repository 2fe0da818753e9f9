//! How single values of the section are read: what each may be, and what is said of one that it may not.

use cloudgrant_core::manifest::one_or_several;
use cloudgrant_core::redacted;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// How many federated credentials a managed identity takes. Source: Azure documentation, "Important considerations and restrictions for
/// federated identity credentials". It can't be read, nor raised.
pub(crate) const CREDENTIALS_PER_IDENTITY: usize = 20;

/// Takes one or several.
pub(super) fn issuers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let issuers = one_or_several(deserializer, "an OpenID Connect issuer, or a list of them")?;
    let wrong = |why: String| Err(D::Error::custom(why));
    for (at, text) in issuers.iter().enumerate() {
        issuer(text).map_err(D::Error::custom)?;
        let before = &issuers[..at];
        if before.contains(text) {
            return wrong(format!("`{}` stands here twice", redacted(text)));
        }
        // Microsoft Entra compares them letter by letter: one of the two is nobody's.
        if let Some(other) = before.iter().find(|other| is_but_for_slashes(other, text)) {
            let why = "stand here both, and no cluster has both: write it exactly as the cluster reports it, including a trailing slash";
            return wrong(format!("`{}` and `{}` {why}", redacted(other), redacted(text)));
        }
    }
    match issuers.len() {
        0 => wrong("the list has no OpenID Connect issuer in it".to_owned()),
        // A service account names one identity, which so has to trust it on every cluster.
        many if many > CREDENTIALS_PER_IDENTITY => wrong(format!(
            "there are {many} issuers, and {CREDENTIALS_PER_IDENTITY} is the most: a managed identity takes {CREDENTIALS_PER_IDENTITY} federated \
             credentials, and each of its service accounts takes one for every issuer"
        )),
        _ => Ok(issuers),
    }
}

/// Microsoft Entra compares issuers letter by letter: one with a letter that only looks like another one, or with characters
/// that nobody sees, is somebody else's.
fn issuer(text: &str) -> Result<(), String> {
    let form = "https://REGION.oic.prod-aks.azure.com/TENANT/ID/ (`az aks show --query oidcIssuerProfile.issuerUrl`)";
    let not_one = format!("`{}` is not an OpenID Connect issuer: ", redacted(text));
    if let Some(odd) = text.chars().find(|c| !c.is_ascii_graphic()) {
        return Err(format!(
            "{not_one}U+{:04X} is in it, and no issuer has that; write it without, like {form}",
            u32::from(odd)
        ));
    }
    let rest = text.strip_prefix("https://").unwrap_or_default();
    let host = rest.split('/').next().unwrap_or_default();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    let is_taken_away = |part: &str| matches!(part, "." | "..");
    if host.is_empty()
        || !host.chars().all(fits)
        || text.contains(['?', '#', '\\'])
        || rest.split('/').any(is_taken_away)
    {
        return Err(format!("{not_one}write it like {form}"));
    }
    Ok(())
}

/// Whether two issuers differ in nothing but slashes at their ends.
pub(crate) fn is_but_for_slashes(one: &str, other: &str) -> bool {
    one != other && one.trim_end_matches('/') == other.trim_end_matches('/')
}

/// Source: Azure documentation, "Important considerations and restrictions for federated identity credentials".
pub(super) fn audience<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    if text.is_empty() || text.chars().count() > 600 || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        let why = "is not an audience: it takes 1 to 600 characters without spaces, such as api://AzureADTokenExchange";
        return Err(D::Error::custom(format!("`{}` {why}", redacted(&text))));
    }
    Ok(Some(text))
}

/// Says of anything but a text what a location looks like.
pub(super) fn location<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    struct Visitor;
    impl serde::de::Visitor<'_> for Visitor {
        type Value = Option<String>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a location such as westeurope")
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Option<String>, E> {
            Ok(Some(text.to_owned()))
        }
    }
    deserializer.deserialize_any(Visitor)
}

#[cfg(test)]
mod tests {
    use crate::config::{Cluster, Config};

    #[test]
    fn an_issuer_is_a_url() {
        let read = |text: &str| serde_json::from_value::<Cluster>(serde_json::json!({ "oidc_issuer": text }));
        assert!(read("https://westeurope.oic.prod-aks.azure.com/a/b/").is_ok());
        for bad in [
            "westeurope.oic.prod-aks.azure.com",
            "http://x/",
            "https://",
            "https://x/?y",
            "https://x@y/",
            "https://x\\y/",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        for (bad, point) in [
            ("https://westeur\u{43e}pe.oic.prod-aks.azure.com/a/b/", "U+043E"),
            ("https://westeurope.oic.prod-aks.azure.com/a\u{200b}/b/", "U+200B"),
            ("https://westeurope.oic.prod-aks.azure.com/a\u{3164}/b/", "U+3164"),
            ("https://westeurope.oic.prod-aks.azure.com/a/b/ ", "U+0020"),
        ] {
            let error = read(bad).expect_err(bad).to_string();
            assert!(error.contains(&format!("{point} is in it")), "{error}");
        }
    }

    #[test]
    fn issuers_are_one_or_several_that_differ() {
        let read = |issuers: serde_json::Value| {
            let cluster = serde_json::from_value::<Cluster>(serde_json::json!({ "oidc_issuer": issuers }));
            cluster.map(|cluster| cluster.oidc_issuer).map_err(|error| error.to_string())
        };
        let (blue, green) = ("https://oidc.example/blue/", "https://oidc.example/green");
        assert_eq!(read(blue.into()), Ok(vec![blue.to_owned()]));
        assert_eq!(read([blue, green].as_slice().into()), Ok(vec![blue.to_owned(), green.to_owned()]));
        let many: Vec<_> = (0..21).map(|n| format!("https://oidc.example/{n}")).collect();
        assert!(read(many[..20].into()).is_ok());
        for (issuers, said) in [
            (serde_json::json!([]), "no OpenID Connect issuer in it"),
            (serde_json::json!([blue, green, blue]), "`https://oidc.example/blue/` stands here twice"),
            (serde_json::json!([blue, "https://oidc.example/blue"]), "including a trailing slash"),
            (serde_json::json!([blue, "oidc.example"]), "`oidc.example` is not an OpenID Connect issuer"),
            (serde_json::json!([blue, null]), "expected a string"),
            (serde_json::json!({ "blue": blue }), "expected an OpenID Connect issuer, or a list of them"),
            (many.into(), "there are 21 issuers, and 20 is the most"),
        ] {
            let error = read(issuers.clone()).expect_err("refused");
            assert!(error.contains(said), "{issuers}: {error}");
        }
    }

    #[test]
    fn audiences_are_what_azure_takes() {
        let section = |key: &str, value: serde_json::Value| {
            let mut section = serde_json::json!({
                "tenant": "00000000-0000-0000-0000-000000000001",
                "subscription": "00000000-0000-0000-0000-000000000002",
                "resource_group": "dataplane",
            });
            section[key] = value;
            serde_json::from_value::<Config>(section)
        };
        let audience = |text: &str| section("cluster", serde_json::json!({ "audience": text }));
        assert_eq!(audience("amazonaws.com").expect("a section").cluster.audience(), "amazonaws.com");
        assert_eq!(Cluster::default().audience(), "api://AzureADTokenExchange");
        assert!(audience("").is_err() && audience("a b").is_err() && audience(&"x".repeat(601)).is_err());
    }
}
