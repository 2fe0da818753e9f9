//! Documents that others write too, in whichever account: the policies of repositories, of buckets and of keys, each with
//! the calls of its service.

mod calls;
pub(crate) mod deleted_principals;
#[cfg(test)]
pub(crate) mod hostile;
pub(crate) mod merge;
pub(crate) mod remainder;
pub(crate) mod shared;
pub(crate) mod write;
