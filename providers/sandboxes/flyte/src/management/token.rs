//! The tokens of pods in the cluster that the deployment runs tasks in. The sandbox has no pods: any namespace and account has a token,
//! since whether a cloud takes it is what is to be seen. A cloud's sandbox in the same process believes them.

use cloudgrant_sandbox_kit::oidc::Issuer;
use serde_json::{Value, json};

use crate::protocol::query::Query;

/// How long a token is good for, in seconds: what Kubernetes projects into a pod.
const LIFETIME: i64 = 3600;

/// The token of a service account for an audience.
pub(super) fn token(issuer: &Issuer, query: &Query) -> Result<Value, String> {
    let text = |name: &str| query.get(name).filter(|text| !text.is_empty());
    let required = |name: &str| text(name).ok_or_else(|| format!("`{name}` is missing"));
    let account = (required("namespace")?, text("service_account").unwrap_or("default"));
    let audience = json!([required("audience")?]);
    let token = issuer.token(account, &audience, LIFETIME, &Value::Null).ok_or("the token can't be signed")?;
    Ok(json!({"token": token}))
}

#[cfg(test)]
mod tests {
    use cloudgrant_sandbox_kit::oidc::{Presented, presented};

    use super::*;

    #[test]
    fn a_pod_s_token_is_its_account_s() {
        let folder = tempfile::tempdir().expect("a folder");
        let issuer = Issuer::load(folder.path(), "https://oidc.example/flyte").expect("an issuer");
        let given = token(&issuer, &Query::parse("namespace=vision-production&audience=sts")).expect("a token");
        let Presented::Signed(claims) = presented(given["token"].as_str().expect("text")) else { panic!("signed") };
        assert_eq!(claims["sub"], "system:serviceaccount:vision-production:default");
        assert_eq!(claims["aud"], json!(["sts"]));
        assert_eq!(token(&issuer, &Query::parse("namespace=a")).expect_err("for nobody"), "`audience` is missing");
        assert_eq!(token(&issuer, &Query::parse("audience=a")).expect_err("of nobody"), "`namespace` is missing");
    }
}
