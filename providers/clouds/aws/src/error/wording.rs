//! What AWS says by words alone: where it has one code for several things, and where the SDK has no type that others can see. All
//! words by which anything is decided are here, each with its source; what only tells people more is in [`denial`](super::denial).

use cloudgrant_core::Code;

/// A document names a principal that AWS doesn't know, yet or any more.
pub(crate) const UNKNOWN_PRINCIPAL: Code = Code::new("unknown-principal");
/// ECR takes no document as it is, and doesn't say why: it may be that it doesn't know a principal.
pub(crate) const INVALID_REPOSITORY_POLICY: Code = Code::new("invalid-repository-policy");
/// S3 takes no document that lets everybody in.
pub(crate) const PUBLIC_POLICY: Code = Code::new("public-policy");

/// Codes of AWS, one of the texts, and what they mean together.
type Row = (&'static [&'static str], &'static [&'static str], Code);

const WORDINGS: [Row; 4] = [
    // Source: IAM API reference, errors of UpdateAssumeRolePolicy; Amazon S3 API reference, "Error responses", MalformedPolicy; AWS KMS
    // API reference, PutKeyPolicy. The code is the same for whatever is wrong with a document.
    (&["MalformedPolicyDocument", "MalformedPolicy"], &["Invalid principal", "invalid principal"], UNKNOWN_PRINCIPAL),
    // Source: terraform-provider-aws, issues 1164, 26622, 39064: ECR has said in two ways that it doesn't know a principal, and in the
    // older one it doesn't say that it is a principal.
    (&["InvalidParameter"], &["Principal not found", "principal not found"], UNKNOWN_PRINCIPAL),
    (&["InvalidParameter"], &["Invalid repository policy provided"], INVALID_REPOSITORY_POLICY),
    // Source: Amazon S3 user guide, "Blocking public access to your Amazon S3 storage", `BlockPublicPolicy`; IAM user guide,
    // "Troubleshoot access denied error messages".
    (&["AccessDenied", "UnauthorizedOperation", "AuthorizationError"], &["BlockPublicPolicy"], PUBLIC_POLICY),
];

/// What a code and a message mean together, where the code alone doesn't say. The code is [bare](super::bare).
pub(super) fn meant(code: &str, message: &str) -> Option<Code> {
    let is_it = |(codes, texts, _): &&Row| codes.contains(&code) && texts.iter().any(|text| message.contains(text));
    WORDINGS.iter().find(is_it).map(|(.., code)| *code)
}

/// Whether a message is about an ARN: of what IAM calls NoSuchEntity, only that says which of several things isn't there. Source: IAM
/// API reference, AttachRolePolicy; what IAM answers there: `Policy ARN does not exist or is not attachable.`
pub(crate) fn is_about(message: &str, arn: &str) -> bool {
    message.contains(arn)
}

/// Whether the SDK says of a session of `aws login` that it can't read or renew it. Source: aws-config, its login provider, whose error
/// is private.
pub(super) fn is_of_login_session(text: &str) -> bool {
    text.contains("cached Login token")
}

/// Whether the SDK says that it looked for credentials and found none. Source: aws-smithy-runtime, the orchestrator's errors, which have
/// no type for that.
pub(super) fn is_without_credentials(text: &str) -> bool {
    text.contains("no credentials")
}
