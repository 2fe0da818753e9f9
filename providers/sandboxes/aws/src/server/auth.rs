//! Who is calling, and which service is meant.
//!
//! Both stand in the credential scope of the Authorization header
//! (`Credential=KEY/DATE/REGION/SERVICE/aws4_request`). **Signatures are not verified**: the sandbox listens on loopback
//! and has nothing to protect; what matters is that the right account answers.

use cloudgrant_sandbox_kit::Request;

use crate::partition::Partition;
use crate::protocol::errors::{Answer, ApiError};
use crate::state::{State, time};

/// An access key that stands for an account: this and the twelve digits of the account's id.
pub(crate) const KEY_PREFIX: &str = "AKIASANDBOX0";

/// What the Authorization header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) key: String,
    pub(crate) region: String,
    pub(crate) service: String,
}

/// Whoever calls.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) partition: Partition,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) arn: String,
    /// The `UserId` of `GetCallerIdentity`.
    pub(crate) user_id: String,
    /// The role, if the caller is a session of one.
    pub(crate) role: Option<SessionRole>,
}

/// The role behind a session.
#[derive(Debug, Clone)]
pub(crate) struct SessionRole {
    pub(crate) arn: String,
    pub(crate) id: String,
}

/// Reads the scope from the Authorization header.
pub(crate) fn scope(request: &Request) -> Option<Scope> {
    let header = request.header("authorization")?;
    let credential = header.split_once("Credential=")?.1;
    let mut parts = credential.split([',', ' ']).next()?.split('/');
    let (key, _date, region, service) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    Some(Scope { key: key.to_owned(), region: region.to_owned(), service: service.to_owned() })
}

/// Finds out who is calling. Codes are those of IAM and STS; the JSON services have other names for some of them, which
/// the dispatcher translates.
pub(crate) fn caller(state: &State, scope: &Scope, token: Option<&str>) -> Answer<Caller> {
    let unknown =
        || ApiError::new("InvalidClientTokenId", 403, "The security token included in the request is invalid.");
    // The credentials of one partition are not known in another.
    if Partition::of_region(&scope.region) != state.partition {
        return Err(unknown());
    }
    if let Some(account) = scope.key.strip_prefix(KEY_PREFIX) {
        if !is_account(account) {
            return Err(unknown());
        }
        return Ok(Caller {
            partition: state.partition,
            account: account.to_owned(),
            region: scope.region.clone(),
            arn: user_arn(state.partition, account),
            user_id: user_id(account),
            role: None,
        });
    }
    let session =
        state.sessions.get(&scope.key).filter(|session| Some(session.token.as_str()) == token).ok_or_else(unknown)?;
    if session.expires <= time::now() {
        return Err(ApiError::new("ExpiredToken", 403, "The security token included in the request is expired"));
    }
    // Sessions outlive changes of the role, but not the role.
    let role = state.accounts.get(&session.account).and_then(|account| account.role(&session.role));
    let role = role.filter(|role| role.id == session.role_id).ok_or_else(unknown)?;
    Ok(Caller {
        partition: state.partition,
        account: session.account.clone(),
        region: scope.region.clone(),
        arn: format!(
            "arn:{}:sts::{}:assumed-role/{}/{}",
            role.partition.id(),
            session.account,
            role.name,
            session.name
        ),
        user_id: format!("{}:{}", role.id, session.name),
        role: Some(SessionRole { arn: role.arn(), id: role.id.clone() }),
    })
}

/// The user that the account's access key belongs to.
pub(crate) fn user_arn(partition: Partition, account: &str) -> String {
    format!("arn:{}:iam::{account}:user/sandbox", partition.id())
}

/// That user's unique id.
pub(crate) fn user_id(account: &str) -> String {
    let letters: String = account.bytes().map(|digit| char::from(b'A' + (digit - b'0'))).collect();
    format!("AIDASANDB{letters}")
}

/// Whether a text is an account id: twelve digits.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn request(authorization: &str) -> Request {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", authorization.parse().expect("a header value"));
        Request {
            method: http::Method::POST,
            path: "/".into(),
            query: String::new(),
            headers,
            body: Default::default(),
        }
    }

    #[test]
    fn reads_the_credential_scope() {
        let scope = scope(&request(
            "AWS4-HMAC-SHA256 Credential=AKIASANDBOX0111122223333/20261122/us-west-2/ecr/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature=00",
        ))
        .expect("a scope");
        assert_eq!(
            (scope.key.as_str(), scope.region.as_str(), scope.service.as_str()),
            ("AKIASANDBOX0111122223333", "us-west-2", "ecr")
        );
    }

    #[test]
    fn nonsense_is_no_scope() {
        for header in ["Bearer x", "AWS4-HMAC-SHA256 Credential=a/b", ""] {
            assert_eq!(scope(&request(header)), None, "{header}");
        }
    }
}
