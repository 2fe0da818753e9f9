//! From a request to the service that is meant, and what is asked of it.

use cloudgrant_sandbox_kit::Request;

use crate::protocol::json::Params;
use crate::protocol::query::Query;
use crate::server::auth::{Caller, Scope};
use crate::services::{ecr, eks, iam, kms, s3, secretsmanager, sts};
use crate::state::State;

/// The services that are emulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Iam,
    Sts,
    Ecr,
    SecretsManager,
    Kms,
    S3,
    Eks,
}

impl Service {
    fn prefix(self) -> &'static str {
        match self {
            Self::Iam => "iam",
            Self::Sts => "sts",
            Self::Ecr => "ecr",
            Self::SecretsManager => "secretsmanager",
            Self::Kms => "kms",
            Self::S3 => "s3",
            Self::Eks => "eks",
        }
    }

    pub(crate) fn namespace(self) -> &'static str {
        if self == Self::Sts { sts::NAMESPACE } else { iam::NAMESPACE }
    }
}

/// What a request asks for, before anybody looked at its parameters.
pub(crate) struct Asked {
    pub(crate) service: Service,
    /// As in `CreateRole`.
    pub(crate) operation: String,
    /// As in `iam:CreateRole`.
    pub(crate) action: String,
    /// What S3 is asked, where that is emulated.
    pub(crate) s3: Option<s3::Call>,
    /// The same of EKS.
    pub(crate) eks: Option<eks::Call>,
    /// The form, if this is the query protocol; it holds the name of the operation, so it was read already.
    pub(crate) query: Query,
}

impl Asked {
    pub(crate) fn read(request: &Request, scope: Option<&Scope>) -> Self {
        if let Some(target) = request.header("x-amz-target") {
            // An unknown service keeps its name in the operation, which is then unknown too.
            let (service, operation) = match target.split_once('.') {
                Some(("secretsmanager", operation)) => (Service::SecretsManager, operation),
                Some(("TrentService", operation)) => (Service::Kms, operation),
                Some(("AmazonEC2ContainerRegistry_V20150921", operation)) => (Service::Ecr, operation),
                _ => (Service::Ecr, target),
            };
            return Self::new(service, operation, Query::default());
        }
        if scope.is_some_and(|scope| scope.service == "s3") {
            let s3 = s3::Call::read(request);
            let (operation, action) = s3.as_ref().map_or(("", "s3:"), |call| (call.operation, call.action));
            return Self {
                service: Service::S3,
                operation: operation.to_owned(),
                action: action.to_owned(),
                query: Query::default(),
                s3,
                eks: None,
            };
        }
        if scope.is_some_and(|scope| scope.service == "eks") {
            let eks = eks::Call::read(request);
            let operation = eks.as_ref().map_or("", |call| call.operation);
            return Self { eks, ..Self::new(Service::Eks, operation, Query::default()) };
        }
        let form = if request.body.is_empty() { request.query.as_bytes() } else { &request.body };
        let query = Query::parse(form);
        // The version of the API tells the services apart where nobody signed.
        let service = match (scope.map(|scope| scope.service.as_str()), query.get("Version")) {
            (Some("sts"), _) | (None, Some("2011-06-15")) => Service::Sts,
            _ => Service::Iam,
        };
        let operation = query.get("Action").unwrap_or_default().to_owned();
        Self::new(service, &operation, query)
    }

    fn new(service: Service, operation: &str, query: Query) -> Self {
        let action = format!("{}:{operation}", service.prefix());
        Self { service, operation: operation.to_owned(), action, query, s3: None, eks: None }
    }

    /// The policy that it writes, of which some services' answers say nothing.
    pub(crate) fn policy(&self, request: &Request) -> Option<String> {
        match self.action.as_str() {
            "s3:PutBucketPolicy" => self.s3.as_ref()?.policy().map(str::to_owned),
            "kms:PutKeyPolicy" => Params::parse(&request.body).ok()?.get("Policy").map(str::to_owned),
            _ => None,
        }
    }

    /// What it is about: one resource at least.
    pub(crate) fn resources(&self, state: &State, caller: &Caller, params: &Params) -> Vec<String> {
        match self.service {
            Service::Iam => vec![iam::resource(state, caller, &self.query)],
            Service::Sts => vec![sts::resource(&self.query)],
            Service::Ecr => ecr::resources(caller, params),
            Service::SecretsManager => vec![secretsmanager::resource(caller, params)],
            Service::Kms => vec![kms::resource(state, caller, params)],
            Service::Eks => vec![self.eks.as_ref().map_or_else(|| "*".to_owned(), |call| call.resource(caller))],
            Service::S3 => vec![self.s3.as_ref().map_or_else(|| "*".to_owned(), |call| call.resource(caller))],
        }
    }
}
