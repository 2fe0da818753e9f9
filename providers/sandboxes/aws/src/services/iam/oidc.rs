//! OpenID Connect providers.

use super::Call;
use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::xml::Xml;
use crate::quotas::fits;
use crate::services::iam::parameters::merge_tags;
use crate::state::model::{OidcProvider, Tags};
use crate::state::time::{self, iso};
use crate::state::{State, iam_arn};

/// `CreateOpenIDConnectProvider`.
pub(super) fn create(state: &mut State, call: &Call<'_>) -> Answer<Xml> {
    let sent = call.query.required("Url")?;
    let Some(url) = sent.strip_prefix("https://").filter(|url| !url.is_empty() && !url.contains(['?', '#', ' ']))
    else {
        return Err(ApiError::validation("Invalid Open ID Connect Provider URL"));
    };
    // As it is: an issuer with a slash at its end is another one.
    let url = url.to_owned();
    let (client_ids, thumbprints) = (call.query.list("ClientIDList"), call.query.list("ThumbprintList"));
    if client_ids.len() > 100 {
        return Err(ApiError::quota("ClientIdsPerOpenIdConnectProvider", 100));
    }
    if thumbprints.len() > 5 {
        return Err(ApiError::invalid_input("Thumbprint list must contain fewer than 5 entries."));
    }
    let tags = merge_tags(Tags::new(), call.query.tags(), state.quotas.tags())?;
    let provider = OidcProvider {
        partition: state.partition,
        account: call.caller.account.clone(),
        url,
        client_ids,
        thumbprints,
        created: time::now(),
        tags,
    };
    if call.account(state).oidc.contains_key(&provider.arn()) {
        return Err(ApiError::exists(format!("Provider with url {sent} already exists.")));
    }
    let quota = state.quotas.oidc_providers();
    if !fits(call.account(state).oidc.len(), quota) {
        return Err(ApiError::quota("OpenIdConnectProvidersPerAccount", quota));
    }
    let mut xml = Xml::new();
    xml.leaf("OpenIDConnectProviderArn", provider.arn());
    if !provider.tags.is_empty() {
        xml.tags(&provider.tags);
    }
    state.save_oidc(provider)?;
    Ok(xml)
}

/// `GetOpenIDConnectProvider`.
pub(super) fn get(state: &mut State, call: &Call<'_>) -> Answer<Xml> {
    let provider = find(state, call)?;
    let mut xml = Xml::new();
    xml.leaf("Url", &provider.url)
        .texts("ClientIDList", &provider.client_ids)
        .texts("ThumbprintList", &provider.thumbprints)
        .leaf("CreateDate", iso(provider.created));
    if !provider.tags.is_empty() {
        xml.tags(&provider.tags);
    }
    Ok(xml)
}

/// `ListOpenIDConnectProviders`: all of them at once, as in AWS.
pub(super) fn list(state: &mut State, call: &Call<'_>) -> Answer<Xml> {
    let mut xml = Xml::new();
    xml.list("OpenIDConnectProviderList", call.account(state).oidc.keys(), |xml, arn| {
        xml.leaf("Arn", arn);
    });
    Ok(xml)
}

/// `AddClientIDToOpenIDConnectProvider`. That it knows the audience already is fine.
pub(super) fn add_client_id(state: &mut State, call: &Call<'_>) -> Answer<()> {
    let mut provider = find(state, call)?;
    let id = call.query.required("ClientID")?;
    if id.is_empty() || id.len() > 255 {
        return Err(ApiError::validation("Invalid client id"));
    }
    if !provider.client_ids.iter().any(|known| known == id) {
        if provider.client_ids.len() >= 100 {
            return Err(ApiError::quota("ClientIdsPerOpenIdConnectProvider", 100));
        }
        provider.client_ids.push(id.to_owned());
    }
    state.save_oidc(provider)
}

/// `RemoveClientIDFromOpenIDConnectProvider`. That it doesn't know the audience is fine.
pub(super) fn remove_client_id(state: &mut State, call: &Call<'_>) -> Answer<()> {
    let mut provider = find(state, call)?;
    let id = call.query.required("ClientID")?;
    provider.client_ids.retain(|known| known != id);
    state.save_oidc(provider)
}

/// `DeleteOpenIDConnectProvider`. That it is gone already is fine, and roles may still name it.
pub(super) fn delete(state: &mut State, call: &Call<'_>) -> Answer<()> {
    match find(state, call) {
        Ok(provider) => state.remove_oidc(&provider),
        Err(error) if error.code == "NoSuchEntity" => Ok(()),
        Err(error) => Err(error),
    }
}

fn find(state: &mut State, call: &Call<'_>) -> Answer<OidcProvider> {
    let arn = call.query.required("OpenIDConnectProviderArn")?;
    if iam_arn(state.partition, arn).is_none_or(|(_, resource)| !resource.starts_with("oidc-provider/")) {
        return Err(ApiError::invalid_input(format!("Invalid ARN: {arn}")));
    }
    call.account(state)
        .oidc
        .get(arn)
        .cloned()
        .ok_or_else(|| ApiError::no_such_entity(format!("OpenIDConnect Provider not found for arn {arn}")))
}
