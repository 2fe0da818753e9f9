//! Words of which everything else is made: names, scopes, access levels, resources, principals, intents and notes.

pub(crate) mod access;
pub(crate) mod checked;
pub(crate) mod inexact;
pub(crate) mod intent;
pub(crate) mod locator;
pub(crate) mod names;
pub(crate) mod note;
pub(crate) mod prefix;
pub(crate) mod principal;
pub(crate) mod resource;
pub(crate) mod scope;
pub(crate) mod tenancy;
