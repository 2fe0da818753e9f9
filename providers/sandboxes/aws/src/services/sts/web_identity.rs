//! `AssumeRoleWithWebIdentity`: what a pod does with the token of its service account. Nobody signs it; the token is all there is.
//!
//! Source: STS API reference, AssumeRoleWithWebIdentity; IAM user guide, "IAM and AWS STS condition context keys".

use cloudgrant_sandbox_kit::oidc::{self, Presented};
use serde_json::Value;

use super::{duration, session, session_name};
use crate::authorization::policy::trust;
use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::query::Query;
use crate::protocol::xml::Xml;
use crate::state::model::{OidcProvider, Role};
use crate::state::{State, time};

/// The operation's name.
pub(crate) const OPERATION: &str = "AssumeRoleWithWebIdentity";

/// The action that trust policies allow.
const ACTION: &str = "sts:AssumeRoleWithWebIdentity";

/// Gives a session of the role, if it trusts whoever the token stands for.
pub(crate) fn assume(state: &mut State, query: &Query) -> Answer<Xml> {
    let arn = query.required("RoleArn")?;
    let name = session_name(query)?;
    let seconds = duration(query)?;
    let claims = proved(query.required("WebIdentityToken")?)?;
    let token = Token::read(&claims)?;
    let denied = || ApiError::new("AccessDenied", 403, format!("Not authorized to perform {ACTION}"));
    // A role that does not exist and one that trusts somebody else look alike from outside.
    let role = state.role_by_arn(arn).ok_or_else(denied)?.clone();
    let provider = provider(state, &role, &token)?;
    if !provider.client_ids.iter().any(|audience| audience == token.audience) {
        return Err(ApiError::new("InvalidIdentityToken", 400, "Incorrect token audience"));
    }
    let now = time::now() / 1000;
    if token.expires <= now {
        let message =
            format!("Token expired: current date/time {now} must be before the expiration date/time {}", token.expires);
        return Err(ApiError::new("ExpiredTokenException", 400, message));
    }
    let keys = [(format!("{}:sub", provider.url), token.subject), (format!("{}:aud", provider.url), token.audience)];
    if !trust::admits_token(state, &role.trust, ACTION, &provider.arn(), &keys) {
        return Err(denied());
    }
    let mut xml = session(state, &role, name, seconds)?;
    xml.leaf("SubjectFromWebIdentityToken", token.subject)
        .leaf("Audience", token.audience)
        .leaf("Provider", provider.arn());
    Ok(xml)
}

/// The claims of a token whose issuer is played beside this sandbox and signed it.
fn proved(token: &str) -> Answer<Value> {
    let invalid = |message: &str| Err(ApiError::new("InvalidIdentityToken", 400, message));
    match oidc::presented(token) {
        Presented::Signed(claims) => Ok(claims),
        Presented::Forged => invalid("Token signature invalid"),
        Presented::Unknown(_) => invalid(
            "Couldn't retrieve verification key from your identity provider,  please reference \
             AssumeRoleWithWebIdentity documentation for requirements",
        ),
        Presented::Malformed => {
            invalid("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
        }
    }
}

/// What a token says of whom it stands for.
struct Token<'a> {
    issuer: &'a str,
    subject: &'a str,
    audience: &'a str,
    /// In seconds since 1970.
    expires: u64,
}

impl<'a> Token<'a> {
    fn read(claims: &'a Value) -> Answer<Self> {
        let text = |name: &str| claims[name].as_str();
        // STS takes tokens for one audience.
        let audience = match &claims["aud"] {
            Value::Array(all) if all.len() == 1 => all[0].as_str(),
            one => one.as_str(),
        };
        let read = || {
            Some(Self {
                issuer: text("iss")?,
                subject: text("sub")?,
                audience: audience?,
                expires: claims["exp"].as_u64()?,
            })
        };
        read().ok_or_else(|| ApiError::new("InvalidIdentityToken", 400, "Missing a required claim"))
    }
}

/// The provider by which the role's account knows the token's issuer.
fn provider(state: &State, role: &Role, token: &Token<'_>) -> Answer<OidcProvider> {
    let url = token.issuer.trim_start_matches("https://");
    let account = state.accounts.get(&role.account);
    let found = account.and_then(|account| account.oidc.values().find(|provider| provider.url == url));
    found.cloned().ok_or_else(|| {
        let message = format!("No OpenIDConnect provider found in your account for {}", token.issuer);
        ApiError::new("InvalidIdentityToken", 400, message)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use cloudgrant_sandbox_kit::Store;
    use cloudgrant_sandbox_kit::oidc::Issuer;
    use serde_json::json;

    use super::*;
    use crate::partition::Partition;
    use crate::quotas::Quotas;
    use crate::state::model::Document;

    const ACCOUNT: &str = "111122223333";

    /// A role that trusts this subject of an issuer, and the issuer.
    fn world(folder: &std::path::Path, url: &str, subject: Value) -> (State, Issuer) {
        let store = Store::open(folder.join("aws"), "aws").expect("opens");
        let quotas = Quotas::new(&BTreeMap::new()).expect("defaults");
        let mut state = State::load(store, Partition::Commercial, quotas, Duration::ZERO).expect("loads");
        let provider = OidcProvider {
            partition: Partition::Commercial,
            account: ACCOUNT.to_owned(),
            url: url.to_owned(),
            client_ids: vec!["sts.amazonaws.com".to_owned(), "other".to_owned()],
            thumbprints: Vec::new(),
            created: 0,
            tags: Default::default(),
        };
        let trust = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"Federated": provider.arn()},
            "Action": ACTION,
            "Condition": {"StringEquals": {format!("{url}:sub"): subject, format!("{url}:aud"): "sts.amazonaws.com"}},
        }]});
        state.save_oidc(provider).expect("saved");
        let role = Role { trust: Document { text: trust.to_string(), ..Document::default() }, ..role() };
        state.save_role(role).expect("saved");
        std::fs::create_dir_all(folder.join("cluster")).expect("a folder");
        let issuer = Issuer::load(&folder.join("cluster"), &format!("https://{url}")).expect("an issuer");
        (state, issuer)
    }

    fn role() -> Role {
        serde_json::from_value(json!({
            "account": ACCOUNT, "name": "task", "path": "/", "id": "AROAX", "created": 0, "max_session": 3600,
            "description": null, "trust": Document::default(),
        }))
        .expect("a role")
    }

    fn asked(token: &str) -> Query {
        let form = format!(
            "Action={OPERATION}&RoleArn=arn:aws:iam::{ACCOUNT}:role/task&RoleSessionName=pod&WebIdentityToken={token}"
        );
        Query::parse(form.as_bytes())
    }

    #[test]
    fn whom_the_role_trusts_becomes_it_and_nobody_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let subject = json!(["system:serviceaccount:vision-production:default"]);
        let (mut state, issuer) = world(folder.path(), "oidc.eks.example/id/ONE", subject);
        let mut ask = |(namespace, account): (&str, &str), audience: Value, seconds: i64| {
            let token = issuer.token((namespace, account), &audience, seconds, &Value::Null).expect("signed");
            assume(&mut state, &asked(&token)).map(|xml| xml.into_string()).map_err(|error| (error.code, error.message))
        };
        let sts = || json!(["sts.amazonaws.com"]);
        let given = ask(("vision-production", "default"), sts(), 600).expect("it is trusted");
        assert!(
            given.contains("<SubjectFromWebIdentityToken>system:serviceaccount:vision-production:default<"),
            "{given}"
        );
        assert!(given.contains("assumed-role/task/pod"), "{given}");
        for subject in [
            ("vision-pre-production", "default"),
            ("x-vision-production", "default"),
            ("vision-production", "admin"),
            ("forecasting-production", "default"),
        ] {
            assert_eq!(ask(subject, sts(), 600).expect_err("another subject").0, "AccessDenied", "{subject:?}");
        }
        let pod = ("vision-production", "default");
        // One that the provider doesn't know, one that the role doesn't want, and two at once.
        assert_eq!(ask(pod, json!(["elsewhere"]), 600).expect_err("an audience").1, "Incorrect token audience");
        assert_eq!(ask(pod, json!(["other"]), 600).expect_err("an audience").0, "AccessDenied");
        assert_eq!(ask(pod, json!(["other", "sts.amazonaws.com"]), 600).expect_err("two").0, "InvalidIdentityToken");
        assert_eq!(ask(pod, sts(), -1).expect_err("it is over").0, "ExpiredTokenException");
    }

    #[test]
    fn nothing_is_believed_that_is_not_proved() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = "oidc.eks.example/id/TWO";
        let (mut state, issuer) = world(folder.path(), url, json!("system:serviceaccount:a:b"));
        let mut refused = |token: &str| assume(&mut state, &asked(token)).expect_err("refused").message;
        let token = issuer.token(("a", "b"), &json!("sts.amazonaws.com"), 600, &Value::Null).expect("signed");
        let (text, _) = token.rsplit_once('.').expect("three parts");
        assert_eq!(refused(&format!("{text}.")), "Token signature invalid");
        assert!(refused("nonsense").contains("not a valid JWT"));
        // An issuer whose keys nobody publishes, and one that the account doesn't know.
        let claims =
            json!({"iss": "https://oidc.eks.example/id/NOBODY", "sub": "system:serviceaccount:a:b"}).to_string();
        let claims = cloudgrant_sandbox_kit::base64::encode(claims.as_bytes());
        assert!(refused(&format!("e30.{claims}.")).starts_with("Couldn't retrieve verification key"));
        let other = Issuer::load(folder.path(), "https://oidc.eks.example/id/OTHER").expect("an issuer");
        let token = other.token(("a", "b"), &json!("sts.amazonaws.com"), 600, &Value::Null).expect("signed");
        assert!(refused(&token).starts_with("No OpenIDConnect provider found in your account for https://oidc"));
    }
}
