//! What can be done: list containers and blobs, make, read and delete them.

use cloudgrant_sandbox_kit::Request;
use cloudgrant_sandbox_kit::base64;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE};
use http::{HeaderName, Method};

use super::Place;
use super::answers::{BlobError, HEAD, content, dated, document, etag, http_date, xml};
use crate::authorization::access::{self, Plane};
use crate::authorization::condition::{AccessRequest, Attributes};
use crate::protocol::answers::Outcome;
use crate::protocol::query::Query;
use crate::services::arm::request::id::Id;
use crate::services::arm::request::route::Kind;
use crate::services::arm::resources::{defaults, generic};
use crate::services::entra::caller::Caller;
use crate::state::model::{Blob, Resource};
use crate::state::{State, below, time};

const ACCOUNT: &str = "Microsoft.Storage/storageAccounts";
const CONTAINERS: &str = "Microsoft.Storage/storageAccounts/blobServices/containers";
const BLOB_TYPE: HeaderName = HeaderName::from_static("x-ms-blob-type");

type Answer = Result<Outcome, BlobError>;

/// Carries out a request of somebody who has logged in.
pub(crate) fn call(state: &mut State, caller: &Caller, place: &Place, request: &Request) -> Answer {
    let query = Query::parse(&request.query);
    let account = account(state, &place.account)?;
    let call = Call { caller, request, query: &query, account: &account };
    let lists = query.get("comp") == Some("list");
    let of_container = query.get("restype") == Some("container");
    match (&place.container, &place.blob, &request.method) {
        (None, None, &Method::GET) if lists => call.list_containers(state),
        (Some(container), None, &Method::GET) if lists && of_container => call.list_blobs(state, container),
        (Some(container), None, method) if of_container && query.get("comp").is_none() => {
            call.container(state, container, method)
        }
        (Some(container), Some(blob), method) if query.get("comp").is_none() => {
            call.blob(state, container, blob, method)
        }
        _ => Err(BlobError::new(400, "UnsupportedOperation", "The sandbox does not know this operation on blobs.")),
    }
}

fn account(state: &State, name: &str) -> Result<Id, BlobError> {
    let is_it = |one: &&Resource| {
        generic::kind_of(one) == Some(Kind::StorageAccount)
            && one.id.rsplit('/').next().is_some_and(|known| known.eq_ignore_ascii_case(name))
    };
    let found = state.resources.values().find(is_it).and_then(|one| Id::parse(&one.id));
    found.ok_or_else(|| BlobError::new(404, "ResourceNotFound", "The specified resource does not exist."))
}

struct Call<'a> {
    caller: &'a Caller,
    request: &'a Request,
    query: &'a Query,
    account: &'a Id,
}

impl Call<'_> {
    /// A role has to let the caller do something: the actions that have to do with containers are of the control plane.
    fn allow(&self, state: &State, scope: &Id, plane: Plane, asked: &Asked<'_>) -> Result<(), BlobError> {
        let (mut resource, mut request) = (Attributes::new(), Attributes::new());
        resource.insert(&format!("{ACCOUNT}:name"), self.account.name());
        let there = state.resources.get(self.account.key());
        if let Some(hns) = there.and_then(|one| one.properties.get("isHnsEnabled")).and_then(serde_json::Value::as_bool)
        {
            resource.insert(&format!("{ACCOUNT}:isHnsEnabled"), hns);
        }
        if scope.key() != self.account.key() {
            resource.insert(&format!("{CONTAINERS}:name"), scope.name());
        }
        if let Some(path) = asked.path {
            resource.insert(&format!("{CONTAINERS}/blobs:path"), path);
        }
        if let Some(prefix) = asked.prefix {
            request.insert(&format!("{CONTAINERS}/blobs:prefix"), prefix);
        }
        for action in asked.actions {
            let action = format!("{CONTAINERS}{action}");
            let wanted = AccessRequest {
                sub_operation: asked.sub_operation,
                resource: &resource,
                request: &request,
                ..AccessRequest::new(&action)
            };
            if access::evaluate(state, &self.caller.id, scope, plane, &wanted).is_allowed() {
                return Ok(());
            }
        }
        Err(BlobError::new(
            403,
            "AuthorizationPermissionMismatch",
            "This request is not authorized to perform this operation using this permission.",
        ))
    }

    fn id_of(&self, container: &str) -> Id {
        self.account.child(&format!("/blobServices/default/containers/{container}"))
    }

    fn list_containers(&self, state: &State) -> Answer {
        self.allow(state, self.account, Plane::Control, &Asked { actions: &["/read"], ..Asked::default() })?;
        let prefix = self.query.get("prefix").unwrap_or_default();
        let inside = format!("{}/blobservices/default/containers/", self.account.key());
        let mut all = String::new();
        for (_, one) in below(&state.resources, &inside) {
            let name = one.id.rsplit('/').next().unwrap_or_default();
            if name.starts_with(prefix) {
                all += &format!(
                    "<Container><Name>{}</Name><Properties><Last-Modified>{}</Last-Modified><Etag>{}</Etag></Properties></Container>",
                    xml(name),
                    http_date(one.created),
                    xml(&etag(one.created)),
                );
            }
        }
        let body =
            format!("{HEAD}<EnumerationResults><Containers>{all}</Containers><NextMarker /></EnumerationResults>");
        Ok(document(200, body))
    }

    fn container(&self, state: &mut State, name: &str, method: &Method) -> Answer {
        let id = self.id_of(name);
        let action: &[&str] = match *method {
            Method::GET | Method::HEAD => &["/read"],
            Method::PUT => &["/write"],
            Method::DELETE => &["/delete"],
            _ => return Err(no_method()),
        };
        self.allow(state, &id, Plane::Control, &Asked { actions: action, ..Asked::default() })?;
        let there = state.resources.get(id.key()).map(|one| one.created);
        match (method, there) {
            (&Method::PUT, Some(_)) => {
                Err(BlobError::new(409, "ContainerAlreadyExists", "The specified container already exists."))
            }
            (&Method::PUT, None) => {
                let tenant = state.tenant_of(&id).to_owned();
                let made = defaults::resource(state.cloud, &id, "", &tenant, time::now());
                let created = made.created;
                state.save(made)?;
                Ok(dated(content(201, Vec::new()), created))
            }
            (_, None) => Err(no_container()),
            (&Method::DELETE, Some(_)) => {
                let inside = format!("{}/", id.key());
                let blobs: Vec<String> = below(&state.blobs, &inside).map(|(key, _)| key.clone()).collect();
                for key in blobs {
                    state.remove::<Blob>(&key)?;
                }
                state.remove::<Resource>(id.key())?;
                Ok(content(202, Vec::new()))
            }
            (_, Some(created)) => Ok(dated(content(200, Vec::new()), created)),
        }
    }

    fn list_blobs(&self, state: &State, container: &str) -> Answer {
        let id = self.id_of(container);
        let prefix = self.query.get("prefix").unwrap_or_default();
        let asked = Asked {
            actions: &["/blobs/read"],
            sub_operation: Some("Blob.List"),
            prefix: Some(prefix),
            ..Asked::default()
        };
        self.allow(state, &id, Plane::Data, &asked)?;
        if !state.resources.contains_key(id.key()) {
            return Err(no_container());
        }
        let mut all = String::new();
        for (_, blob) in below(&state.blobs, &format!("{}/", id.key())).filter(|(_, one)| one.name.starts_with(prefix))
        {
            let size = base64::decode(&blob.content).map_or(0, |bytes| bytes.len());
            all += &format!(
                "<Blob><Name>{}</Name><Properties><Last-Modified>{}</Last-Modified><Etag>{}</Etag><Content-Length>{size}\
                 </Content-Length><Content-Type>{}</Content-Type><BlobType>BlockBlob</BlobType></Properties></Blob>",
                xml(&blob.name),
                http_date(blob.changed),
                xml(&etag(blob.changed)),
                xml(&blob.kind),
            );
        }
        let body = format!(
            "{HEAD}<EnumerationResults ContainerName=\"{}\"><Prefix>{}</Prefix><Blobs>{all}</Blobs><NextMarker />\
             </EnumerationResults>",
            xml(container),
            xml(prefix),
        );
        Ok(document(200, body))
    }

    fn blob(&self, state: &mut State, container: &str, name: &str, method: &Method) -> Answer {
        let id = self.id_of(container);
        let key = Blob::key_of(&id, name);
        let there = state.blobs.get(&key).cloned();
        let actions: &[&str] = match *method {
            Method::GET | Method::HEAD => &["/blobs/read"],
            Method::DELETE => &["/blobs/delete"],
            // A new one may also be added by whoever may not change any.
            Method::PUT if there.is_none() => &["/blobs/write", "/blobs/add/action"],
            Method::PUT => &["/blobs/write"],
            _ => return Err(no_method()),
        };
        self.allow(state, &id, Plane::Data, &Asked { actions, path: Some(name), ..Asked::default() })?;
        if !state.resources.contains_key(id.key()) {
            return Err(no_container());
        }
        if *method == Method::PUT {
            return self.write(state, &id, name, there.is_some());
        }
        let Some(there) = there else {
            return Err(BlobError::new(404, "BlobNotFound", "The specified blob does not exist."));
        };
        if *method == Method::DELETE {
            state.remove::<Blob>(&key)?;
            return Ok(content(202, Vec::new()));
        }
        let bytes = base64::decode(&there.content).unwrap_or_default();
        let whole = bytes.len();
        let mut outcome = if *method == Method::HEAD {
            let mut outcome = content(200, Vec::new());
            outcome.headers.push((CONTENT_LENGTH, whole.to_string()));
            outcome
        } else if let Some((from, to)) = self.range(whole)? {
            let mut outcome = content(206, bytes.get(from..=to).unwrap_or_default().to_vec());
            outcome.headers.push((CONTENT_RANGE, format!("bytes {from}-{to}/{whole}")));
            outcome
        } else {
            content(200, bytes)
        };
        outcome.headers.push((CONTENT_TYPE, there.kind));
        outcome.headers.push((BLOB_TYPE, "BlockBlob".to_owned()));
        Ok(dated(outcome, there.changed))
    }

    fn write(&self, state: &mut State, container: &Id, name: &str, is_there: bool) -> Answer {
        if self.request.header("x-ms-blob-type") != Some("BlockBlob") {
            return Err(BlobError::new(400, "InvalidHeaderValue", "The sandbox keeps block blobs alone."));
        }
        if is_there && self.request.header("if-none-match") == Some("*") {
            return Err(BlobError::new(409, "BlobAlreadyExists", "The specified blob already exists."));
        }
        let header = |name: &str| self.request.header(name).map(str::to_owned);
        let kind = header("x-ms-blob-content-type").or_else(|| header("content-type"));
        let made = Blob {
            container: container.text().to_owned(),
            name: name.to_owned(),
            content: base64::encode(&self.request.body),
            kind: kind.unwrap_or_else(|| "application/octet-stream".to_owned()),
            changed: time::now(),
        };
        let changed = made.changed;
        state.save(made)?;
        Ok(dated(content(201, Vec::new()), changed))
    }

    /// The first and the last byte that are asked for, if not all are.
    fn range(&self, whole: usize) -> Result<Option<(usize, usize)>, BlobError> {
        let range = self.request.header("x-ms-range").or_else(|| self.request.header("range"));
        let Some((from, to)) = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-')) else {
            return Ok(None);
        };
        let last = whole.checked_sub(1);
        match (from.parse::<usize>().ok(), last) {
            (Some(from), Some(last)) if from <= last => Ok(Some((from, to.parse().unwrap_or(last).min(last)))),
            _ => Err(BlobError::new(
                416,
                "InvalidRange",
                "The range specified is invalid for the current size of the resource.",
            )),
        }
    }
}

/// What a role has to allow: any of the actions below the containers'.
#[derive(Default)]
struct Asked<'a> {
    actions: &'a [&'a str],
    sub_operation: Option<&'a str>,
    path: Option<&'a str>,
    prefix: Option<&'a str>,
}

fn no_container() -> BlobError {
    BlobError::new(404, "ContainerNotFound", "The specified container does not exist.")
}

fn no_method() -> BlobError {
    BlobError::new(405, "UnsupportedHttpVerb", "The resource doesn't support the specified HTTP verb.")
}
