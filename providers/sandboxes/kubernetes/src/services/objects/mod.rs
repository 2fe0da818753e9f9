//! Namespaces, secrets and service accounts: made, read, changed and deleted.

mod create;
mod delete;
mod json_patch;
mod names;
mod namespaces;
mod read;
mod secrets;
mod strategic;
mod table;
mod update;
mod validation;
mod watch;

use cloudgrant_sandbox_kit::Request;
use http::Method;
use serde_json::{Value, json};

use crate::authorization::caller::Caller;
use crate::authorization::rules::{Attributes, Rule, decide};
use crate::fields::decode::decode;
use crate::fields::track::Write;
use crate::protocol::answers::Reply;
use crate::protocol::bodies::Format;
use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::query::{Options, Query, Validation};
use crate::state::State;
use crate::state::resources::{NAMESPACES, Resource, SERVICE_ACCOUNTS};

pub(crate) use self::create::{make_account, make_namespace};
pub(crate) use self::namespaces::empty;

/// A request for objects of a resource.
pub(crate) struct Call<'a> {
    pub(crate) resource: &'static Resource,
    /// Nothing where it is about all namespaces, or the resource has none.
    pub(crate) namespace: Option<&'a str>,
    /// Nothing where it is about the collection.
    pub(crate) name: Option<&'a str>,
    pub(crate) request: &'a Request,
    pub(crate) query: &'a Query,
    pub(crate) format: Format,
    pub(crate) caller: &'a Caller,
    pub(crate) rules: &'a [Rule],
    pub(crate) now: &'a str,
}

/// Carries a request out.
pub(crate) fn carry_out(state: &mut State, call: &Call<'_>) -> Answer<Reply> {
    match (&call.request.method, call.name) {
        (&Method::GET, Some(name)) => read::get(state, call, name),
        (&Method::GET, None) if call.query.is_set("watch") => watch::watch(state, call),
        (&Method::GET, None) => read::list(state, call),
        (&Method::POST, None) if call.namespace.is_some() || !call.resource.namespaced => create::create(state, call),
        (&Method::PUT, Some(name)) => update::replace(state, call, name),
        (&Method::PATCH, Some(name)) => update::patch(state, call, name),
        (&Method::DELETE, Some(name)) => delete::delete(state, call, name),
        _ => Err(ApiError::method_not_allowed()),
    }
}

impl Call<'_> {
    fn namespace(&self) -> &str {
        self.namespace.unwrap_or_default()
    }

    fn options(&self, applies: bool) -> Answer<Options> {
        Options::read(self.query, &self.request.method, applies, self.request.header("user-agent"))
    }

    fn write<'b>(&'b self, options: &'b Options) -> Write<'b> {
        Write { of: self.resource.of, version: "v1", manager: options.manager(), subresource: "", now: self.now }
    }

    /// Refuses what the caller may not do with an object beside what the request's method says.
    fn authorize(&self, verb: &str, name: &str) -> Answer<()> {
        let wanted = Attributes {
            verb: verb.to_owned(),
            namespace: if self.resource.namespaced { self.namespace().to_owned() } else { name.to_owned() },
            resource: self.resource.plural.to_owned(),
            name: name.to_owned(),
            ..Attributes::default()
        };
        if decide(self.rules, self.caller, &wanted).allowed {
            return Ok(());
        }
        Err(ApiError::forbidden("", self.resource.plural, name, &wanted.refusal(&self.caller.user)))
    }

    /// An object that a client sent whole, with what is to be said of fields that no schema has.
    fn decode(&self, sent: &Value, options: &Options) -> Answer<(Value, Vec<String>)> {
        let kind = self.resource.kind;
        let text = |name: &str| sent.get(name).and_then(Value::as_str).unwrap_or_default();
        if !sent.is_object() {
            return Err(ApiError::bad_request("couldn't get version/kind; json parse error: the body is no object"));
        }
        let said = (text("apiVersion"), text("kind"));
        if !matches!(said, ("v1" | "", of) if of == kind || of.is_empty()) {
            let (version, of) = said;
            return Err(ApiError::bad_request(format!(
                "{of} in version {version:?} cannot be handled as a {kind}: converting ({version}.{of}) to (v1.{kind}): \
                 unknown conversion"
            )));
        }
        let cannot =
            |why: &str| ApiError::bad_request(format!("{kind} in version \"v1\" cannot be handled as a {kind}: {why}"));
        let decoded = decode(self.resource.of, sent).map_err(|why| cannot(&why))?;
        let said = unknown(&decoded.unknown);
        if options.validation == Validation::Strict && !said.is_empty() {
            return Err(cannot(&format!("strict decoding error: {}", said.join(", "))));
        }
        Ok((self.typed(decoded.object), if options.validation == Validation::Warn { said } else { Vec::new() }))
    }

    /// An object with its kind and version in front.
    fn typed(&self, mut object: Value) -> Value {
        object["kind"] = json!(self.resource.kind);
        object["apiVersion"] = json!("v1");
        crate::fields::decode::tidy(self.resource.of, &object)
    }
}

/// What is said of fields that no schema has.
fn unknown(fields: &[String]) -> Vec<String> {
    fields.iter().map(|field| format!("unknown field {field:?}")).collect()
}

/// What a server fills in whenever an object is read from a client: a namespace's label with its name, a secret's type.
fn fill_in(resource: &Resource, object: &mut Value) {
    if secrets::is_secret(resource.plural) {
        secrets::fill_in(object);
        *object = crate::fields::decode::tidy(resource.of, object);
        return;
    }
    let name = object["metadata"]["name"].clone();
    if resource.plural == NAMESPACES.plural && name.is_string() {
        object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
        *object = crate::fields::decode::tidy(resource.of, object);
    }
}

/// A text of an object's metadata.
fn meta<'a>(object: &'a Value, name: &str) -> &'a str {
    object["metadata"][name].as_str().unwrap_or_default()
}

/// Refuses an object that isn't the one at the request's path.
fn check_place(call: &Call<'_>, object: &Value, name: &str) -> Answer<()> {
    let (has, within) = (meta(object, "name"), meta(object, "namespace"));
    if has.is_empty() {
        return Err(ApiError::bad_request(format!(
            "the name of the object ({name} based on URL) was undeterminable: name must be provided"
        )));
    }
    if has != name {
        return Err(ApiError::bad_request(format!(
            "the name of the object ({has}) does not match the name on the URL ({name})"
        )));
    }
    if !within.is_empty() && within != call.namespace() {
        return Err(ApiError::bad_request(format!(
            "the namespace of the object ({within}) does not match the namespace on the request ({})",
            call.namespace()
        )));
    }
    Ok(())
}
