//! Who a token is for, as its claims say. It isn't checked here: Azure does that.

use azure_core::base64::decode_url_safe;
use cloudgrant_core::{Caller, redacted};
use serde::Deserialize;

/// Source: Microsoft identity platform, access token claims reference. `appid` is of tokens of version 1, `azp` of
/// version 2.
#[derive(Deserialize)]
struct Claims {
    oid: String,
    #[serde(alias = "azp")]
    appid: Option<String>,
    #[serde(default)]
    tid: String,
}

/// The object, the application and the tenant of a token; `None` where it isn't one of Microsoft Entra's.
pub(super) fn caller(token: &str) -> Option<Caller> {
    let claims = token.split('.').nth(1)?;
    let Claims { oid, appid, tid } = serde_json::from_slice(&decode_url_safe(claims).ok()?).ok()?;
    Some(Caller { principal: redacted(&oid), application: appid.as_deref().map(redacted), account: redacted(&tid) })
}

#[cfg(test)]
mod tests {
    use azure_core::base64::encode_url_safe;

    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.c2lnbmF0dXJl", encode_url_safe(claims))
    }

    #[test]
    fn a_token_says_who_it_is_for() {
        let caller = |claims: &str| super::caller(&token(claims));
        let known = |application: Option<&str>| Caller {
            principal: "an-object".to_owned(),
            application: application.map(ToOwned::to_owned),
            account: "a-tenant".to_owned(),
        };
        assert_eq!(
            caller(r#"{"oid":"an-object","tid":"a-tenant","appid":"app","name":"é"}"#),
            Some(known(Some("app")))
        );
        assert_eq!(caller(r#"{"oid":"an-object","tid":"a-tenant","azp":"app"}"#), Some(known(Some("app"))));
        assert_eq!(caller(r#"{"oid":"an-object","tid":"a-tenant"}"#), Some(known(None)));
        assert_eq!(caller(r#"{"tid":"a-tenant"}"#), None);
        assert_eq!(super::caller("opaque"), None);
        assert_eq!(super::caller("a.%%%.c"), None);
    }
}
