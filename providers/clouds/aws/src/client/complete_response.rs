//! Whether an answer is AWS's, and all of it.
//!
//! The SDK reads XML element by element: a list that ends in the middle is a shorter list to it, and where an answer has
//! nothing to say, anything will do. A proxy that cuts answers, or gives its own, must not make objects disappear or
//! changes look made.

use aws_sdk_iam::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_iam::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_iam::error::BoxError;

/// Refuses answers that aren't whole, but for those in which a server says that it fails: those need no body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CompleteResponse;

impl Intercept for CompleteResponse {
    fn name(&self) -> &'static str {
        "CompleteResponse"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        if response.status().as_u16() < 500 && !response.body().bytes().is_some_and(is_complete) {
            return Err("the answer isn't AWS's, or ends in the middle".into());
        }
        Ok(())
    }
}

/// The same for S3, whose answers to changes are empty, and signed with an id.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CompleteS3Response;

impl Intercept for CompleteS3Response {
    fn name(&self) -> &'static str {
        "CompleteS3Response"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        let body = response.body().bytes().unwrap_or_default();
        let is_empty = body.is_empty() && response.status().as_u16() == 204;
        let has_id = response.headers().get("x-amz-request-id").is_some();
        if response.status().as_u16() < 500 && !(is_empty && has_id) && !is_complete_s3(body) {
            return Err("the answer isn't AWS's, or ends in the middle".into());
        }
        Ok(())
    }
}

/// A policy, or an XML document with one of the roots of S3's answers.
fn is_complete_s3(body: &[u8]) -> bool {
    const ROOTS: [&str; 7] = [
        "ListAllMyBucketsResult",
        "ServerSideEncryptionConfiguration",
        "OwnershipControls",
        "PolicyStatus",
        "PublicAccessBlockConfiguration",
        "LocationConstraint",
        "Error",
    ];
    let Ok(text) = std::str::from_utf8(body) else { return false };
    let text = text.trim();
    if text.starts_with('{') {
        return text.ends_with('}');
    }
    root(text).is_some_and(|root| ROOTS.contains(&root))
}

/// A JSON object, or an XML document whose root is an action's response.
fn is_complete(body: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(body) else { return false };
    let text = text.trim();
    if text.starts_with('{') {
        // Whether it is JSON at all, the SDK sees for itself.
        return text.ends_with('}');
    }
    root(text).is_some_and(|root| root.ends_with("Response"))
}

/// The root of an XML document that is closed.
fn root(text: &str) -> Option<&str> {
    let text = match text.strip_prefix("<?xml") {
        Some(declaration) => declaration.split_once("?>").map_or("", |(_, rest)| rest.trim_start()),
        None => text,
    };
    let root = text.strip_prefix('<').and_then(|text| text.split([' ', '>', '\n']).next()).unwrap_or_default();
    text.strip_suffix('>').is_some_and(|text| text.ends_with(&format!("</{root}"))).then_some(root)
}

#[cfg(test)]
mod tests {
    use super::{is_complete, is_complete_s3};

    #[test]
    fn what_is_not_all_of_an_answer_of_s3() {
        let xml = "<?xml version=\"1.0\"?><ListAllMyBucketsResult><Buckets><Bucket><Name>a</Name></Bucket></Buckets></ListAllMyBucketsResult>";
        assert!(
            is_complete_s3(xml.as_bytes())
                && is_complete_s3(b"{\"Statement\":[]}")
                && is_complete_s3(b"<Error></Error>")
        );
        for end in 0..xml.len() {
            assert!(!is_complete_s3(&xml.as_bytes()[..end]), "{}", &xml[..end]);
        }
        for bad in ["", "{", "It works!", "<html></html>", "<ListRolesResponse></ListRolesResponse>"] {
            assert!(!is_complete_s3(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn what_is_not_all_of_an_answer() {
        let xml = r#"<?xml version="1.0"?>
            <ListRolesResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Roles><member/></Roles></ListRolesResponse>
        "#;
        assert!(is_complete(xml.as_bytes()) && is_complete(b" {\"a\": {}}\n"));
        let xml = xml.trim_end();
        for end in 0..xml.len() {
            assert!(!is_complete(&xml.as_bytes()[..end]), "{}", &xml[..end]);
        }
        for bad in ["", "{", "[]", "It works!", "<!DOCTYPE html><html></html>", "<html></html>"] {
            assert!(!is_complete(bad.as_bytes()), "{bad}");
        }
    }
}
